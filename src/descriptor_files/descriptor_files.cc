// SPDX-License-Identifier: BSD-3-Clause
#include "descriptor_files/descriptor_output.h"
#include "vantage/descriptors.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <unordered_set>

#include "descriptor_files/descriptor_reader.h"
#include "descriptors/provenance_json.h"
#include "serialize/json.h"
#include "util/check.h"
#include "util/file.h"
#include "util/hash.h"
#include "util/index.h"
#include "util/log.h"
#include "util/rethrow.h"
#include "vantage/run_context.h"

namespace vantage {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr float kInfiniteAsFloat16 = 65520;  // the smallest value that rounds to infinity
constexpr int64_t kBlockElements = int64_t{1} << 18;
constexpr std::string_view kHdf5Signature = "\x89HDF\r\n\x1a\n";

// "npy" or "h5" by the path's extension; "" for any other.
std::string ContainerOf(const fs::path& path) {
  const std::string extension = ToLower(path.extension().string());
  if (extension == ".npy" || extension == ".json") return "npy";
  if (extension == ".h5" || extension == ".hdf5") return "h5";
  return "";
}

bool StartsLikeHdf5(const fs::path& path) {
  const InputFile file(path);
  return file.size() >= kHdf5Signature.size() && file.ReadAt(0, kHdf5Signature.size()) == kHdf5Signature;
}

// Values that float16 rounds to infinity would make a file that readers refuse.
void CheckFitsFloat16(const Descriptors& descriptors, const fs::path& path) {
  for (Eigen::Index i = 0; i < descriptors.size(); ++i) {
    VANTAGE_CHECK(!(descriptors.values.row(i).array().abs() >= kInfiniteAsFloat16).any(), path.string(),
                  ": row ", i, " ('", descriptors.names[ToIndex(i)],
                  "') holds a value beyond the range of float16");
  }
}

}  // namespace

void Declare(OptionsDescription& description, DescriptorFormat& format) {
  description
      .Add("format", format.container,
           "npy: NAME.npy and NAME.json; h5: NAME.h5 in hloc's layout; auto: by the ending of NAME, or npy")
      .OneOf({"auto", "npy", "h5"});
  description.Add("float16", format.float16, "Write float16, half the size of float32");
}

bool IsDescriptorPath(const fs::path& path) { return !ContainerOf(path).empty(); }

int64_t descriptor_files::RowsPerBlock(int64_t dimension) {
  return std::max<int64_t>(1, kBlockElements / std::max<int64_t>(1, dimension));
}

fs::path descriptor_files::ReplaceExtension(fs::path path, const char* extension) {
  if (!ContainerOf(path).empty()) path.replace_extension();
  path += extension;
  return path;
}

std::string descriptor_files::FactsText(const DescriptorFile& file, const std::string& array) {
  json facts;
  if (!array.empty()) facts["array"] = array;
  facts["names"] = file.descriptors.names;
  facts["failed"] = json::array();
  for (const FailedPhoto& photo : file.failed) {
    facts["failed"].push_back({{"name", photo.name}, {"reason", photo.reason}});
    if (!IsUtf8(photo.name)) facts["failed"].back()["name_bytes"] = ToHex(photo.name);
  }
  for (size_t row = 0; row < file.descriptors.names.size(); ++row) {
    const std::string& name = file.descriptors.names[row];
    if (!IsUtf8(name)) facts["name_bytes"][std::to_string(row)] = ToHex(name);
  }
  facts["provenance"] = ToJson(file.provenance);
  return facts.dump(1, ' ', false, json::error_handler_t::replace) + "\n";
}

descriptor_files::ParsedFacts descriptor_files::ParseFacts(const std::string& text,
                                                           const std::string& source) {
  descriptor_files::ParsedFacts parsed;
  DescriptorFile& result = parsed.file;
  const json facts = serialize::ParseJson(text, source);
  try {
    result.descriptors.names = facts.at("names").get<std::vector<std::string>>();
    const json name_bytes = facts.value("name_bytes", json::object());
    for (const auto& [row, bytes] : name_bytes.items()) {
      result.descriptors.names.at(
          static_cast<size_t>(ParseInteger(row, "row"))) =  // a negative row becomes out of range
          FromHex(bytes.get<std::string>(), source);
    }
    for (const json& photo : facts.at("failed")) {
      FailedPhoto& failed = result.failed.emplace_back(FailedPhoto{photo.at("name"), photo.at("reason")});
      if (photo.contains("name_bytes"))
        failed.name = FromHex(photo.at("name_bytes").get<std::string>(), source);
    }
    result.provenance = ProvenanceFrom(facts.at("provenance"), source);
    parsed.array = facts.value("array", "");
  } catch (const json::exception& error) {
    throw Error(StrCat(source, ": ", PlainReason(error)));
  } catch (const std::out_of_range&) {
    throw Error(StrCat(source, ": name_bytes of a row that has no name"));
  }
  RefuseRepeatedNames(result.descriptors.names, source);
  return parsed;
}

void descriptor_files::RefuseRepeatedNames(const std::vector<std::string>& names, const std::string& source) {
  std::unordered_set<std::string_view> seen;
  for (const std::string& name : names) {
    VANTAGE_CHECK(seen.insert(name).second, source, ": the name '", name, "' appears twice");
  }
}

std::string descriptor_files::ArrayIdentity(const InputFile& npy) {
  constexpr uint64_t kEnd = uint64_t{1} << 16;
  const uint64_t size = std::min(kEnd, npy.size());
  Sha256Digest digest;
  digest.Add(StrCat(npy.size(), "\n"));
  digest.Add(npy.ReadAt(0, size));
  digest.Add(npy.ReadAt(npy.size() - size, size));
  return digest.Hex();
}

namespace {

// "npy" or "h5".
std::string ChosenContainer(const fs::path& path, const DescriptorFormat& format) {
  CheckOptions(format);
  const std::string named = ContainerOf(path);
  std::string container = format.container;
  if (container == "auto") container = named.empty() ? "npy" : named;
  if (!named.empty() && named != container) {
    throw UsageError(StrCat(path.string(), ": the format is ", container, ", but the name ends in ",
                            path.extension().string()));
  }
  return container;
}

fs::path Hdf5Path(const fs::path& path) {
  return ContainerOf(path).empty() ? descriptor_files::ReplaceExtension(path, ".h5") : path;
}

}  // namespace

void descriptor_files::CheckDescriptorOutput(const fs::path& path, const DescriptorFormat& format,
                                             const OutputRules& rules) try {
  if (ChosenContainer(path, format) == "h5") return CheckOutput(Hdf5Path(path), file_kinds::kHdf5, rules);
  CheckOutput(descriptor_files::ReplaceExtension(path, ".npy"), file_kinds::kNpy, rules);
  CheckOutput(descriptor_files::ReplaceExtension(path, ".json"), file_kinds::kDescriptors, rules);
} catch (...) {
  RethrowAsError();
}

void descriptor_files::CheckDescriptorNames(const fs::path& path, const DescriptorFormat& format,
                                            const std::vector<std::string>& names) {
  if (ChosenContainer(path, format) == "h5") descriptor_files::Hdf5Groups(names, Hdf5Path(path));
}

void WriteDescriptors(const DescriptorFile& file, const fs::path& path, const DescriptorFormat& format) try {
  const Descriptors& descriptors = file.descriptors;
  const std::string container = ChosenContainer(path, format);
  VANTAGE_CHECK(std::ssize(descriptors.names) == descriptors.size(), path.string(), ": ",
                descriptors.names.size(), " names for ", descriptors.size(), " descriptors");
  if (format.float16) CheckFitsFloat16(descriptors, path);
  if (container == "h5") {
    descriptor_files::WriteHdf5Descriptors(file, Hdf5Path(path), format.float16);
  } else {
    descriptor_files::WriteNpyDescriptors(file, descriptor_files::ReplaceExtension(path, ".npy"),
                                          format.float16);
  }
} catch (...) {
  RethrowAsError();
}

std::unique_ptr<descriptor_files::DescriptorReader> descriptor_files::OpenDescriptors(
    const fs::path& path, const DescriptorReading& reading) try {
  const std::string named = ContainerOf(path);
  if (named == "h5") return descriptor_files::OpenHdf5Descriptors(path, reading);
  if (named.empty() && fs::is_regular_file(path) && StartsLikeHdf5(path))
    return descriptor_files::OpenHdf5Descriptors(path, reading);
  const fs::path npy_path = descriptor_files::ReplaceExtension(path, ".npy");
  if (named.empty()) {
    const fs::path h5_path = descriptor_files::ReplaceExtension(path, ".h5");
    const bool has_h5 = fs::exists(h5_path);
    const bool has_npy = fs::exists(npy_path);
    VANTAGE_CHECK(!has_h5 || !has_npy, path.string(), ": there are ", npy_path.filename().string(), " and ",
                  h5_path.filename().string(), "; name one of them");
    if (has_h5) return descriptor_files::OpenHdf5Descriptors(h5_path, reading);
  }
  return descriptor_files::OpenNpyDescriptors(npy_path, reading);
} catch (...) {
  RethrowAsError();
}

DescriptorMatrix descriptor_files::DescriptorReader::Read(int64_t first, int64_t count) const {
  DescriptorMatrix values = ReadStored(first, count);
  // A finite sum has finite terms; only a sum that is not finite (it may have overflowed) needs the rows
  // looked at.
  if (!std::isfinite(values.sum())) {
    for (int64_t i = 0; i < count; ++i) {
      VANTAGE_CHECK(values.row(i).allFinite(), path_.string(), ": row ", first + i,
                    " holds a value that is not finite ('", facts_.descriptors.names[ToIndex(first + i)],
                    "')");
    }
  }
  if (!normalise_) return values;
  for (auto row : values.rowwise()) {
    const double length = row.cast<double>().norm();
    if (length > 0) row = (row.cast<double>() / length).cast<float>();
  }
  return values;
}

void descriptor_files::DescriptorReader::ReadInto(Eigen::Ref<DescriptorMatrix> values) const {
  const int64_t block = descriptor_files::RowsPerBlock(dimension_);
  for (int64_t first = 0; first < rows(); first += block) {
    const int64_t count = std::min(block, rows() - first);
    values.middleRows(first, count) = Read(first, count);
  }
}

DescriptorFile ReadDescriptors(const fs::path& path, const DescriptorReading& reading) try {
  const std::unique_ptr<descriptor_files::DescriptorReader> reader =
      descriptor_files::OpenDescriptors(path, reading);
  DescriptorFile file = reader->facts();
  file.descriptors.values.resize(reader->rows(), reader->dimension());
  reader->ReadInto(file.descriptors.values);
  return file;
} catch (...) {
  RethrowAsError();
}

}  // namespace vantage

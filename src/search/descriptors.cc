// SPDX-License-Identifier: BSD-3-Clause
#include "vantage/search/descriptors.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <set>

#include "vantage/serialize/npy.h"
#include "vantage/util/error.h"
#include "vantage/util/file.h"

namespace vantage {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr float kNormEpsilon = 1e-6F;
constexpr uint64_t kMaxSidecarSize = uint64_t{4} << 30;

fs::path WithExtension(fs::path path, const char* extension) {
  if (path.extension() == ".npy" || path.extension() == ".json") path.replace_extension();
  path += extension;
  return path;
}

json ParseSidecar(const fs::path& path) {
  try {
    return json::parse(ReadFile(path, kMaxSidecarSize));
  } catch (const json::exception& error) {
    throw Error(StrCat(path.string(), ": not valid JSON: ", error.what()));
  }
}

}  // namespace

Descriptors SelectRows(const Descriptors& descriptors, const std::vector<int64_t>& rows) {
  Descriptors selected;
  selected.values.resize(static_cast<Eigen::Index>(rows.size()), descriptors.dimension());
  for (size_t i = 0; i < rows.size(); ++i) {
    selected.names.push_back(descriptors.names.at(static_cast<size_t>(rows[i])));
    selected.values.row(static_cast<Eigen::Index>(i)) = descriptors.values.row(rows[i]);
  }
  return selected;
}

void NormalizeRows(DescriptorMatrix& values) {
  for (Eigen::Index i = 0; i < values.rows(); ++i) values.row(i) /= values.row(i).norm() + kNormEpsilon;
}

void WriteDescriptors(const DescriptorFile& file, const fs::path& path) {
  const Descriptors& descriptors = file.descriptors;
  json sidecar;
  sidecar["names"] = descriptors.names;
  sidecar["failed"] = json::array();
  for (const FailedPhoto& photo : file.failed) {
    sidecar["failed"].push_back({{"name", photo.name}, {"reason", photo.reason}});
  }
  sidecar["provenance"] = json::parse(file.provenance);
  WriteNpy<float>(WithExtension(path, ".npy"),
                  {descriptors.values.data(), static_cast<size_t>(descriptors.values.size())},
                  {descriptors.size(), descriptors.dimension()});
  // Names that are no UTF-8 are kept as far as JSON can.
  WriteFile(WithExtension(path, ".json"), sidecar.dump(1, ' ', false, json::error_handler_t::replace) + "\n");
}

DescriptorFile ReadDescriptors(const fs::path& path) {
  const fs::path npy_path = WithExtension(path, ".npy");
  const fs::path json_path = WithExtension(path, ".json");
  const NpyArray array = ReadNpy(npy_path);
  VANTAGE_CHECK(array.shape.size() == 2 && (array.dtype == "<f4" || array.dtype == "<f8"), npy_path.string(),
                ": descriptors are an N x D array of float32, not ", array.dtype, " of ", array.shape.size(),
                " dimensions");
  const std::vector<float> values = array.As<float>();
  for (size_t i = 0; i < values.size(); ++i) {
    VANTAGE_CHECK(std::isfinite(values[i]), npy_path.string(), ": row ",
                  static_cast<int64_t>(i) / array.shape[1], " holds a value that is not finite");
  }
  DescriptorFile file;
  file.descriptors.values = Eigen::Map<const DescriptorMatrix>(values.data(), array.shape[0], array.shape[1]);

  const json sidecar = ParseSidecar(json_path);
  try {
    file.descriptors.names = sidecar.at("names").get<std::vector<std::string>>();
    for (const json& photo : sidecar.at("failed"))
      file.failed.push_back({photo.at("name"), photo.at("reason")});
    file.provenance = sidecar.at("provenance").dump();
  } catch (const json::exception& error) {
    throw Error(StrCat(json_path.string(), ": ", error.what()));
  }
  VANTAGE_CHECK(static_cast<int64_t>(file.descriptors.names.size()) == array.shape[0], json_path.string(),
                ": ", file.descriptors.names.size(), " names for ", array.shape[0], " rows of ",
                npy_path.string());
  std::set<std::string> seen;
  for (const std::string& name : file.descriptors.names) {
    VANTAGE_CHECK(seen.insert(name).second, json_path.string(), ": the name '", name, "' stands there twice");
  }
  return file;
}

}  // namespace vantage

// SPDX-License-Identifier: BSD-3-Clause
#include "serialize/safetensors.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>

#include "util/check.h"
#include "util/rethrow.h"

// The format: github.com/huggingface/safetensors, README.md, "Format".
namespace vantage::serialize {
namespace {

using nlohmann::json;

constexpr uint64_t kLengthSize = 8;
constexpr uint64_t kMaxHeaderSize = 100'000'000;  // the format's limit
// Bounds the memory that a hostile header takes; a valid one has a few values a tensor.
constexpr int64_t kMaxHeaderValues = 8'000'000;
constexpr int kMaxHeaderDepth = 3;  // file, tensor, shape
constexpr const char* kMetadata = "__metadata__";

struct CodeRow {
  ElementType type;
  const char* code;
};

constexpr std::array<CodeRow, 10> kCodes = {{{ElementType::kFloat64, "F64"},
                                             {ElementType::kFloat32, "F32"},
                                             {ElementType::kFloat16, "F16"},
                                             {ElementType::kBfloat16, "BF16"},
                                             {ElementType::kInt64, "I64"},
                                             {ElementType::kInt32, "I32"},
                                             {ElementType::kInt16, "I16"},
                                             {ElementType::kInt8, "I8"},
                                             {ElementType::kUint8, "U8"},
                                             {ElementType::kBool, "BOOL"}}};

uint64_t HeaderLength(const InputFile& file) {
  uint64_t length = 0;
  file.ReadAt(0, &length, kLengthSize);
  return length;
}

json ParseHeader(const std::string& text, const std::string& source) {
  int64_t values = 0;
  std::set<std::string> names;
  const auto check = [&](int depth, json::parse_event_t event, json& value) {
    VANTAGE_CHECK(++values <= kMaxHeaderValues && depth <= kMaxHeaderDepth, source,
                  ": the header has too many values or levels");
    if (event == json::parse_event_t::key && depth == 1) {
      const auto name = value.get<std::string>();
      VANTAGE_CHECK(names.insert(name).second, source, ": two tensors are named '", name, "'");
    }
    return true;
  };
  try {
    return json::parse(text, check);
  } catch (const json::exception& error) {
    throw Error(StrCat(source, ": the header is not JSON: ", PlainReason(error)));
  }
}

std::vector<uint64_t> Naturals(const json& record, const char* key, const std::string& what) {
  const auto found = record.find(key);
  VANTAGE_CHECK(found != record.end() && found->is_array(), what, ": no list '", key, "'");
  std::vector<uint64_t> numbers;
  for (const json& item : *found) {
    VANTAGE_CHECK(item.is_number_unsigned() && item.get<uint64_t>() <= INT64_MAX, what, ": ", key, " holds ",
                  item.dump(), ", no natural number");
    numbers.push_back(item.get<uint64_t>());
  }
  return numbers;
}

SafetensorsFile::Tensor ParseTensor(const std::string& name, const json& record, uint64_t data_offset,
                                    uint64_t data_size, const std::string& source) {
  const std::string what = StrCat(source, ": '", name, "'");
  VANTAGE_CHECK(record.is_object(), what, ": not a description of a tensor");
  const json code = record.value("dtype", json());
  const auto row =
      std::find_if(kCodes.begin(), kCodes.end(), [&](const CodeRow& known) { return code == known.code; });
  VANTAGE_CHECK(row != kCodes.end(), what, ": elements of the unknown type ", code.dump());
  const std::vector<uint64_t> shape = Naturals(record, "shape", what);
  const std::vector<uint64_t> ends = Naturals(record, "data_offsets", what);
  VANTAGE_CHECK(ends.size() == 2 && ends[0] <= ends[1] && ends[1] <= data_size, what,
                ": data_offsets are outside the file's ", data_size, " bytes of data");
  SafetensorsFile::Tensor tensor{name, row->type, {shape.begin(), shape.end()}, ends[0], ends[1] - ends[0]};
  const std::optional<int64_t> count = CountElements(tensor.shape);
  int64_t bytes = 0;
  VANTAGE_CHECK(count && !__builtin_mul_overflow(*count, ElementSize(tensor.type), &bytes) &&
                    static_cast<uint64_t>(bytes) == tensor.size,
                what, ": ", tensor.size, " bytes for ", ShapeText(tensor.shape), " elements of ",
                ElementTypeName(tensor.type));
  tensor.offset += data_offset;
  return tensor;
}

}  // namespace

void SafetensorsFile::Read(const Tensor& tensor, std::span<char> elements) const {
  VANTAGE_CHECK(elements.size() == tensor.size, source_, ": room for ", elements.size(), " bytes of '",
                tensor.name, "', which has ", tensor.size);
  file_.ReadAt(tensor.offset, elements.data(), elements.size());
}

bool SafetensorsFile::LooksLikeSafetensors(const InputFile& file) {
  return file.size() > kLengthSize && HeaderLength(file) <= std::min(kMaxHeaderSize, file.size()) &&
         file.ReadAt(kLengthSize, 1) == "{";
}

SafetensorsFile::SafetensorsFile(const std::filesystem::path& path) : source_(path.string()), file_(path) {
  VANTAGE_CHECK(file_.size() > kLengthSize, source_, ": too short for a safetensors file");
  const uint64_t length = HeaderLength(file_);
  VANTAGE_CHECK(length <= kMaxHeaderSize && length <= file_.size() - kLengthSize, source_, ": a header of ",
                length, " bytes in a file of ", file_.size());
  const json header = ParseHeader(file_.ReadAt(kLengthSize, length), source_);
  VANTAGE_CHECK(header.is_object(), source_, ": the header is not a JSON object");
  const uint64_t data_offset = kLengthSize + length;
  for (const auto& [name, record] : header.items()) {
    if (name != kMetadata) {
      tensors_.push_back(ParseTensor(name, record, data_offset, file_.size() - data_offset, source_));
      continue;
    }
    VANTAGE_CHECK(record.is_object(), source_, ": ", kMetadata, " is not a dictionary");
    for (const auto& [key, value] : record.items()) {
      VANTAGE_CHECK(value.is_string(), source_, ": ", kMetadata, ": '", key, "' is not a string");
      metadata_[key] = value.get<std::string>();
    }
  }
  std::sort(tensors_.begin(), tensors_.end(), [](const Tensor& a, const Tensor& b) {
    return std::pair(a.offset, a.size) < std::pair(b.offset, b.size);
  });
  uint64_t end = data_offset;
  for (const Tensor& tensor : tensors_) {
    VANTAGE_CHECK(tensor.offset == end, source_, ": '", tensor.name, "' starts at offset ", tensor.offset,
                  ", but the tensor before it ends at ", end);
    end += tensor.size;
  }
  VANTAGE_CHECK(end == file_.size(), source_, ": the last tensor ends at offset ", end, " of ", file_.size());
}

void WriteSafetensors(const std::filesystem::path& path, std::vector<SafetensorsEntry> tensors,
                      const std::map<std::string, std::string>& metadata) {
  std::stable_sort(tensors.begin(), tensors.end(), [](const SafetensorsEntry& a, const SafetensorsEntry& b) {
    return ElementSize(a.type) > ElementSize(b.type);
  });
  nlohmann::ordered_json header = nlohmann::ordered_json::object();
  if (!metadata.empty()) header[kMetadata] = metadata;
  uint64_t end = 0;
  for (const SafetensorsEntry& tensor : tensors) {
    VANTAGE_CHECK(!header.contains(tensor.name), path.string(), ": two tensors are named '", tensor.name,
                  "'");
    const auto row = std::find_if(kCodes.begin(), kCodes.end(),
                                  [&](const CodeRow& known) { return known.type == tensor.type; });
    header[tensor.name] = {
        {"dtype", row->code}, {"shape", tensor.shape}, {"data_offsets", {end, end + tensor.bytes.size()}}};
    end += tensor.bytes.size();
  }
  std::string text = header.dump(-1, ' ', false, json::error_handler_t::replace);
  text.resize((text.size() + 7) / 8 * 8, ' ');  // pads the header, so that elements are aligned
  const uint64_t length = text.size();
  VANTAGE_CHECK(length <= kMaxHeaderSize, path.string(), ": a header of ", length, " bytes is too large");

  AtomicFile file(path);
  file.Write(&length, kLengthSize);
  file.Write(text);
  for (const SafetensorsEntry& tensor : tensors) file.Write(tensor.bytes);
  file.Commit();
}

}  // namespace vantage::serialize

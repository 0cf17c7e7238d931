// SPDX-License-Identifier: BSD-3-Clause
#include "serialize/mat_file.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <utility>

#include "serialize/element_type.h"
#include "serialize/mat_stream.h"
#include "util/check.h"
#include "util/index.h"

namespace vantage::serialize {
namespace {

// The format's numbers of data element types and array classes.
enum Type : uint32_t {
  kInt8 = 1,
  kUint8 = 2,
  kInt16 = 3,
  kUint16 = 4,
  kInt32 = 5,
  kUint32 = 6,
  kSingle = 7,
  kDouble = 9,
  kInt64 = 12,
  kUint64 = 13,
  kMatrix = 14,
  kCompressed = 15
};
enum Class : uint32_t { kCellClass = 1, kStructClass = 2, kFirstNumeric = 6, kLastNumeric = 15 };
constexpr uint32_t kComplexFlag = 0x0800;

constexpr std::string_view kBeginning = "MATLAB 5.0 MAT-file";
constexpr std::string_view kHdf5Beginning = "MATLAB 7.3 MAT-file";
constexpr uint64_t kHeaderSize = 128;
constexpr uint64_t kTagSize = 8;
constexpr int kDeepest = 32;
constexpr int64_t kMostValues = 65536;
constexpr uint32_t kLongestName = 4096;

uint64_t SizeOf(uint32_t type) {
  switch (type) {
    case kInt8:
    case kUint8:
      return 1;
    case kInt16:
    case kUint16:
      return 2;
    case kInt32:
    case kUint32:
    case kSingle:
      return 4;
    case kDouble:
    case kInt64:
    case kUint64:
      return 8;
    default:
      return 0;
  }
}

template <typename T>
void Convert(const char* bytes, uint64_t count, float* values) {
  for (uint64_t i = 0; i < count; ++i) {
    T value;
    std::memcpy(&value, bytes + i * sizeof(T), sizeof(T));
    values[i] = static_cast<float>(value);
  }
}

void ConvertDoubles(const char* bytes, uint64_t count, float* values) {
  constexpr double kMost = std::numeric_limits<float>::max();
  for (uint64_t i = 0; i < count; ++i) {
    double value = 0;
    std::memcpy(&value, bytes + i * sizeof(value), sizeof(value));
    values[i] = static_cast<float>(std::clamp(value, -kMost, kMost));
  }
}

using Converter = void (*)(const char*, uint64_t, float*);
Converter ConverterOf(uint32_t storage) {
  switch (storage) {
    case kInt8:
      return Convert<int8_t>;
    case kUint8:
      return Convert<uint8_t>;
    case kInt16:
      return Convert<int16_t>;
    case kUint16:
      return Convert<uint16_t>;
    case kInt32:
      return Convert<int32_t>;
    case kUint32:
      return Convert<uint32_t>;
    case kSingle:
      return Convert<float>;
    case kInt64:
      return Convert<int64_t>;
    case kUint64:
      return Convert<uint64_t>;
    default:
      return ConvertDoubles;
  }
}

// A data element's tag. The data of a small element are in the tag's second half.
struct Tag {
  uint32_t type = 0;
  uint32_t size = 0;
  bool small = false;

  // Bytes that fill the data up to a multiple of 8.
  uint64_t padding() const { return small ? 4 - size : (8 - size % 8) % 8; }
};

Tag ReadTag(MatStream& stream) {
  uint32_t first = 0;
  stream.Read(&first, sizeof(first));
  if ((first >> 16) != 0) {
    const Tag tag{first & 0xFFFF, first >> 16, true};
    VANTAGE_CHECK(tag.size <= 4, stream.Where(), ": a small element of ", tag.size, " bytes");
    return tag;
  }
  Tag tag{first, 0, false};
  stream.Read(&tag.size, sizeof(tag.size));
  return tag;
}

// Reads one variable's array, with nested arrays.
class ArrayReader {
 public:
  // values: counts the values of the whole file.
  ArrayReader(MatStream& stream, size_t variable, int64_t& values)
      : stream_(stream), variable_(variable), values_(values) {}

  // Reads the array after its tag.
  MatValue ReadArray(const Tag& tag, int depth, std::string& name) {
    VANTAGE_CHECK(tag.type == kMatrix && !tag.small, stream_.Where(), ": an element of type ", tag.type,
                  " where an array should be");
    VANTAGE_CHECK(depth < kDeepest, stream_.Where(), ": arrays more than ", kDeepest, " deep");
    Count(1);
    MatValue value;
    value.variable = variable_;
    if (tag.size == 0) {  // an empty array
      value.shape = {0, 0};
      return value;
    }
    const uint64_t end = stream_.position() + tag.size;
    const std::string flags = ReadBytes(kUint32, 8, "flags");
    uint32_t flag = 0;
    VANTAGE_CHECK(flags.size() == 8, stream_.Where(), ": flags of ", flags.size(), " bytes");
    std::memcpy(&flag, flags.data(), sizeof(flag));
    const uint32_t kind = flag & 0xFF;
    const std::string dimensions = ReadBytes(kInt32, 4 * kDeepest, "dimensions");
    for (size_t at = 0; at + 4 <= dimensions.size(); at += 4) {
      int32_t dimension = 0;
      std::memcpy(&dimension, dimensions.data() + at, sizeof(dimension));
      value.shape.push_back(dimension);
    }
    VANTAGE_CHECK(CountElements(value.shape), stream_.Where(), ": an array of ", ShapeText(value.shape));
    name = ReadBytes(kInt8, kLongestName, "name");
    if (kind == kCellClass) {
      value.kind = MatValue::Kind::kCells;
      ReadItems(value, value.elements(), end, depth);
    } else if (kind == kStructClass) {
      value.kind = MatValue::Kind::kStruct;
      ReadFields(value);
      ReadItems(value, value.elements() * std::ssize(value.fields), end, depth);
    } else if (kind >= kFirstNumeric && kind <= kLastNumeric && (flag & kComplexFlag) == 0) {
      ReadNumbers(value);
    }
    VANTAGE_CHECK(stream_.position() <= end, stream_.Where(), ": an array longer than announced");
    stream_.Skip(end - stream_.position());
    return value;
  }

 private:
  void Count(int64_t values) {
    VANTAGE_CHECK(values <= kMostValues - values_, stream_.Where(), ": more than ", kMostValues, " values");
    values_ += values;
  }

  std::string ReadBytes(uint32_t type, uint32_t most, const char* what) {
    const Tag tag = ReadTag(stream_);
    VANTAGE_CHECK(tag.type == type && tag.size <= most, stream_.Where(), ": ", what, " of type ", tag.type,
                  " and ", tag.size, " bytes");
    std::string bytes(tag.size, '\0');
    stream_.Read(bytes.data(), tag.size);
    stream_.Skip(tag.padding());
    return bytes;
  }

  void ReadFields(MatValue& value) {
    const std::string length_bytes = ReadBytes(kInt32, 4, "length of field names");
    int32_t length = 0;
    VANTAGE_CHECK(length_bytes.size() == 4, stream_.Where(), ": no length of field names");
    std::memcpy(&length, length_bytes.data(), sizeof(length));
    VANTAGE_CHECK(length > 0 && length <= 256, stream_.Where(), ": field names of ", length, " bytes");
    const std::string names = ReadBytes(kInt8, 1 << 18, "field names");
    Count(std::ssize(names) / length);
    for (size_t at = 0; at + ToIndex(length) <= names.size(); at += ToIndex(length)) {
      const std::string name = names.substr(at, ToIndex(length));
      value.fields.push_back(name.substr(0, name.find('\0')));
    }
  }

  void ReadItems(MatValue& value, int64_t count, uint64_t end, int depth) {
    VANTAGE_CHECK(static_cast<uint64_t>(count) <= (end - std::min(end, stream_.position())) / kTagSize,
                  stream_.Where(), ": ", count, " values in fewer bytes");
    Count(count);
    values_ -= count;  // each item counts itself when it is read
    value.items.reserve(ToIndex(count));
    for (int64_t i = 0; i < count; ++i) {
      std::string unnamed;
      const Tag tag = ReadTag(stream_);
      value.items.push_back(ReadArray(tag, depth + 1, unnamed));
    }
  }

  void ReadNumbers(MatValue& value) {
    const Tag tag = ReadTag(stream_);
    const uint64_t size = SizeOf(tag.type);
    VANTAGE_CHECK(
        size > 0 && tag.size % size == 0 && tag.size / size == static_cast<uint64_t>(value.elements()),
        stream_.Where(), ": an array of ", ShapeText(value.shape), " in ", tag.size, " bytes of type ",
        tag.type);
    value.kind = MatValue::Kind::kNumbers;
    value.offset = stream_.position();
    value.size = tag.size;
    value.storage = tag.type;
    stream_.Skip(tag.size + tag.padding());
  }

  MatStream& stream_;
  size_t variable_;
  int64_t& values_;
};

}  // namespace

int64_t MatValue::elements() const { return CountElements(shape).value_or(0); }

const MatValue* MatValue::Find(std::string_view field) const {
  if (kind != Kind::kStruct || items.size() != fields.size()) return nullptr;
  const auto found = std::find(fields.begin(), fields.end(), field);
  return found == fields.end() ? nullptr : &items[ToIndex(found - fields.begin())];
}

bool MatFile::LooksLikeMat(const InputFile& file) {
  if (file.size() < kHeaderSize) return false;
  const std::string text = file.ReadAt(0, kBeginning.size());
  return text == kBeginning || text == kHdf5Beginning;
}

MatFile::MatFile(const std::filesystem::path& path) : source_(path.string()), file_(path) {
  VANTAGE_CHECK(LooksLikeMat(file_), source_, ": no MATLAB file");
  const std::string header = file_.ReadAt(0, kHeaderSize);
  VANTAGE_CHECK(!header.starts_with(kHdf5Beginning), source_,
                ": a MATLAB file of version 7.3; MATLAB's save with -v7 writes one that is read here");
  const std::string_view order = std::string_view(header).substr(126, 2);
  VANTAGE_CHECK(order == "IM", source_,
                order == "MI" ? ": written with the largest byte first" : ": no byte order of a MATLAB file");
  uint64_t at = kHeaderSize;
  while (at < file_.size()) {
    VANTAGE_CHECK(file_.size() - at >= kTagSize, source_, ": byte ", at, ": ends early");
    std::array<uint32_t, 2> tag{};
    file_.ReadAt(at, tag.data(), sizeof(tag));
    const auto [type, size] = tag;
    VANTAGE_CHECK(type == kMatrix || type == kCompressed, source_, ": byte ", at, ": an element of type ",
                  type, " where a variable should be");
    VANTAGE_CHECK(size <= file_.size() - at - kTagSize, source_, ": byte ", at, ": a variable of ", size,
                  " bytes, the file ends before");
    const bool compressed = type == kCompressed;
    // A compressed variable contains the tag of its array; an uncompressed one starts with it.
    ReadVariable({{}, at + (compressed ? kTagSize : 0), size + (compressed ? 0 : kTagSize), compressed, {}});
    at += kTagSize + size;
  }
}

MatFile::~MatFile() = default;

std::unique_ptr<MatStream> MatFile::Open(const Variable& variable) const {
  return std::make_unique<MatStream>(file_, variable.offset, variable.size, variable.compressed,
                                     StrCat(source_, ": variable at byte ", variable.offset));
}

void MatFile::ReadVariable(Variable variable) {
  const std::unique_ptr<MatStream> stream = Open(variable);
  const Tag tag = ReadTag(*stream);
  variable.value = ArrayReader(*stream, variables_.size(), values_).ReadArray(tag, 0, variable.name);
  VANTAGE_CHECK(stream->AtEnd(), stream->Where(), ": more than an array");
  variables_.push_back(std::move(variable));
}

const MatValue* MatFile::Find(std::string_view name) const {
  for (const Variable& variable : variables_) {
    if (variable.name == name) return &variable.value;
  }
  return nullptr;
}

std::vector<float> MatFile::Read(const MatValue& value) const {
  VANTAGE_CHECK(value.kind == MatValue::Kind::kNumbers, source_, ": a value is not an array of numbers");
  constexpr uint64_t kAtATime = 1 << 16;
  if (!stream_ || streamed_variable_ != value.variable || stream_->position() > value.offset) {
    stream_ = Open(variables_[value.variable]);
    streamed_variable_ = value.variable;
  }
  stream_->Skip(value.offset - stream_->position());
  const uint64_t size = SizeOf(value.storage);
  const uint64_t count = value.size / size;
  std::vector<float> values(count);
  std::string bytes(std::min(count, kAtATime) * size, '\0');
  const Converter convert = ConverterOf(value.storage);
  for (uint64_t first = 0; first < count; first += kAtATime) {
    const uint64_t part = std::min(kAtATime, count - first);
    stream_->Read(bytes.data(), part * size);
    convert(bytes.data(), part, values.data() + first);
  }
  return values;
}

}  // namespace vantage::serialize

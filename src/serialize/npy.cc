// SPDX-License-Identifier: BSD-3-Clause
#include "serialize/npy.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cstring>
#include <type_traits>

#include "util/check.h"
#include "util/file.h"
#include "util/index.h"
#include "util/string.h"

namespace vantage::serialize {
namespace {

static_assert(std::endian::native == std::endian::little, "NumPy arrays are read without conversion");

constexpr std::string_view kMagic = "\x93NUMPY";
constexpr size_t kNpyAlignment = 64;
// The header of an array of numbers has some 100 bytes.
constexpr uint64_t kMaxNpyHeaderSize = 1 << 16;

// Product of the sizes; -1 if it is above 2^62 or a size is negative.
int64_t ElementCount(const std::vector<int64_t>& shape) {
  int64_t count = 1;
  for (const int64_t size : shape) {
    if (size < 0 || __builtin_mul_overflow(count, size, &count) || count > (int64_t{1} << 62)) return -1;
  }
  return count;
}

// The text after 'key': in the header's dictionary.
std::string_view HeaderField(std::string_view header, std::string_view key, const std::string& source) {
  const size_t at = header.find(StrCat("'", key, "':"));
  VANTAGE_CHECK(at != header.npos, source, ": npy header has no '", key, "'");
  return Trim(header.substr(at + key.size() + 3));
}

std::vector<int64_t> ParseShape(std::string_view text, const std::string& source) {
  const size_t end = text.find(')');
  VANTAGE_CHECK(!text.empty() && text[0] == '(' && end != text.npos, source,
                ": npy header has a malformed shape");
  std::vector<int64_t> shape;
  for (const std::string& part : SplitText(text.substr(1, end - 1), ',')) {
    if (Trim(part).empty()) continue;
    shape.push_back(ParseInteger(Trim(part), source + ": npy shape"));
  }
  VANTAGE_CHECK(shape.size() <= 8, source, ": npy array of ", shape.size(), " dimensions");
  return shape;
}

template <typename T, typename Stored>
std::vector<T> ConvertValues(const std::string& data) {
  std::vector<T> values(data.size() / sizeof(Stored));
  for (size_t i = 0; i < values.size(); ++i) {
    Stored stored;
    std::memcpy(&stored, data.data() + i * sizeof(Stored), sizeof(Stored));
    if constexpr (std::is_integral_v<T> && std::is_floating_point_v<Stored>) {
      VANTAGE_CHECK(stored >= -0x1p63 && stored < 0x1p63, "the number ", stored, " is no 64-bit integer");
    }
    values[i] = static_cast<T>(stored);
  }
  return values;
}

int64_t DtypeSize(const std::string& dtype, const std::string& source) {
  VANTAGE_CHECK(dtype.size() >= 3 && std::string_view("<>|").find(dtype[0]) != std::string_view::npos, source,
                ": npy type '", dtype, "' is not supported");
  const int64_t size = ParseInteger(std::string_view(dtype).substr(2), source + ": npy type");
  VANTAGE_CHECK(size >= 1 && size <= 16, source, ": npy type '", dtype, "' is not supported");
  return size;
}

// start: the file's first bytes, which contain the whole header.
NpyLayout ParseLayout(std::string_view start, uint64_t file_size, const std::string& source) {
  VANTAGE_CHECK(start.size() >= 12 && start.substr(0, kMagic.size()) == kMagic, source, ": not an npy file");
  const bool long_header = start[6] >= 2;
  const size_t header_start = long_header ? 12 : 10;
  size_t header_size = static_cast<uint8_t>(start[8]) | ToIndex(static_cast<uint8_t>(start[9])) << 8;
  if (long_header) {
    header_size |= ToIndex(static_cast<uint8_t>(start[10])) << 16 | ToIndex(static_cast<uint8_t>(start[11]))
                                                                        << 24;
  }
  VANTAGE_CHECK(header_size <= start.size() - header_start, source, ": npy header of ", header_size,
                " bytes ends after the file");
  const std::string_view header = start.substr(header_start, header_size);

  NpyLayout layout;
  const std::string_view descr = HeaderField(header, "descr", source);
  const size_t quote = descr.find('\'', 1);
  VANTAGE_CHECK(!descr.empty() && descr[0] == '\'' && quote != descr.npos, source,
                ": npy arrays with fields are not supported");
  layout.dtype = std::string(descr.substr(1, quote - 1));
  const std::string_view fortran_order = HeaderField(header, "fortran_order", source);
  layout.fortran_order = fortran_order.starts_with("True");
  VANTAGE_CHECK(layout.fortran_order || fortran_order.starts_with("False"), source,
                ": npy header has a malformed fortran_order");
  layout.shape = ParseShape(HeaderField(header, "shape", source), source);
  layout.item_size = DtypeSize(layout.dtype, source);
  layout.data_offset = header_start + header_size;
  const uint64_t available = file_size - layout.data_offset;
  VANTAGE_CHECK(layout.size() >= 0 && layout.size() <= static_cast<int64_t>(available) / layout.item_size,
                source, ": npy data end at byte ", file_size, ", before the array does");
  return layout;
}

}  // namespace

int64_t NpyArray::size() const { return ElementCount(shape); }
int64_t NpyLayout::size() const { return ElementCount(shape); }

template <typename T>
std::vector<T> NpyArray::As() const {
  if (dtype == "<f4") return ConvertValues<T, float>(data);
  if (dtype == "<f8") return ConvertValues<T, double>(data);
  if (dtype == "<i8") return ConvertValues<T, int64_t>(data);
  if (dtype == "<u8") return ConvertValues<T, uint64_t>(data);
  if (dtype == "<i4") return ConvertValues<T, int32_t>(data);
  if (dtype == "<u4") return ConvertValues<T, uint32_t>(data);
  if (dtype == "<i2") return ConvertValues<T, int16_t>(data);
  if (dtype == "<u2") return ConvertValues<T, uint16_t>(data);
  if (dtype == "|i1") return ConvertValues<T, int8_t>(data);
  if (dtype == "|u1" || dtype == "|b1") return ConvertValues<T, uint8_t>(data);
  throw Error(StrCat("npy type '", dtype, "' is not supported"));
}
template std::vector<float> NpyArray::As<float>() const;
template std::vector<double> NpyArray::As<double>() const;
template std::vector<int64_t> NpyArray::As<int64_t>() const;

template <typename T>
std::string NpyDtype() {
  const char kind = std::is_floating_point_v<T> ? 'f' : std::is_signed_v<T> ? 'i' : 'u';
  return StrCat(sizeof(T) == 1 ? '|' : '<', kind, sizeof(T));
}
template std::string NpyDtype<float>();
template std::string NpyDtype<double>();
template std::string NpyDtype<int64_t>();

NpyLayout ReadNpyLayout(const InputFile& file) {
  return ParseLayout(file.ReadAt(0, std::min(file.size(), kMaxNpyHeaderSize)), file.size(),
                     file.path().string());
}

NpyArray ParseNpy(std::string_view bytes, const std::string& source) {
  const NpyLayout layout = ParseLayout(bytes, bytes.size(), source);
  VANTAGE_CHECK(layout.dtype[0] != '>', source, ": npy type '", layout.dtype, "' is not little-endian");
  VANTAGE_CHECK(!layout.fortran_order, source,
                ": the array is in Fortran order; save it with numpy.ascontiguousarray");
  const auto data_size = ToIndex(layout.size() * layout.item_size);
  return {layout.dtype, layout.shape, std::string(bytes.substr(layout.data_offset, data_size))};
}

NpyArray ReadNpy(const std::filesystem::path& path) {
  return ParseNpy(ReadFile(path, uint64_t{1} << 40), path.string());
}

std::string NpyHeader(const std::string& dtype, const std::vector<int64_t>& shape) {
  std::string dictionary = StrCat("{'descr': '", dtype, "', 'fortran_order': False, 'shape': (");
  for (const int64_t size : shape) dictionary += StrCat(size, ", ");
  if (shape.size() > 1) dictionary.resize(dictionary.size() - 2);
  if (shape.size() == 1) dictionary.pop_back();
  dictionary += "), }";
  const size_t unpadded = kMagic.size() + 4 + dictionary.size() + 1;
  dictionary.append((kNpyAlignment - unpadded % kNpyAlignment) % kNpyAlignment, ' ');
  dictionary += '\n';
  std::string header(kMagic);
  header += '\x01';
  header += '\0';
  header += static_cast<char>(dictionary.size() & 255);
  header += static_cast<char>(dictionary.size() >> 8);
  return header + dictionary;
}

template <typename T>
void WriteNpy(const std::filesystem::path& path, std::span<const T> values,
              const std::vector<int64_t>& shape) {
  VANTAGE_CHECK(ElementCount(shape) == std::ssize(values), path.string(), ": ", values.size(),
                " values do not fill the shape");
  AtomicFile file(path);
  file.Write(NpyHeader(NpyDtype<T>(), shape));
  file.Write(values.data(), values.size_bytes());
  file.Commit();
}
template void WriteNpy<float>(const std::filesystem::path&, std::span<const float>,
                              const std::vector<int64_t>&);
template void WriteNpy<double>(const std::filesystem::path&, std::span<const double>,
                               const std::vector<int64_t>&);
template void WriteNpy<int64_t>(const std::filesystem::path&, std::span<const int64_t>,
                                const std::vector<int64_t>&);

}  // namespace vantage::serialize

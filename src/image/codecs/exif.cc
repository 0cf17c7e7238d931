// SPDX-License-Identifier: BSD-3-Clause
#include "image/codecs/exif.h"

#include <cstdint>

// EXIF is a TIFF file (TIFF 6.0, section 2) in an application segment; the orientation is tag 0x0112 of its
// first directory.
namespace vantage::image {
namespace {

constexpr uint32_t kOrientationTag = 0x0112;

class TiffBytes {
 public:
  explicit TiffBytes(std::string_view bytes) : bytes_(bytes), big_endian_(bytes.substr(0, 2) == "MM") {}

  // The `size`-byte number at the offset; 0 past the end.
  uint32_t Number(uint64_t offset, int size) const {
    if (offset + static_cast<uint64_t>(size) > bytes_.size()) return 0;
    uint32_t value = 0;
    for (int i = 0; i < size; ++i) {
      const int from = big_endian_ ? i : size - 1 - i;
      value = value << 8 | static_cast<unsigned char>(bytes_[offset + static_cast<uint64_t>(from)]);
    }
    return value;
  }

 private:
  std::string_view bytes_;
  bool big_endian_;
};

}  // namespace

int ExifOrientation(std::string_view exif) {
  constexpr std::string_view kPrefix("Exif\0\0", 6);
  const std::string_view tiff = exif.starts_with(kPrefix) ? exif.substr(kPrefix.size()) : exif;
  if (tiff.substr(0, 2) != "II" && tiff.substr(0, 2) != "MM") return 1;
  const TiffBytes bytes(tiff);
  const uint64_t directory = bytes.Number(4, 4);
  const uint32_t count = bytes.Number(directory, 2);
  for (uint32_t i = 0; i < count; ++i) {
    const uint64_t entry = directory + 2 + uint64_t{12} * i;
    if (entry + 12 > tiff.size()) break;
    if (bytes.Number(entry, 2) != kOrientationTag) continue;
    const uint32_t orientation = bytes.Number(entry + 8, 2);
    return orientation >= 1 && orientation <= 8 ? static_cast<int>(orientation) : 1;
  }
  return 1;
}

}  // namespace vantage::image

// SPDX-License-Identifier: BSD-3-Clause
#include "image/codecs/exif.h"

#include <cmath>
#include <cstdint>

// EXIF is a TIFF file (TIFF 6.0, section 2) in an application segment; the orientation is tag 0x0112 of its
// first directory, and tag 0x8825 is the offset of the directory with the position (EXIF 2.3, section 4.6.6).
namespace vantage::image {
namespace {

constexpr uint32_t kOrientationTag = 0x0112;
constexpr uint32_t kGpsTag = 0x8825;

class TiffBytes {
 public:
  // exif: with or without "Exif\0\0" before it.
  explicit TiffBytes(std::string_view exif) : bytes_(exif) {
    constexpr std::string_view kPrefix("Exif\0\0", 6);
    if (bytes_.starts_with(kPrefix)) bytes_.remove_prefix(kPrefix.size());
    big_endian_ = bytes_.starts_with("MM");
    if (!big_endian_ && !bytes_.starts_with("II")) bytes_ = {};
  }

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

  // The offset of the first directory.
  uint64_t Directory() const { return Number(4, 4); }

  // The offset of the directory's entry with the tag, whose value is 8 bytes further; 0 if it has none.
  uint64_t Entry(uint64_t directory, uint32_t tag) const {
    const uint32_t count = Number(directory, 2);
    for (uint32_t i = 0; i < count; ++i) {
      const uint64_t entry = directory + 2 + uint64_t{12} * i;
      if (entry + 12 > bytes_.size()) break;
      if (Number(entry, 2) == tag) return entry;
    }
    return 0;
  }

 private:
  std::string_view bytes_;
  bool big_endian_ = false;
};

// Degrees from the entries of a letter (N, S, E, W) and of degrees, minutes and seconds; NaN if they are not
// there.
double Degrees(const TiffBytes& bytes, uint64_t directory, uint32_t letter_tag, char negative) {
  constexpr uint32_t kRational = 5;
  const uint64_t letter = bytes.Entry(directory, letter_tag);
  const uint64_t entry = bytes.Entry(directory, letter_tag + 1);
  if (letter == 0 || entry == 0 || bytes.Number(entry + 2, 2) != kRational || bytes.Number(entry + 4, 4) != 3)
    return NAN;
  const uint64_t values = bytes.Number(entry + 8, 4);
  double degrees = 0;
  for (uint64_t i = 0; i < 3; ++i) {
    const double numerator = bytes.Number(values + 8 * i, 4);
    degrees += numerator / bytes.Number(values + 8 * i + 4, 4) / std::pow(60, i);
  }
  return bytes.Number(letter + 8, 1) == static_cast<uint32_t>(negative) ? -degrees : degrees;
}

}  // namespace

int ExifOrientation(std::string_view exif) {
  const TiffBytes bytes(exif);
  const uint64_t entry = bytes.Entry(bytes.Directory(), kOrientationTag);
  const uint32_t orientation = entry == 0 ? 0 : bytes.Number(entry + 8, 2);
  return orientation >= 1 && orientation <= 8 ? static_cast<int>(orientation) : 1;
}

std::optional<GeoPosition> ExifPosition(std::string_view exif) {
  constexpr uint32_t kLatitudeTag = 1;
  constexpr uint32_t kLongitudeTag = 3;
  constexpr uint32_t kStatusTag = 9;
  const TiffBytes bytes(exif);
  const uint64_t pointer = bytes.Entry(bytes.Directory(), kGpsTag);
  constexpr uint32_t kVersion = 42;  // 43 is BigTIFF, with other offsets
  if (pointer == 0 || bytes.Number(2, 2) != kVersion) return std::nullopt;
  const uint64_t directory = bytes.Number(pointer + 8, 4);
  const uint64_t status = bytes.Entry(directory, kStatusTag);
  if (status != 0 && bytes.Number(status + 8, 1) == 'V') return std::nullopt;  // "void"
  const GeoPosition position{Degrees(bytes, directory, kLatitudeTag, 'S'),
                             Degrees(bytes, directory, kLongitudeTag, 'W')};
  const bool is_valid = std::abs(position.latitude) <= 90 && std::abs(position.longitude) <= 180;  // no NaN
  if (!is_valid || position == GeoPosition()) return std::nullopt;
  return position;
}

}  // namespace vantage::image

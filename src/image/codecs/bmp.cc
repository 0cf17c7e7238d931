// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <array>
#include <bit>
#include <cstdlib>

#include "image/codecs/bytes.h"
#include "image/codecs/codec.h"
#include "util/check.h"
#include "util/index.h"

// A file header of 14 bytes, the header of a device-independent bitmap (OS/2's of 12 bytes, or Windows' of 40
// to 124), colour masks or a palette, and the rows, bottom first ([MS-WMF] 2.2.2.9 and the pages on
// BITMAPV5HEADER).
namespace vantage {
namespace {

using image::LittleEndian;

constexpr uint64_t kFileHeader = 14;
constexpr uint32_t kOs2Header = 12;
enum Compression : uint32_t { kNone = 0, kRle8 = 1, kRle4 = 2, kMasks = 3, kMasksWithAlpha = 6 };

struct Bmp {
  int width = 0;
  int height = 0;
  bool is_top_first = false;
  int bits = 0;  // per pixel
  uint32_t compression = kNone;
  std::array<uint32_t, 4> masks{};  // red, green, blue, alpha
  std::string_view palette;
  uint64_t palette_entry = 4;  // bytes
  std::string_view rows;

  bool IsRunLength() const { return compression == kRle8 || compression == kRle4; }
  size_t RowBytes() const { return (ToIndex(width) * ToIndex(bits) + 31) / 32 * 4; }
};

Bmp ReadBmp(std::string_view bytes, const std::string& source) {
  const uint32_t header = LittleEndian(bytes, kFileHeader, 4);
  const bool is_os2 = header == kOs2Header;
  VANTAGE_CHECK(bytes.size() >= kFileHeader + header, source, ": damaged BMP: the file ends in its header");
  const auto field = [&](uint64_t offset, uint64_t size) {
    return offset + size <= kFileHeader + header ? LittleEndian(bytes, offset, size) : 0;
  };
  Bmp bmp;
  const auto width = is_os2 ? static_cast<int32_t>(field(18, 2)) : static_cast<int32_t>(field(18, 4));
  const int64_t height = is_os2 ? static_cast<int64_t>(field(20, 2)) : static_cast<int32_t>(field(22, 4));
  VANTAGE_CHECK(width >= 0 && std::abs(height) <= INT32_MAX, source, ": damaged BMP: ", width, " x ", height,
                " pixels");
  bmp.width = width;
  bmp.height = static_cast<int>(std::abs(height));
  bmp.is_top_first = height < 0;
  bmp.bits = static_cast<int>(is_os2 ? field(24, 2) : field(28, 2));
  bmp.compression = is_os2 ? kNone : field(30, 4);
  constexpr std::array kDepths = {1, 2, 4, 8, 16, 24, 32};
  const bool is_masked = bmp.compression == kMasks || bmp.compression == kMasksWithAlpha;
  VANTAGE_CHECK(
      std::count(kDepths.begin(), kDepths.end(), bmp.bits) == 1 &&
          (bmp.compression == kNone || (is_masked && bmp.bits >= 16) ||
           (bmp.compression == kRle8 && bmp.bits == 8) || (bmp.compression == kRle4 && bmp.bits == 4)),
      source, ": a BMP of ", bmp.bits, " bits per pixel in the compression ", bmp.compression,
      ", which is not read");

  uint64_t at = kFileHeader + header;
  if (is_masked) {
    const uint64_t masks = header >= 52 ? kFileHeader + 40 : at;  // in the header or behind it
    const size_t count = bmp.compression == kMasksWithAlpha || header >= 56 ? 4 : 3;
    for (size_t i = 0; i < count; ++i) bmp.masks[i] = LittleEndian(bytes, masks + 4 * i, 4);
    if (header < 52) at += 4 * count;
  } else if (bmp.bits == 16) {
    bmp.masks = {0x7c00, 0x03e0, 0x001f, 0};
  } else if (bmp.bits >= 24) {
    bmp.masks = {0xff0000, 0x00ff00, 0x0000ff, 0};
  }
  uint64_t colors = field(46, 4);
  if (bmp.bits <= 8) {
    if (colors == 0 || colors > uint64_t{1} << bmp.bits) colors = uint64_t{1} << bmp.bits;
    bmp.palette_entry = is_os2 ? 3 : 4;
    bmp.palette = image::Part(bytes, at, colors * bmp.palette_entry);
  }
  const uint64_t rows = LittleEndian(bytes, 10, 4);
  bmp.rows = image::Part(bytes, rows > 0 ? rows : at + bmp.palette.size());
  return bmp;
}

CodecHeader ReadBmpHeader(std::string_view bytes, const std::string& source) {
  const Bmp bmp = ReadBmp(bytes, source);
  // A run of 255 pixels takes two bytes.
  const int64_t pixels_per_byte = bmp.IsRunLength() ? 128 : std::max(8 / bmp.bits, 1);
  return {.image = {.width = bmp.width,
                    .height = bmp.height,
                    .color = bmp.bits <= 8 ? ImageColor::kPalette : ImageColor::kRgb,
                    .has_alpha = bmp.masks[3] != 0,
                    .bit_depth = bmp.bits <= 8 ? bmp.bits : std::max(std::popcount(bmp.masks[0]), 1)},
          .pixels_per_byte = pixels_per_byte};
}

void PutColor(const Bmp& bmp, uint32_t index, uint8_t* pixel) {
  const uint64_t at = index * bmp.palette_entry;
  for (uint64_t c = 0; c < 3; ++c) pixel[2 - c] = static_cast<uint8_t>(LittleEndian(bmp.palette, at + c, 1));
}

// What the mask selects, as 0 to 255.
uint8_t Masked(uint32_t value, uint32_t mask) {
  if (mask == 0) return 0;
  const int shift = std::countr_zero(mask);
  return static_cast<uint8_t>(uint64_t{(value & mask) >> shift} * 255 / (mask >> shift));
}

void DecodeRow(const Bmp& bmp, std::string_view row, uint8_t* pixels) {
  const auto bits = static_cast<unsigned>(bmp.bits);
  for (size_t x = 0; x < ToIndex(bmp.width); ++x) {
    uint8_t* pixel = pixels + 3 * x;
    if (bits <= 8) {
      const auto byte = static_cast<unsigned char>(row[x * bits / 8]);
      const auto shift = static_cast<unsigned>(8 - bits - x * bits % 8);
      PutColor(bmp, byte >> shift & ((1U << bits) - 1), pixel);
    } else {
      const uint32_t value = LittleEndian(row, x * bits / 8, bits / 8);
      for (size_t c = 0; c < 3; ++c) pixel[c] = Masked(value, bmp.masks[c]);
    }
  }
}

// Pairs of bytes: a count and a colour (two colours of 4 bits, in turns); or 0 and 0: end of the row, 1: end
// of the image, 2: a jump by the next two bytes, more: as many pixels as they are, padded to two bytes. What
// is jumped over has the first colour.
void DecodeRuns(const Bmp& bmp, std::string_view bytes, const std::string& source, Image& image) {
  const int per_byte = 8 / bmp.bits;
  int64_t x = 0;
  int64_t y = 0;
  const auto put = [&](uint32_t index) {
    if (x < image.width && y < image.height) {
      const int row = static_cast<int>(bmp.is_top_first ? y : image.height - 1 - y);
      PutColor(bmp, index, image.Row(row) + 3 * x);
    }
    ++x;
  };
  const auto color_of = [&](uint32_t byte, uint32_t i) {
    return bmp.bits == 8 ? byte : i % 2 == 0 ? byte >> 4 : byte & 15;
  };
  for (int row = 0; row < image.height; ++row) {
    for (int column = 0; column < image.width; ++column) PutColor(bmp, 0, image.Row(row) + 3 * column);
  }
  for (size_t at = 0; y < image.height;) {
    if (at + 2 > bmp.rows.size()) {
      if (y == image.height - 1 && x >= image.width) return;  // only the end mark is missing
      image::FailTruncated("BMP", bytes, source);
    }
    const uint32_t count = LittleEndian(bmp.rows, at, 1);
    const uint32_t value = LittleEndian(bmp.rows, at + 1, 1);
    at += 2;
    if (count > 0) {
      for (uint32_t i = 0; i < count; ++i) put(color_of(value, i));
    } else if (value == 0) {
      x = 0;
      ++y;
    } else if (value == 1) {
      return;
    } else if (value == 2) {
      x += LittleEndian(bmp.rows, at, 1);
      y += LittleEndian(bmp.rows, at + 1, 1);
      at += 2;
    } else {
      const auto length = static_cast<uint32_t>((static_cast<int>(value) + per_byte - 1) / per_byte);
      if (at + length > bmp.rows.size()) image::FailTruncated("BMP", bytes, source);
      for (uint32_t i = 0; i < value; ++i)
        put(color_of(LittleEndian(bmp.rows, at + i / static_cast<uint32_t>(per_byte), 1), i));
      at += length + length % 2;
    }
  }
}

Image DecodeBmp(std::string_view bytes, const std::string& source, int /*enough_pixels*/) {
  const Bmp bmp = ReadBmp(bytes, source);
  if (bmp.IsRunLength()) {
    Image image = MakeImage(bmp.width, bmp.height);
    DecodeRuns(bmp, bytes, source, image);
    return image;
  }
  const size_t last_row = (ToIndex(bmp.width) * ToIndex(bmp.bits) + 7) / 8;  // its padding may be missing
  if (bmp.rows.size() < bmp.RowBytes() * ToIndex(bmp.height - 1) + last_row)
    image::FailTruncated("BMP", bytes, source);
  Image image = MakeImage(bmp.width, bmp.height);
  for (int y = 0; y < image.height; ++y) {
    const int row = bmp.is_top_first ? y : image.height - 1 - y;
    DecodeRow(bmp, bmp.rows.substr(bmp.RowBytes() * ToIndex(y)), image.Row(row));
  }
  return image;
}

}  // namespace

namespace image {

Codec BmpCodec() {
  return {.name = "BMP",
          .extensions = {".bmp", ".dib"},
          .matches =
              [](std::string_view head) {
                const uint32_t header = LittleEndian(head, kFileHeader, 4);
                return head.starts_with("BM") && (header == kOs2Header || (header >= 16 && header <= 124));
              },
          .read_header = ReadBmpHeader,
          .decode = DecodeBmp,
          .bytes_per_pixel = 3,
          .fixed_bytes = 4 << 20};
}

}  // namespace image
}  // namespace vantage

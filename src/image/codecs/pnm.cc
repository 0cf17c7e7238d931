// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <cctype>
#include <cstring>

#include "image/codecs/codec.h"
#include "util/check.h"
#include "util/index.h"

// "P" and a digit, the width, the height and, except for bitmaps, the largest value; then the values, as text
// (P1 to P3) or in bytes (P4 to P6), of one channel or three (netpbm.sourceforge.net/doc/pnm.html). Comments
// reach from # to the end of the line.
namespace vantage {
namespace {

bool IsSpace(char c) { return std::isspace(static_cast<unsigned char>(c)) != 0; }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }

struct Pnm {
  bool is_text = false;
  int channels = 1;
  int width = 0;
  int height = 0;
  int largest = 1;  // 1: a bitmap, where 1 is black
  bool is_bitmap = false;
  std::string_view values;
};

void SkipSpace(std::string_view& rest) {
  while (!rest.empty() && (rest[0] == '#' || IsSpace(rest[0])))
    rest.remove_prefix(rest[0] == '#' ? std::min(rest.find('\n'), rest.size()) : 1);
}

// The next number; -1 if there is none, or if it exceeds an int. The numbers of bitmaps are single digits,
// perhaps without space between them.
int TakeNumber(std::string_view& rest, size_t most_digits = 9) {
  SkipSpace(rest);
  int number = 0;
  size_t digits = 0;
  for (; digits < most_digits && digits < rest.size() && IsDigit(rest[digits]); ++digits)
    number = 10 * number + (rest[digits] - '0');
  rest.remove_prefix(digits);
  const bool goes_on = most_digits > 1 && !rest.empty() && IsDigit(rest[0]);
  return digits > 0 && !goes_on ? number : -1;
}

Pnm ReadPnm(std::string_view bytes, const std::string& source) {
  const int kind = bytes[1] - '0';
  Pnm pnm{.is_text = kind <= 3, .channels = kind % 3 == 0 ? 3 : 1, .is_bitmap = kind % 3 == 1};
  pnm.values = bytes.substr(2);
  pnm.width = TakeNumber(pnm.values);
  pnm.height = TakeNumber(pnm.values);
  if (!pnm.is_bitmap) pnm.largest = TakeNumber(pnm.values);
  VANTAGE_CHECK(
      pnm.width >= 0 && pnm.height >= 0 && pnm.largest >= 0 && !pnm.values.empty() && IsSpace(pnm.values[0]),
      source, ": damaged PNM: its header lacks a number, or one is too large");
  VANTAGE_CHECK(pnm.largest >= 1 && pnm.largest <= 65535, source, ": damaged PNM: values up to ",
                pnm.largest);
  pnm.values.remove_prefix(1);
  return pnm;
}

CodecHeader ReadPnmHeader(std::string_view bytes, const std::string& source) {
  const Pnm pnm = ReadPnm(bytes, source);
  int depth = 1;
  while (pnm.largest >> depth != 0) ++depth;
  return {.image = {.width = pnm.width,
                    .height = pnm.height,
                    .color = pnm.channels == 3 ? ImageColor::kRgb : ImageColor::kGrey,
                    .bit_depth = depth},
          .pixels_per_byte = pnm.is_bitmap && !pnm.is_text ? 8 : 1};
}

Image DecodePnm(std::string_view bytes, const std::string& source, int /*enough_pixels*/) {
  Pnm pnm = ReadPnm(bytes, source);
  const size_t row_values = ToIndex(pnm.width) * ToIndex(pnm.channels);
  const size_t value_bytes = pnm.largest > 255 ? 2 : 1;
  const size_t row_bytes = pnm.is_bitmap ? (ToIndex(pnm.width) + 7) / 8 : row_values * value_bytes;
  if (!pnm.is_text && pnm.values.size() / row_bytes < ToIndex(pnm.height))
    image::FailTruncated("PNM", bytes, source);

  Image image = MakeImage(pnm.width, pnm.height);
  // The value of the row's channel i.
  const auto value_at = [&](const char* row, size_t i) {
    if (pnm.is_text) {
      const int value = TakeNumber(pnm.values, pnm.is_bitmap ? 1 : 9);
      if (value < 0 && pnm.values.empty()) image::FailTruncated("PNM", bytes, source);
      VANTAGE_CHECK(value >= 0, source, ": damaged PNM: '", pnm.values.substr(0, 1), "' is not a number");
      return value;
    }
    const auto* data = reinterpret_cast<const unsigned char*>(row);
    if (pnm.is_bitmap) return data[i / 8] >> (7 - i % 8) & 1;
    return value_bytes == 1 ? int{data[i]} : data[2 * i] << 8 | data[2 * i + 1];
  };
  for (int y = 0; y < image.height; ++y) {
    const char* row = pnm.is_text ? nullptr : pnm.values.data() + ToIndex(y) * row_bytes;
    uint8_t* pixels = image.Row(y);
    if (!pnm.is_text && pnm.channels == 3 && pnm.largest == 255) {
      std::memcpy(pixels, row, row_bytes);
      continue;
    }
    for (size_t i = 0; i < row_values; ++i) {
      int value = std::min(value_at(row, i), pnm.largest);
      if (pnm.is_bitmap) value = 1 - value;
      const auto byte = static_cast<uint8_t>((2 * value * 255 + pnm.largest) / (2 * pnm.largest));
      if (pnm.channels == 3) {
        pixels[i] = byte;
      } else {
        std::fill_n(pixels + 3 * i, 3, byte);
      }
    }
  }
  return image;
}

}  // namespace

namespace image {

Codec PnmCodec() {
  return {.name = "PNM",
          .extensions = {".ppm", ".pgm", ".pbm", ".pnm"},
          .matches =
              [](std::string_view head) {
                return head.size() > 2 && head[0] == 'P' && head[1] >= '1' && head[1] <= '6' &&
                       (IsSpace(head[2]) || head[2] == '#');
              },
          .read_header = ReadPnmHeader,
          .decode = DecodePnm,
          .bytes_per_pixel = 3,
          .fixed_bytes = 4 << 20};
}

}  // namespace image
}  // namespace vantage

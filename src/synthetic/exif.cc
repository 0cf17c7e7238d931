// SPDX-License-Identifier: BSD-3-Clause
#include "synthetic/exif.h"

#include <cstdint>

#include "util/check.h"

namespace vantage::synthetic {
namespace {

// Big-endian numbers.
void Append(std::string& bytes, uint64_t value, int size) {
  for (int i = size - 1; i >= 0; --i) bytes.push_back(static_cast<char>(value >> (8 * i) & 0xff));
}

// EXIF 2.3, 4.6.2: a directory of one entry.
void AppendDirectory(std::string& bytes, int tag, int type, uint64_t value) {
  Append(bytes, 1, 2);
  Append(bytes, static_cast<uint64_t>(tag), 2);
  Append(bytes, static_cast<uint64_t>(type), 2);
  Append(bytes, 1, 4);
  Append(bytes, value, 4);
  Append(bytes, 0, 4);  // no further directory
}

}  // namespace

std::string WithExifFocalLength(std::string_view jpeg, int focal) {
  constexpr int kShort = 3;
  constexpr int kLong = 4;
  constexpr int kExifDirectory = 0x8769;
  constexpr int kFocalLengthIn35mmFilm = 0xa405;
  VANTAGE_CHECK(jpeg.substr(0, 2) == "\xff\xd8", "not a JPEG");
  std::string tiff = "MM";
  Append(tiff, 42, 2);
  Append(tiff, 8, 4);  // offset of the first directory
  AppendDirectory(tiff, kExifDirectory, kLong, 26);
  // A short is in the upper half of its four bytes.
  AppendDirectory(tiff, kFocalLengthIn35mmFilm, kShort, static_cast<uint64_t>(focal) << 16);

  std::string bytes = "\xff\xd8\xff\xe1";
  Append(bytes, 2 + 6 + tiff.size(), 2);
  bytes.append("Exif\0\0", 6);
  bytes.append(tiff);
  bytes.append(jpeg.substr(2));
  return bytes;
}

}  // namespace vantage::synthetic

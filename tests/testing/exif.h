// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cmath>
#include <cstdint>
#include <string>

namespace vantage::testing {

// The JPEG with an EXIF segment that holds this TIFF file.
inline std::string WithExif(const std::string& jpeg, const std::string& tiff) {
  const std::string segment = std::string("Exif\0\0", 6) + tiff;
  const size_t length = segment.size() + 2;
  std::string header("\xff\xe1");
  header += static_cast<char>(length >> 8);
  header += static_cast<char>(length & 255);
  return jpeg.substr(0, 2) + header + segment + jpeg.substr(2);
}

// An EXIF block that holds the orientation.
inline std::string OrientationBlock(int orientation) {
  std::string tiff("II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0", 18);
  tiff += static_cast<char>(orientation);
  return tiff + std::string("\0\0\0\0\0\0\0", 7);
}
inline std::string WithOrientation(const std::string& jpeg, int orientation) {
  return WithExif(jpeg, OrientationBlock(orientation));
}

// An EXIF block that holds a position in degrees, in either byte order. status: 'A', or 'V' for void.
inline std::string PositionBlock(double latitude, double longitude, bool big_endian = false,
                                 char status = 'A') {
  std::string tiff;
  const auto put = [&](uint64_t value, int size) {
    for (int i = 0; i < size; ++i)
      tiff += static_cast<char>(value >> 8 * (big_endian ? size - 1 - i : i) & 255);
  };
  const auto entry = [&](uint64_t tag, uint64_t type, uint64_t count) {
    put(tag, 2);
    put(type, 2);
    put(count, 4);
  };
  const auto letter = [&](uint64_t tag, char value) {
    entry(tag, 2, 2);
    tiff += value;
    tiff += std::string(3, '\0');
  };
  constexpr uint64_t kDirectory = 26;  // of the position
  constexpr uint64_t kValues = kDirectory + 2 + 5 * 12 + 4;
  tiff = big_endian ? "MM" : "II";
  put(42, 2);
  put(8, 4);
  put(1, 2);
  entry(0x8825, 4, 1);
  put(kDirectory, 4);
  put(0, 4);
  put(5, 2);
  letter(1, latitude < 0 ? 'S' : 'N');
  entry(2, 5, 3);
  put(kValues, 4);
  letter(3, longitude < 0 ? 'W' : 'E');
  entry(4, 5, 3);
  put(kValues + 24, 4);
  letter(9, status);
  put(0, 4);
  for (const double degrees : {latitude, longitude}) {
    const auto whole = static_cast<uint64_t>(std::abs(degrees));
    put(whole, 4);
    put(1, 4);
    const double minutes = 60 * (std::abs(degrees) - static_cast<double>(whole));
    put(static_cast<uint64_t>(minutes), 4);
    put(1, 4);
    put(static_cast<uint64_t>(60e6 * (minutes - std::floor(minutes)) + 0.5), 4);
    put(1000000, 4);
  }
  return tiff;
}
inline std::string WithPosition(const std::string& jpeg, double latitude, double longitude) {
  return WithExif(jpeg, PositionBlock(latitude, longitude));
}

}  // namespace vantage::testing

// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>

namespace vantage::testing {

// The JPEG with an EXIF segment that holds the orientation.
inline std::string WithOrientation(const std::string& jpeg, int orientation) {
  std::string tiff("II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0", 18);
  tiff += static_cast<char>(orientation);
  tiff += std::string("\0\0\0\0\0\0\0", 7);
  const std::string segment = std::string("Exif\0\0", 6) + tiff;
  const size_t length = segment.size() + 2;
  std::string header("\xff\xe1");
  header += static_cast<char>(length >> 8);
  header += static_cast<char>(length & 255);
  return jpeg.substr(0, 2) + header + segment + jpeg.substr(2);
}

}  // namespace vantage::testing

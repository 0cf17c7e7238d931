// SPDX-License-Identifier: BSD-3-Clause
// Where photos were taken.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>

namespace vantage {

// A place on the Earth, degrees (WGS 84).
struct GeoPosition {
  double latitude = 0;   // north, [-90, 90]
  double longitude = 0;  // east, [-180, 180]

  bool operator==(const GeoPosition&) const = default;
};

// The position in a photo's EXIF block (JPEG, PNG, WebP, TIFF, HEIC, AVIF). Empty if it has none, or one that
// is not valid. Throws Error as ReadImageHeader does.
std::optional<GeoPosition> ReadPosition(const std::filesystem::path& photo);

// Reads a CSV file of name, latitude, longitude (degrees). A first line may name these columns, in any order
// and among others. Throws Error naming file and line.
std::map<std::string, GeoPosition> ReadPositions(const std::filesystem::path& path);

}  // namespace vantage

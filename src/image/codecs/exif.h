// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <optional>
#include <string_view>

#include "vantage/position.h"

namespace vantage::image {

// Orientation (1 to 8) from an EXIF block: a TIFF file, with or without "Exif\0\0" before it. 1 if the block
// has no orientation or is damaged.
int ExifOrientation(std::string_view exif);

// Where the photo was taken. Empty if the block has no position, is damaged, or says that its position is not
// valid; also for latitude and longitude 0, which cameras write before they know.
std::optional<GeoPosition> ExifPosition(std::string_view exif);

}  // namespace vantage::image

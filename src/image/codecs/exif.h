// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string_view>

namespace vantage::image {

// Orientation (1 to 8) from an EXIF block: a TIFF file, with or without "Exif\0\0" before it. 1 if the block
// has no orientation or is damaged.
int ExifOrientation(std::string_view exif);

}  // namespace vantage::image

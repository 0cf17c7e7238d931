// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string_view>

namespace vantage::image {

// Orientation (1 to 8) from an EXIF block, which is a TIFF file without the leading "Exif\0\0". 1 if the
// block has no orientation or is damaged.
int ExifOrientation(std::string_view tiff);

}  // namespace vantage::image

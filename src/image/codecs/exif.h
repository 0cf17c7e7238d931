// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string_view>

namespace vantage::image {

// The orientation (1 to 8) in an EXIF block: a TIFF file, without the "Exif\0\0" in front. 1 if it has none
// or is damaged.
int ExifOrientation(std::string_view tiff);

}  // namespace vantage::image

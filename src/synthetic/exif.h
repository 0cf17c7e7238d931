// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>
#include <string_view>

namespace vantage::synthetic {

// Adds an EXIF block with the focal length to a JPEG, as phones write it. COLMAP initialises the camera from
// it. focal: millimetres, for a photo whose longer side is 35 mm.
std::string WithExifFocalLength(std::string_view jpeg, int focal);

}  // namespace vantage::synthetic

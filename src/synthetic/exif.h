// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>
#include <string_view>

namespace vantage::synthetic {

// The JPEG with an EXIF block that tells the focal length, as phones write it. COLMAP starts from it: `focal`
// are the millimetres for which the longer side would be 35.
std::string WithExifFocalLength(std::string_view jpeg, int focal);

}  // namespace vantage::synthetic

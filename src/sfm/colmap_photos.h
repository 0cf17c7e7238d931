// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <filesystem>
#include <span>
#include <vector>

#include "image/codecs/codec.h"

namespace vantage::sfm {

// Those of the photos (relative to the folder) that COLMAP can read, by their formats. Logs a warning of the
// others. Files of no known format stay: COLMAP says what is wrong with them.
std::vector<std::filesystem::path> PhotosForColmap(const std::filesystem::path& folder,
                                                   std::vector<std::filesystem::path> photos,
                                                   std::span<const Codec> codecs = Codecs());

}  // namespace vantage::sfm

// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <filesystem>
#include <span>
#include <vector>

#include "image/codecs/codec.h"

namespace vantage::sfm {

// Returns the photos (relative to the folder) whose formats COLMAP can read, and logs a warning about the
// others. Files of unknown formats are kept: COLMAP reports what is wrong with them.
std::vector<std::filesystem::path> PhotosForColmap(const std::filesystem::path& folder,
                                                   std::vector<std::filesystem::path> photos,
                                                   std::span<const Codec> codecs = Codecs());

}  // namespace vantage::sfm

// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <filesystem>

#include "vantage/sfm/reconstruction.h"

namespace vantage {

enum class ModelFormat { kBinary, kText };

// True if the folder holds a COLMAP model (cameras, images and points3D, as .bin or .txt).
bool IsColmapModel(const std::filesystem::path& folder);

// Reads a COLMAP model, binary where both are there. Throws Error naming the file, the record and the byte
// offset or line where it is truncated, malformed, or refers to a camera, image or observation that it does
// not hold. Takes at most 64 bytes of memory for each byte of the files.
Reconstruction ReadColmapModel(const std::filesystem::path& folder);

// Writes cameras, images and points3D into the folder, which is made if missing. COLMAP opens them.
void WriteColmapModel(const Reconstruction& reconstruction, const std::filesystem::path& folder,
                      ModelFormat format);

}  // namespace vantage

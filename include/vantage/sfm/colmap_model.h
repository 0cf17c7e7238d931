// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <filesystem>

#include "vantage/sfm/reconstruction.h"

namespace vantage {

enum class ModelFormat { kBinary, kText };

// True if the folder holds a COLMAP model (cameras, images and points3D, as .bin or .txt).
bool IsColmapModel(const std::filesystem::path& folder);

// Reads a COLMAP model, binary where both are there, with the rigs and frames of COLMAP 3.12 and later: the
// poses of images in frames are those of the frames, as COLMAP has it. Rotations are normalised. Observations
// of points and tracks of images that the model does not hold are dropped, with one warning that counts them.
// Throws Error naming the file, the record and the byte offset or line where it is truncated, malformed, or
// refers to a camera or rig that it does not hold. Takes at most 64 bytes of memory for each byte of the
// files.
Reconstruction ReadColmapModel(const std::filesystem::path& folder);

// Writes cameras, images and points3D, and rigs and frames where there are any, into the folder, which is
// made if missing, and removes a model of the other format there. COLMAP opens them; it takes the poses of
// images from the frames where there are any.
void WriteColmapModel(const Reconstruction& reconstruction, const std::filesystem::path& folder,
                      ModelFormat format);

}  // namespace vantage

// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <Eigen/Geometry>
#include <cmath>
#include <filesystem>

#include "vantage/colmap.h"

namespace vantage::sfm {

// Rotations of other exporters may be of any length but zero. One of length 1, up to rounding, stays as it
// is, so that a model is written back bit for bit.
inline void MakeUnit(Eigen::Quaterniond& rotation) {
  if (std::abs(rotation.norm() - 1) > 1e-12)
    rotation = Eigen::Quaterniond(rotation.coeffs().stableNormalized());
}

// Rigs and frames are read where their files are there; writing them is a call of its own.
Reconstruction ReadBinaryModel(const std::filesystem::path& folder);
void WriteBinaryModel(const Reconstruction& reconstruction, const std::filesystem::path& folder);
void WriteBinaryRigs(const Reconstruction& reconstruction, const std::filesystem::path& folder);
Reconstruction ReadTextModel(const std::filesystem::path& folder);
void WriteTextModel(const Reconstruction& reconstruction, const std::filesystem::path& folder);
void WriteTextRigs(const Reconstruction& reconstruction, const std::filesystem::path& folder);

}  // namespace vantage::sfm

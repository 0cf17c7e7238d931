// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <Eigen/Geometry>
#include <cmath>
#include <filesystem>

#include "vantage/colmap.h"

namespace vantage::sfm {

// Normalises a rotation: other exporters write any length except zero. A rotation of length 1, up to
// rounding, is not changed, so that a model is written back bit for bit.
inline void MakeUnit(Eigen::Quaterniond& rotation) {
  if (std::abs(rotation.norm() - 1) > 1e-12)
    rotation = Eigen::Quaterniond(rotation.coeffs().stableNormalized());
}

// Rigs and frames are read if their files exist. The model writers do not write them: WriteBinaryRigs and
// WriteTextRigs do.
Reconstruction ReadBinaryModel(const std::filesystem::path& folder);
void WriteBinaryModel(const Reconstruction& reconstruction, const std::filesystem::path& folder);
void WriteBinaryRigs(const Reconstruction& reconstruction, const std::filesystem::path& folder);
Reconstruction ReadTextModel(const std::filesystem::path& folder);
void WriteTextModel(const Reconstruction& reconstruction, const std::filesystem::path& folder);
void WriteTextRigs(const Reconstruction& reconstruction, const std::filesystem::path& folder);

}  // namespace vantage::sfm

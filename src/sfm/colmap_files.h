// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <filesystem>

#include "vantage/sfm/reconstruction.h"

namespace vantage {

// Rigs and frames are read where their files are there; writing them is a call of its own.
Reconstruction ReadBinaryModel(const std::filesystem::path& folder);
void WriteBinaryModel(const Reconstruction& reconstruction, const std::filesystem::path& folder);
void WriteBinaryRigs(const Reconstruction& reconstruction, const std::filesystem::path& folder);
Reconstruction ReadTextModel(const std::filesystem::path& folder);
void WriteTextModel(const Reconstruction& reconstruction, const std::filesystem::path& folder);
void WriteTextRigs(const Reconstruction& reconstruction, const std::filesystem::path& folder);

}  // namespace vantage

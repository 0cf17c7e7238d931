// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <filesystem>

#include "nn/model_source.h"

namespace vantage::nn {

// NetVLAD networks as MATLAB structs of MatConvNet, such as hloc's Pitts30K_struct.mat:
// net.layers{i}.weights, with i from 0 as torchvision's VGG numbers its layers, then NetVLAD's two matrices,
// which are as large as each other, and where there is one the whitening;
// net.meta.normalization.averageImage. The tensors get the names that hloc's network has for them, see
// netvlad_layouts. Throws Error where `net` is something else.
ModelSource OpenMatConvNet(const std::filesystem::path& path);

}  // namespace vantage::nn

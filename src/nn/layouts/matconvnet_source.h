// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <filesystem>

#include "nn/model_source.h"

namespace vantage::nn {

// Opens a NetVLAD network stored as a MATLAB struct of MatConvNet, such as hloc's Pitts30K_struct.mat. It
// reads net.layers{i}.weights and net.meta.normalization.averageImage. i counts from 0, as torchvision's VGG
// numbers its layers. The layers are those of the VGG, then NetVLAD's with two matrices of equal size, then
// the whitening if there is one. The tensors get the names that hloc's network gives them; see hloc.cc.
// Throws Error if `net` is something else.
ModelSource OpenMatConvNet(const std::filesystem::path& path);

}  // namespace vantage::nn

// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>
#include <vector>

#include "nn/descriptor_net.h"
#include "nn/model_source.h"

namespace vantage::nn {

at::Tensor ToTensor(const SourceTensor& tensor);

// Fills the network's tensors from the file's, matched by name after old, torchvision's and the package's own
// names have been replaced. is_trunk_only: the exponent of the pooling may be missing. Returns whether all of
// the network's tensors were there. Throws Error as ReadModel.
bool FillNet(const ModelSource& source, bool is_trunk_only, const std::vector<std::string>& allow_missing,
             DescriptorNet& net);

}  // namespace vantage::nn

// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>
#include <vector>

#include "nn/descriptor_net.h"
#include "nn/model_source.h"

namespace vantage::nn {

at::Tensor ToTensor(const SourceTensor& tensor);

// Fills the network's tensors from the file's, matched by name. Old names, and those of torchvision and of
// the trunk's own package, are first converted to the project's. Norms' num_batches_tracked may be missing.
// is_trunk_only: so may the tensors that training makes (HeadFunctions::made_by_training). allow_missing:
// name prefixes of further tensors that may be missing; returns false if one of these is. Throws Error under
// the same conditions as ReadModel.
bool FillNet(const ModelSource& source, bool is_trunk_only, const std::vector<std::string>& allow_missing,
             DescriptorNet& net);

}  // namespace vantage::nn

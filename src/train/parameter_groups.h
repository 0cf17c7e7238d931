// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>
#include <vector>

#include "train/optimizer.h"

namespace vantage::train {

// Sorts a network's parameters into groups: one for each rule of options.groups (the first rule that matches
// a parameter applies), one for pooling exponents that no rule matches, and one for the rest. Each is split
// by whether its tensors decay (options.decay_vectors) and, if options.layer_decay is not 1, by depth. Groups
// without parameters are left out. Makes each parameter require gradients, except frozen ones, which are in
// no group: those whose names start with one of `freeze` and, if freeze_blocks is above 0, those of the
// trunk's stem and its first freeze_blocks stages. Throws UsageError if a rule is malformed, if a rule or an
// entry of `freeze` applies to no parameter, if the trunk has fewer stages, or if nothing is left to train.
std::vector<ParameterGroup> GroupParameters(nn::DescriptorNet& net, const OptimizerOptions& options,
                                            const std::vector<std::string>& freeze, int freeze_blocks = 0);

}  // namespace vantage::train

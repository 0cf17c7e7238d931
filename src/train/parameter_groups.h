// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>
#include <vector>

#include "train/optimizer.h"

namespace vantage::train {

// Sorts a network's parameters into groups: those that no rule matches, pooling exponents that no rule
// matches, and those of each rule of options.groups; each of these split into what decays and what does not
// (options.decay_vectors), and by depth if options.layer_decay is not 1. The first rule that matches applies.
// Makes each parameter require gradients, except those whose names start with one of `freeze` and, if
// freeze_blocks is above 0, those of the trunk's stem and first stages; these are in no group. Groups without
// parameters are left out. Throws UsageError if a rule is malformed, if a rule or an entry of `freeze`
// applies to no parameter, if the trunk has fewer stages, or if nothing is left to train.
std::vector<ParameterGroup> GroupParameters(nn::DescriptorNet& net, const OptimizerOptions& options,
                                            const std::vector<std::string>& freeze, int freeze_blocks = 0);

}  // namespace vantage::train

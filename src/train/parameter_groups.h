// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>
#include <vector>

#include "train/optimizer.h"

namespace vantage::train {

// Sorts a network's parameters into groups: those that no rule matches, pooling exponents that no rule
// matches, and one group for each rule of options.groups. The first rule that matches applies. Makes each
// parameter require gradients, except those whose names start with one of `freeze`, which are in no group.
// Groups without parameters are left out. Throws UsageError if a rule is malformed, if a rule or an entry of
// `freeze` applies to no parameter, or if nothing is left to train.
std::vector<ParameterGroup> GroupParameters(nn::DescriptorNet& net, const OptimizerOptions& options,
                                            const std::vector<std::string>& freeze);

}  // namespace vantage::train

// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>
#include <vector>

#include "train/optimizer.h"

namespace vantage::train {

// Sorts a network's parameters into groups: those of no rule, exponents, then those of each of
// options.groups. Says of each parameter whether it requires gradients: not those whose names begin as one of
// `freeze`. Groups without parameters are left out. Throws UsageError where a rule is none, or it or a name
// of `freeze` fits no parameter, or nothing is left to train.
std::vector<ParameterGroup> GroupParameters(nn::DescriptorNet& net, const OptimizerOptions& options,
                                            const std::vector<std::string>& freeze);

}  // namespace vantage::train

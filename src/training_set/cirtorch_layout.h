// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "vantage/training_set.h"

namespace vantage::training_set {

inline constexpr std::array<Split, 2> kCirtorchSplits = {Split::kTrain, Split::kVal};

// True for 6 to 255 printable ASCII characters other than a space, without a slash and "..": such a name
// cannot leave its folder.
bool IsCid(std::string_view text);

// Name of the scene made from a cluster: "train/5".
std::string CirtorchSceneName(Split split, int64_t cluster);

}  // namespace vantage::training_set

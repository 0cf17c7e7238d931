// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "vantage/training_set.h"

namespace vantage::training_set {

inline constexpr std::array<Split, 2> kCirtorchSplits = {Split::kTrain, Split::kVal};

// 6 to 255 printing characters of ASCII, no slash, no "..": it names a file inside its folder.
bool IsCid(std::string_view text);

// The name of the scene that a cluster becomes: "train/5".
std::string CirtorchSceneName(Split split, int64_t cluster);

}  // namespace vantage::training_set

// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <functional>

#include "nn/head.h"
#include "vantage/torch.h"

namespace vantage::nn {

// The row of a head that a program registers. Its tensors are named KIND.NAME.
HeadRow MapHeadRow(Kind kind, std::function<MapHead(const HeadChoice& head, int64_t channels)> make);

}  // namespace vantage::nn

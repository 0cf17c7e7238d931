// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <functional>

#include "nn/head.h"
#include "vantage/torch.h"

namespace vantage::nn {

// The row of a head that a program registers (RegisterHead in torch.h). Its tensors are named KIND.NAME. The
// row's `make` throws UsageError if the MapHead lacks a dimension or `forward`.
HeadRow MapHeadRow(Kind kind, std::function<MapHead(const HeadChoice& head, int64_t channels)> make);

}  // namespace vantage::nn

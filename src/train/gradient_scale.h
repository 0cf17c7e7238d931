// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>

#include "vantage/training.h"

namespace vantage::train {

// Whether gradients pass through a network in float16, so that they need a scale.
inline bool TakesFloat16(const ComputeOptions& options) { return options.precision == "fp16"; }

// The factor for the loss's gradient before it is propagated through a network in float16, so that small
// gradients do not vanish (Micikevicius et al., Mixed Precision Training, ICLR 2018, section 3.2). The
// parameters' gradients are divided by it afterwards. A power of two, so that it causes no rounding. Halved
// if a gradient overflows, doubled after 2,000 steps without overflow (as torch.amp.GradScaler).
struct GradientScale {
  double value = 1;
  int64_t good_steps = 0;  // steps without overflow since `value` changed

  static GradientScale OfFloat16() { return {.value = 65536}; }

  // Updates the scale after a step. Returns whether a step that overflowed can succeed with the new scale.
  bool Adjust(bool overflowed) {
    constexpr int64_t kStepsToGrow = 2000;
    if (overflowed) {
      const bool can_fall = value > 1;
      if (can_fall) *this = {.value = value / 2};
      return can_fall;
    }
    if (++good_steps == kStepsToGrow) *this = {.value = 2 * value};
    return false;
  }
};

}  // namespace vantage::train

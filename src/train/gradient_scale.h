// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>

namespace vantage::train {

// What the loss's gradient is multiplied with before it goes through a network in float16, and the
// parameters' gradients are divided by after, so that small ones do not vanish (Micikevicius et al., Mixed
// Precision Training, ICLR 2018, section 3.2). Powers of two: nothing else is rounded by it. Halved if a
// gradient overflows, doubled after 2,000 steps without (as torch.amp.GradScaler).
struct GradientScale {
  double value = 1;
  int64_t good_steps = 0;  // since it changed

  static GradientScale OfFloat16() { return {.value = 65536}; }

  // After a step. Returns whether another scale can help a step that overflowed.
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

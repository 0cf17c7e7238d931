// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <chrono>

namespace vantage {

// Seconds of the steady clock since `start`.
inline double SecondsSince(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace vantage

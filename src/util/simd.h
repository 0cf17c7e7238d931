// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string_view>

// Functions with vector instructions that not every processor has are compiled for these, and called where
// UsedSimdLevel says so.
#if defined(__x86_64__) && defined(__GNUC__)
#define VANTAGE_AVX2 __attribute__((target("avx2,fma,f16c")))
#endif

namespace vantage {

enum class SimdLevel {
  kPortable,  // what the compiler makes for any processor of the kind
  kAvx2,      // AVX2, FMA and F16C
};

// What vantage's own kernels use: the best that this processor has, and no more than the environment variable
// VANTAGE_SIMD names ("portable" or "avx2"), so that each path can be run on one machine. LibTorch's kernels
// have variables of their own. Throws UsageError for another value.
SimdLevel UsedSimdLevel();

// "portable", "avx2".
std::string_view SimdLevelName(SimdLevel level);

}  // namespace vantage

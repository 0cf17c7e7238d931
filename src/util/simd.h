// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string_view>

// Attribute of functions that use AVX2, FMA and F16C. Call them only if UsedSimdLevel() is kAvx2.
#if defined(__x86_64__) && defined(__GNUC__)
#define VANTAGE_AVX2 __attribute__((target("avx2,fma,f16c")))
#endif

namespace vantage {

enum class SimdLevel {
  kPortable,  // compiled for any processor of this architecture
  kAvx2,      // AVX2, FMA and F16C
};

// The level that vantage's own kernels use: the best that this processor supports, limited by the environment
// variable VANTAGE_SIMD ("portable" or "avx2"), so that every path can run on one machine. LibTorch's kernels
// have variables of their own. Throws UsageError for another value of VANTAGE_SIMD.
SimdLevel UsedSimdLevel();

// "portable", "avx2".
std::string_view SimdLevelName(SimdLevel level);

}  // namespace vantage

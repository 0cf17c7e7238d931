// SPDX-License-Identifier: BSD-3-Clause
#include "descriptor_files/half.h"

#include "util/simd.h"

#ifdef VANTAGE_AVX2
#include <immintrin.h>
#endif

namespace vantage::descriptor_files {
namespace {

#ifdef VANTAGE_AVX2
VANTAGE_AVX2 void ConvertWithF16c(const Eigen::half* halves, float* floats, int64_t count) {
  constexpr int64_t kLanes = 8;
  int64_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    const __m128i eight = _mm_loadu_si128(reinterpret_cast<const __m128i*>(halves + i));
    _mm256_storeu_ps(floats + i, _mm256_cvtph_ps(eight));
  }
  ConvertHalfPortably(halves + i, floats + i, count - i);
}
#endif

}  // namespace

void ConvertHalfPortably(const Eigen::half* halves, float* floats, int64_t count) {
  for (int64_t i = 0; i < count; ++i) floats[i] = static_cast<float>(halves[i]);
}

void ConvertHalf(const Eigen::half* halves, float* floats, int64_t count) {
#ifdef VANTAGE_AVX2
  if (UsedSimdLevel() == SimdLevel::kAvx2) return ConvertWithF16c(halves, floats, count);
#endif
  ConvertHalfPortably(halves, floats, count);
}

}  // namespace vantage::descriptor_files

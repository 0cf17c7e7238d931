// SPDX-License-Identifier: BSD-3-Clause
#include "util/simd.h"

#include <cstdlib>

#include "util/string.h"
#include "vantage/error.h"

namespace vantage {
namespace {

SimdLevel LevelOfProcessor() {
#ifdef VANTAGE_AVX2
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("f16c"))
    return SimdLevel::kAvx2;
#endif
  return SimdLevel::kPortable;
}

SimdLevel FindLevel() {
  const char* wanted = std::getenv("VANTAGE_SIMD");
  if (wanted == nullptr || std::string_view(wanted) == "avx2") return LevelOfProcessor();
  if (std::string_view(wanted) == "portable") return SimdLevel::kPortable;
  throw UsageError(StrCat("VANTAGE_SIMD is '", wanted, "'; known are portable and avx2"));
}

}  // namespace

SimdLevel UsedSimdLevel() {
  static const SimdLevel level = FindLevel();
  return level;
}

std::string_view SimdLevelName(SimdLevel level) { return level == SimdLevel::kAvx2 ? "avx2" : "portable"; }

}  // namespace vantage

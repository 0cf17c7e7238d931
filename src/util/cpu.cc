// SPDX-License-Identifier: BSD-3-Clause
#include "vantage/util/cpu.h"

#if defined(__x86_64__) || defined(__i386__)
#include <cpuid.h>
#endif

namespace vantage {

bool HasFastBfloat16() {
#if defined(__x86_64__) || defined(__i386__)
  unsigned eax = 0;
  unsigned ebx = 0;
  unsigned ecx = 0;
  unsigned edx = 0;
  // Intel SDM, CPUID leaf 7: EDX bit 22 of sub-leaf 0 is AMX-BF16, EAX bit 5 of sub-leaf 1 is AVX512_BF16.
  if (__get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) != 0 && (edx >> 22 & 1) != 0) return true;
  return __get_cpuid_count(7, 1, &eax, &ebx, &ecx, &edx) != 0 && (eax >> 5 & 1) != 0;
#else
  return false;
#endif
}

}  // namespace vantage

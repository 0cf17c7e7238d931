// SPDX-License-Identifier: BSD-3-Clause
#include "vantage/run_context.h"

#include <cstdlib>
#ifdef __GLIBC__
#include <malloc.h>
#endif

namespace vantage {

void KeepFreedMemory() {
#ifdef __GLIBC__
  mallopt(M_MMAP_THRESHOLD, 1 << 30);
  mallopt(M_TRIM_THRESHOLD, 1 << 30);
  // Arenas of other threads cannot hold blocks above 64 MiB.
  mallopt(M_ARENA_MAX, 1);
#endif
}

}  // namespace vantage

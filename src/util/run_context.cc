// SPDX-License-Identifier: BSD-3-Clause
#include "vantage/run_context.h"

#include <algorithm>

#include "util/cpu.h"
#include "vantage/error.h"

namespace vantage {

namespace {

constexpr int kMostThreads = 1024;

}  // namespace

void RunContext::CheckCancelled() const {
  if (IsCancelled()) throw Interrupted("interrupted");
}

int RunContext::ThreadCount() const {
  if (threads > 0) return std::min(threads, kMostThreads);
  return std::min(UsableProcessors(), kMostThreads);
}

}  // namespace vantage

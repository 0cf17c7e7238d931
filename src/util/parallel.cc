// SPDX-License-Identifier: BSD-3-Clause
#include "util/parallel.h"

#include <atomic>

namespace vantage {

void ParallelFor(int64_t count, int threads, const std::function<void(int64_t)>& work) {
  if (count <= 1 || threads <= 1) {
    for (int64_t i = 0; i < count; ++i) work(i);
    return;
  }
  std::atomic<int64_t> next = 0;
  std::atomic<bool> failed = false;
  std::exception_ptr error;
  std::mutex mutex;
  const auto loop = [&] {
    for (int64_t i = next++; i < count && !failed; i = next++) {
      try {
        work(i);
      } catch (...) {
        const std::scoped_lock lock(mutex);
        if (!failed.exchange(true)) error = std::current_exception();
      }
    }
  };
  {
    std::vector<std::jthread> workers;
    for (int64_t i = 1; i < std::min<int64_t>(threads, count); ++i) workers.emplace_back(loop);
    loop();
  }
  if (error) std::rethrow_exception(error);
}

}  // namespace vantage

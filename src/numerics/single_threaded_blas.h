// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <mutex>

extern "C" {
// Functions of OpenBLAS; null if another BLAS is linked.
void openblas_set_num_threads(int count) __attribute__((weak));
int openblas_get_num_threads() __attribute__((weak));
}

namespace vantage::numerics {

// During its lifetime, each matrix product uses one thread, in the whole process. Products then have the same
// bits whatever the number of cores, and may be computed in parallel. Affects OpenBLAS only. Several objects
// may exist at the same time, in any order; the last to be destroyed restores the number of threads.
class SingleThreadedBlas {
 public:
  SingleThreadedBlas() {
    if (openblas_set_num_threads == nullptr || openblas_get_num_threads == nullptr) return;
    const std::scoped_lock lock(mutex_);
    if (alive_++ > 0) return;
    before_ = openblas_get_num_threads();
    openblas_set_num_threads(1);
  }
  ~SingleThreadedBlas() {
    if (openblas_set_num_threads == nullptr || openblas_get_num_threads == nullptr) return;
    const std::scoped_lock lock(mutex_);
    if (--alive_ == 0) openblas_set_num_threads(before_);
  }
  SingleThreadedBlas(const SingleThreadedBlas&) = delete;
  SingleThreadedBlas& operator=(const SingleThreadedBlas&) = delete;

 private:
  // Static, since OpenBLAS has one number of threads for the whole process.
  static inline std::mutex mutex_;
  static inline int alive_ = 0;
  static inline int before_ = 0;
};

}  // namespace vantage::numerics

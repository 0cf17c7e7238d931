// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <mutex>

extern "C" {
// OpenBLAS's, where that is what is linked.
void openblas_set_num_threads(int count) __attribute__((weak));
int openblas_get_num_threads() __attribute__((weak));
}

namespace vantage::numerics {

// While it lives, matrix products take one thread each, in the whole process: they then have the same bits
// whatever the number of cores, and may be computed side by side. Other BLAS libraries than OpenBLAS are left
// as they are. Several may live at a time, in any order: the last that goes restores the number.
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
  // The library's number is the process's.
  static inline std::mutex mutex_;
  static inline int alive_ = 0;
  static inline int before_ = 0;
};

}  // namespace vantage::numerics

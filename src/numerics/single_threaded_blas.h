// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <mutex>

extern "C" {
// Functions of OpenBLAS; null if another BLAS is linked.
void openblas_set_num_threads(int count) __attribute__((weak));
int openblas_get_num_threads() __attribute__((weak));
// Functions of MKL, which LibTorch contains and which computes the products of programs with LibTorch. The
// first is for the calling thread (0: as for the process), and returns what was set before.
int MKL_Set_Num_Threads_Local(int count) __attribute__((weak));
int MKL_Get_Max_Threads() __attribute__((weak));
}

namespace vantage::numerics {

// During its lifetime, each matrix product uses one thread: OpenBLAS's in the whole process, MKL's in the
// thread that made the object. Products then have the same bits whatever the number of cores, and may be
// computed in parallel; workers that multiply make an object each. Several objects may exist at the same
// time, in any order; the last to be destroyed (of the process, of the thread) restores the number of
// threads. An object must be destroyed by the thread that made it.
class SingleThreadedBlas {
 public:
  SingleThreadedBlas() {
    if (HasMkl() && alive_in_thread_++ == 0) before_in_thread_ = MKL_Set_Num_Threads_Local(1);
    if (!HasOpenBlas()) return;
    const std::scoped_lock lock(mutex_);
    if (alive_++ > 0) return;
    before_ = openblas_get_num_threads();
    openblas_set_num_threads(1);
  }
  ~SingleThreadedBlas() {
    if (HasMkl() && --alive_in_thread_ == 0) MKL_Set_Num_Threads_Local(before_in_thread_);
    if (!HasOpenBlas()) return;
    const std::scoped_lock lock(mutex_);
    if (--alive_ == 0) openblas_set_num_threads(before_);
  }
  SingleThreadedBlas(const SingleThreadedBlas&) = delete;
  SingleThreadedBlas& operator=(const SingleThreadedBlas&) = delete;

 private:
  static bool HasOpenBlas() {
    return openblas_set_num_threads != nullptr && openblas_get_num_threads != nullptr;
  }
  static bool HasMkl() { return MKL_Set_Num_Threads_Local != nullptr; }

  // Static, since OpenBLAS has one number of threads for the whole process.
  static inline std::mutex mutex_;
  static inline int alive_ = 0;
  static inline int before_ = 0;
  static inline thread_local int alive_in_thread_ = 0;
  static inline thread_local int before_in_thread_ = 0;
};

}  // namespace vantage::numerics

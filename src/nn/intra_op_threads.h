// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <ATen/Parallel.h>

namespace vantage::nn {

// During its lifetime, gives LibTorch's operators `count` threads in each of several worker threads. The
// workers process photos or tuples in parallel instead, which needs no synchronisation inside the network.
// The destructor restores the previous setting.
class IntraOpThreads {
 public:
  explicit IntraOpThreads(int count) : count_(count), before_(at::get_num_threads()) {}
  ~IntraOpThreads() { at::set_num_threads(before_); }
  IntraOpThreads(const IntraOpThreads&) = delete;
  IntraOpThreads& operator=(const IntraOpThreads&) = delete;

  // Each worker thread must call this, because the setting is per thread.
  void Enter() const {
    if (at::get_num_threads() != count_) at::set_num_threads(count_);
  }

 private:
  int count_;
  int before_;
};

}  // namespace vantage::nn

// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <ATen/Parallel.h>

namespace vantage::nn {

// While it lives, each of several worker threads gives LibTorch's operators `count` threads: photos or tuples
// are worked on side by side instead, which needs no synchronisation inside the network. Goes back to the
// setting before.
class IntraOpThreads {
 public:
  explicit IntraOpThreads(int count) : count_(count), before_(at::get_num_threads()) {}
  ~IntraOpThreads() { at::set_num_threads(before_); }
  IntraOpThreads(const IntraOpThreads&) = delete;
  IntraOpThreads& operator=(const IntraOpThreads&) = delete;

  // To be called by each worker thread: the setting is a thread's own.
  void Enter() const {
    if (at::get_num_threads() != count_) at::set_num_threads(count_);
  }

 private:
  int count_;
  int before_;
};

}  // namespace vantage::nn

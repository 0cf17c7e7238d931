// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <torch/csrc/distributed/c10d/Backend.hpp>
#include <torch/csrc/distributed/c10d/Store.hpp>

namespace vantage::train {

// NCCL between the GPUs of `size` processes, one GPU each; null if this build has no NCCL. Connects on first
// use. Nothing else may use `store`.
c10::intrusive_ptr<c10d::Backend> ConnectGpus(const c10::intrusive_ptr<c10d::Store>& store, int rank,
                                              int size);

}  // namespace vantage::train

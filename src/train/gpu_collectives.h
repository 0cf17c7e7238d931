// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <torch/csrc/distributed/c10d/Backend.hpp>
#include <torch/csrc/distributed/c10d/Store.hpp>

namespace vantage::train {

// NCCL between the GPUs of `size` processes, one each; null where this build has none. Connects when it is
// used first. `store`: for this alone.
c10::intrusive_ptr<c10d::Backend> ConnectGpus(const c10::intrusive_ptr<c10d::Store>& store, int rank,
                                              int size);

}  // namespace vantage::train

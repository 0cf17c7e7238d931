// SPDX-License-Identifier: BSD-3-Clause
#include "train/gpu_collectives.h"

#include "vantage/training.h"

#ifdef VANTAGE_NCCL
#define USE_C10D_NCCL
#include <chrono>
#include <torch/csrc/distributed/c10d/ProcessGroupNCCL.hpp>
#endif

namespace vantage {

bool HasNccl() {
#ifdef VANTAGE_NCCL
  return true;
#else
  return false;
#endif
}

namespace train {

#ifdef VANTAGE_NCCL

c10::intrusive_ptr<c10d::Backend> ConnectGpus(const c10::intrusive_ptr<c10d::Store>& store, int rank,
                                              int size) {
  auto options = c10d::ProcessGroupNCCL::Options::create();
  // No time limit: PeerWatch detects lost processes, and slow ones are waited for.
  options->timeout = std::chrono::hours(24 * 365);
  return c10::make_intrusive<c10d::ProcessGroupNCCL>(store, rank, size, options);
}

#else

c10::intrusive_ptr<c10d::Backend> ConnectGpus(const c10::intrusive_ptr<c10d::Store>& /*store*/, int /*rank*/,
                                              int /*size*/) {
  return {};
}

#endif

}  // namespace train
}  // namespace vantage

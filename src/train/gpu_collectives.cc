// SPDX-License-Identifier: BSD-3-Clause
#include "train/gpu_collectives.h"

#include "vantage/training.h"

#ifdef VANTAGE_NCCL
#define USE_C10D_NCCL
#include <chrono>
#include <torch/csrc/distributed/c10d/ProcessGroupNCCL.hpp>
#endif

namespace vantage {

#ifdef VANTAGE_NCCL

bool HasNccl() { return true; }

c10::intrusive_ptr<c10d::Backend> ConnectGpus(const c10::intrusive_ptr<c10d::Store>& store, int rank,
                                              int size) {
  auto options = c10d::ProcessGroupNCCL::Options::create();
  // Peers are watched by PeerWatch: a slow one is waited for.
  options->timeout = std::chrono::hours(24 * 365);
  return c10::make_intrusive<c10d::ProcessGroupNCCL>(store, rank, size, options);
}

#else

bool HasNccl() { return false; }

c10::intrusive_ptr<c10d::Backend> ConnectGpus(const c10::intrusive_ptr<c10d::Store>& /*store*/, int /*rank*/,
                                              int /*size*/) {
  return {};
}

#endif

}  // namespace vantage

// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <exception>
#include <memory>
#include <string>
#include <vector>

#include "vantage/descriptors/descriptors.h"
#include "vantage/train/launch_environment.h"
#include "vantage/util/error.h"
#include "vantage/util/run_context.h"

namespace at {
class Tensor;
}

namespace vantage {

// Another process of the group ended early, or cannot be reached any more.
class PeerError : public Error {
 public:
  using Error::Error;
};

struct ProcessGroupOptions {
  // "cpu", or the GPU that this process computes on: "cuda:1". Where all have one, each its own, gradients go
  // from GPU to GPU by NCCL, if the build has it; else over the CPU by Gloo.
  std::string device = "cpu";
  // How long a process waits for the others to come, seconds.
  double join_timeout = 300;
  // A process that gives no sign of life for so long is gone, seconds; it gives one a second.
  double peer_timeout = 20;
};

// Whether this build has NCCL between GPUs: with a CUDA LibTorch, where CMake finds NCCL's headers and
// CUDA's.
bool HasNccl();

// The processes that train one network, one a device, over c10d with Gloo, and NCCL between GPUs: what
// PyTorch's DistributedDataParallel has beneath it. All processes make the same calls in the same order, each
// from one thread. One process alone is a group too, which needs no network.
//
// Where a process ended early (it was killed, failed, or was told to stop), the calls of all others end with
// Error or Interrupted, also while they wait for it; those that compute learn it from Watched.
//
//   const ProcessGroup group = ProcessGroup::Join(ReadLaunchEnvironment(), context);
//   group.AllReduceSum(gradients);
//   group.Finish();
class ProcessGroup {
 public:
  // One process alone.
  ProcessGroup();
  // Meets the others. Throws Error where they don't come, or are not those of this run; UsageError where
  // process 0 cannot listen at its port; Interrupted.
  static ProcessGroup Join(const LaunchEnvironment& launch, const RunContext& context = {},
                           const ProcessGroupOptions& options = {});
  // Without Finish before it: tells the others that this process ended early.
  ~ProcessGroup();
  ProcessGroup(ProcessGroup&&) noexcept;
  ProcessGroup& operator=(ProcessGroup&&) noexcept;

  int rank() const { return launch_.rank; }
  int size() const { return launch_.size; }
  int local_rank() const { return launch_.local_rank; }
  bool IsFirst() const { return rank() == 0; }

  // Replaces the elements of each tensor by their sum over the processes, in buckets of 25 MB. The tensors
  // have the same shapes and types everywhere and are dense. All processes get the same bits.
  void AllReduceSum(const std::vector<at::Tensor>& tensors) const;

  // What each process has to say, in the order of ranks; texts may be of any lengths.
  std::vector<std::string> AllGather(const std::string& bytes) const;
  // The rows of all processes below each other, in the order of ranks; as many columns everywhere.
  DescriptorMatrix AllGatherRows(const DescriptorMatrix& rows) const;
  // What process 0 gives; what the others give is not looked at.
  std::string Broadcast(const std::string& bytes) const;
  // Returns when all processes have come here.
  void Barrier() const;

  // The context with the others in it: it is cancelled also where another process ended early. The object
  // must outlive it.
  RunContext Watched(const RunContext& context) const;
  // Throws PeerError, or Interrupted where the other was told to stop, if another process ended early; also
  // after Abandon.
  void CheckPeers() const;

  // The end, where all has gone well: waits for the others.
  void Finish();
  // The end of this process alone: tells the others why, so that they end too.
  void Abandon(const std::exception& reason);

 private:
  struct State;

  LaunchEnvironment launch_;
  std::unique_ptr<State> state_;  // null: alone, or the end has come
};

}  // namespace vantage

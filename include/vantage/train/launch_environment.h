// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <functional>
#include <string>

namespace vantage {

// This process among those that were started together: what torchrun says in environment variables, and what
// SLURM's and MPI's launchers can be told to say.
struct LaunchEnvironment {
  int rank = 0;        // RANK: 0 .. size - 1
  int size = 1;        // WORLD_SIZE
  int local_rank = 0;  // LOCAL_RANK: which of this machine's processes, and so which of its devices
  int local_size = 1;  // LOCAL_WORLD_SIZE: how many share this machine's cores
  // MASTER_ADDR and MASTER_PORT: where process 0 listens. Empty and 0 for one process alone.
  std::string master_address;
  int master_port = 0;
  // torchrun listens there itself (TORCHELASTIC_USE_AGENT_STORE), and starts all again after a failure.
  bool agent_hosts_store = false;
  int restart = 0;  // TORCHELASTIC_RESTART_COUNT
};

// Reads the variables: one process alone where neither RANK nor WORLD_SIZE is set, and then no other is
// looked at. Throws UsageError naming the variable that is missing, is no number or contradicts another.
// `get` is asked for each variable, nullptr where it is not set; empty: this process's environment.
LaunchEnvironment ReadLaunchEnvironment(const std::function<const char*(const char*)>& get = {});

// The device of a process among several: "cuda" becomes the GPU of its number on the machine, or the only one
// that it sees; other names stay. gpus: how many it sees. Throws UsageError if it sees more than one and none
// of its number.
std::string DeviceOfProcess(const std::string& device, const LaunchEnvironment& launch, int gpus);

}  // namespace vantage

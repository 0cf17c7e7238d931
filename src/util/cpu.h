// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace vantage {

// Processors that this process may use, rounded up, at least 1: those of its affinity (taskset, cpusets), and
// no more than the quota of its control groups (`docker --cpus`, Kubernetes' limits, systemd's CPUQuota).
int UsableProcessors();

// The least quota of CPU time, in processors, of the control groups that `groups` names (/proc/self/cgroup)
// and of those they are in, below `root` (/sys/fs/cgroup). Version 2 (cpu.max) and version 1
// (cpu.cfs_quota_us). Infinity where there is none or nothing can be read.
double CpuQuota(const std::filesystem::path& groups, const std::filesystem::path& root);

// Whether this CPU multiplies matrices of bfloat16 in hardware (AMX or AVX512-BF16). Without, they take
// hundreds of times as long as those of float32.
bool HasFastBfloat16();

// This CPU's name, as its maker wrote it: "AMD EPYC 9R14". Empty where it does not tell.
std::string CpuName();

// Those of its vector instructions that make a difference here: "AVX2", "AVX-512", "AVX512-BF16", "AMX-BF16".
std::vector<std::string> VectorInstructions();

}  // namespace vantage

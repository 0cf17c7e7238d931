// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace vantage {

// Number of processors that this process may use, at least 1: the processors of its affinity mask (taskset,
// cpusets), limited by the quota of its control groups, rounded up (`docker --cpus`, Kubernetes' limits,
// systemd's CPUQuota).
int UsableProcessors();

// Smallest quota of CPU time, in processors, among the control groups that `groups` names (/proc/self/cgroup)
// and their ancestors below `root` (/sys/fs/cgroup). Reads version 2 (cpu.max) and version 1
// (cpu.cfs_quota_us). Infinity if there is no quota or it cannot be read.
double CpuQuota(const std::filesystem::path& groups, const std::filesystem::path& root);

// Whether this CPU multiplies matrices of bfloat16 in hardware (AMX or AVX512-BF16). Without such
// instructions, these products are hundreds of times slower than float32 products.
bool HasFastBfloat16();

// This CPU's brand string: "AMD EPYC 9R14". Empty if the CPU reports none.
std::string CpuName();

// This CPU's vector extensions that matter to vantage: "AVX2", "AVX-512", "AVX512-BF16", "AMX-BF16".
std::vector<std::string> VectorInstructions();

}  // namespace vantage

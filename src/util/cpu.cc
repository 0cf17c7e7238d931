// SPDX-License-Identifier: BSD-3-Clause
#include "vantage/util/cpu.h"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <limits>
#include <string>
#include <thread>
#ifdef __linux__
#include <sched.h>
#endif
#if defined(__x86_64__) || defined(__i386__)
#include <cpuid.h>
#endif

namespace vantage {
namespace {

namespace fs = std::filesystem;

constexpr double kNoQuota = std::numeric_limits<double>::infinity();

// Quota of one control group.
double QuotaOf(const fs::path& group) {
  double quota = 0;
  double period = 0;
  // "200000 100000", or "max 100000", which is no number.
  if (std::ifstream(group / "cpu.max") >> quota >> period && quota > 0 && period > 0) return quota / period;
  // -1: none.
  if (std::ifstream(group / "cpu.cfs_quota_us") >> quota &&
      std::ifstream(group / "cpu.cfs_period_us") >> period && quota > 0 && period > 0) {
    return quota / period;
  }
  return kNoQuota;
}

// The least of a group and of those it is in. A container sees its own group as the root, under whatever
// name.
double LeastQuota(const fs::path& root, const fs::path& name) {
  double least = QuotaOf(root);
  fs::path group = root;
  for (const fs::path& part : name.relative_path()) {
    group /= part;
    least = std::min(least, QuotaOf(group));
  }
  return least;
}

int ProcessorsOfAffinity() {
#ifdef __linux__
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof(set), &set) == 0) return CPU_COUNT(&set);
#endif
  return static_cast<int>(std::thread::hardware_concurrency());
}

}  // namespace

double CpuQuota(const fs::path& groups, const fs::path& root) {
  double least = kNoQuota;
  std::ifstream lines(groups);
  // "0::/a/b" of version 2, "4:cpu,cpuacct:/a/b" of version 1.
  for (std::string line; std::getline(lines, line);) {
    const size_t first = line.find(':');
    const size_t second = first == line.npos ? line.npos : line.find(':', first + 1);
    if (second == line.npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    const std::string name = line.substr(second + 1);
    if (controllers.empty()) {
      least = std::min(least, LeastQuota(root, name));
    } else if (("," + controllers + ",").find(",cpu,") != std::string::npos) {
      least = std::min({least, LeastQuota(root / controllers, name), LeastQuota(root / "cpu", name)});
    }
  }
  return least;
}

int UsableProcessors() {
  static const double quota = CpuQuota("/proc/self/cgroup", "/sys/fs/cgroup");
  return static_cast<int>(std::max(1.0, std::min<double>(ProcessorsOfAffinity(), std::ceil(quota))));
}

bool HasFastBfloat16() {
#if defined(__x86_64__) || defined(__i386__)
  unsigned eax = 0;
  unsigned ebx = 0;
  unsigned ecx = 0;
  unsigned edx = 0;
  // Intel SDM, CPUID leaf 7: EDX bit 22 of sub-leaf 0 is AMX-BF16, EAX bit 5 of sub-leaf 1 is AVX512_BF16.
  if (__get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) != 0 && (edx >> 22 & 1) != 0) return true;
  return __get_cpuid_count(7, 1, &eax, &ebx, &ecx, &edx) != 0 && (eax >> 5 & 1) != 0;
#else
  return false;
#endif
}

}  // namespace vantage

// SPDX-License-Identifier: BSD-3-Clause
#include "util/cpu.h"

#include <algorithm>
#include <array>
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

#include "util/string.h"

namespace vantage {
namespace {

namespace fs = std::filesystem;

constexpr double kNoQuota = std::numeric_limits<double>::infinity();

// The quota of one control group, in processors.
double QuotaOf(const fs::path& group) {
  double quota = 0;
  double period = 0;
  // "200000 100000", or "max 100000", which does not parse.
  if (std::ifstream(group / "cpu.max") >> quota >> period && quota > 0 && period > 0) return quota / period;
  // -1: no quota.
  if (std::ifstream(group / "cpu.cfs_quota_us") >> quota &&
      std::ifstream(group / "cpu.cfs_period_us") >> period && quota > 0 && period > 0) {
    return quota / period;
  }
  return kNoQuota;
}

// The smallest quota of a group and its parents. In a container the root is the container's own group,
// whatever its name is.
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

// A bit of a register of CPUID leaf 7 (Intel SDM). index: 0 to 3 for EAX to EDX.
struct CpuBit {
  unsigned sub_leaf;
  size_t index;
  unsigned bit;
};
constexpr CpuBit kAvx512Bf16{1, 0, 5};
constexpr CpuBit kAmxBf16{0, 3, 22};

bool Has([[maybe_unused]] const CpuBit& wanted) {
#if defined(__x86_64__) || defined(__i386__)
  std::array<unsigned, 4> registers{};
  return __get_cpuid_count(7, wanted.sub_leaf, &registers[0], &registers[1], &registers[2], &registers[3]) !=
             0 &&
         (registers.at(wanted.index) >> wanted.bit & 1) != 0;
#else
  return false;
#endif
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

bool HasFastBfloat16() { return Has(kAvx512Bf16) || Has(kAmxBf16); }

std::string CpuName() {
  std::string name;
#if defined(__x86_64__) || defined(__i386__)
  // Three leaves of 16 characters each.
  for (unsigned leaf = 0x80000002; leaf <= 0x80000004; ++leaf) {
    std::array<unsigned, 4> registers{};
    if (__get_cpuid(leaf, &registers[0], &registers[1], &registers[2], &registers[3]) == 0) return "";
    name.append(reinterpret_cast<const char*>(registers.data()), sizeof(registers));
  }
  name.resize(std::min(name.find('\0'), name.size()));
#endif
  return std::string(Trim(name));
}

std::vector<std::string> VectorInstructions() {
  std::vector<std::string> names;
#if defined(__x86_64__) || defined(__i386__)
  if (__builtin_cpu_supports("avx2")) names.emplace_back("AVX2");
  if (__builtin_cpu_supports("avx512f")) names.emplace_back("AVX-512");
#endif
  if (Has(kAvx512Bf16)) names.emplace_back("AVX512-BF16");
  if (Has(kAmxBf16)) names.emplace_back("AMX-BF16");
  return names;
}

}  // namespace vantage

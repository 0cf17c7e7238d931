// SPDX-License-Identifier: BSD-3-Clause
#include "util/parallel.h"

#include <sched.h>

#include <atomic>
#include <chrono>
#include <limits>

#include "testing/files.h"
#include "util/cpu.h"
#include "util/file.h"
#include "vantage/run_context.h"

namespace vantage {
namespace {

using vantage::testing::TemporaryFolder;

TEST(ParallelFor, DoesEachIndexOnce) {
  std::vector<std::atomic<int>> counts(1000);
  ParallelFor(1000, 4, [&](int64_t i) { ++counts[static_cast<size_t>(i)]; });
  for (const auto& count : counts) EXPECT_EQ(count, 1);
}

TEST(ParallelFor, ThrowsTheFirstErrorAndStops) {
  std::atomic<int> done = 0;
  EXPECT_THROW(ParallelFor(1'000'000, 4,
                           [&](int64_t i) {
                             if (i == 10) throw Error("ten");
                             ++done;
                           }),
               Error);
  EXPECT_LT(done, 1'000'000);
}

TEST(OrderedPrefetch, HandsOutInOrderWhateverTheThreads) {
  for (const int threads : {1, 3, 8}) {
    OrderedPrefetch<int64_t> prefetch(200, threads, 5, [](int64_t i) {
      std::this_thread::sleep_for(std::chrono::microseconds((i * 7919) % 300));
      return i * i;
    });
    for (int64_t i = 0; i < 200; ++i) EXPECT_EQ(prefetch.Next(), i * i);
    EXPECT_EQ(prefetch.Next(), std::nullopt);
  }
}

TEST(OrderedPrefetch, NeverHoldsMoreThanTheWindow) {
  std::atomic<int64_t> made = 0;
  std::atomic<int64_t> taken = 0;
  std::atomic<int64_t> most = 0;
  OrderedPrefetch<int> prefetch(100, 4, 3, [&](int64_t) {
    const int64_t waiting = ++made - taken;
    int64_t seen = most;
    while (waiting > seen && !most.compare_exchange_weak(seen, waiting)) {
    }
    return 0;
  });
  while (prefetch.Next()) ++taken;
  // One more than the window: Next has handed an item out before `taken` counts it.
  EXPECT_LE(most, 4);
}

TEST(OrderedPrefetch, ThrowsAtTheItemThatFailedAndGoesOn) {
  OrderedPrefetch<int64_t> prefetch(4, 2, 4, [](int64_t i) {
    if (i == 1) throw Error("one");
    return i;
  });
  EXPECT_EQ(prefetch.Next(), 0);
  EXPECT_THROW(prefetch.Next(), Error);
  EXPECT_EQ(prefetch.Next(), 2);
  EXPECT_EQ(prefetch.Next(), 3);
}

TEST(OrderedPrefetch, CanBeLeftEarly) {
  OrderedPrefetch<int> prefetch(1000, 4, 8, [](int64_t) { return 1; });
  EXPECT_EQ(prefetch.Next(), 1);
}

TEST(OrderedPrefetch, OfNothingGivesNothing) {
  OrderedPrefetch<int> prefetch(0, 4, 8, [](int64_t) { return 1; });
  EXPECT_EQ(prefetch.Next(), std::nullopt);
}

TEST(RunContext, TakesNoMoreThreadsThanAMachineCanHave) {
  EXPECT_EQ(RunContext{.threads = 1 << 30}.ThreadCount(), 1024);
  EXPECT_GE(RunContext{.threads = -3}.ThreadCount(), 1);
}

// `taskset` and cpusets leave a process fewer cores than the machine has.
TEST(RunContext, FollowsTheAffinityOfTheProcess) {
  cpu_set_t before;
  ASSERT_EQ(sched_getaffinity(0, sizeof(before), &before), 0);
  cpu_set_t one;
  CPU_ZERO(&one);
  for (int cpu = 0; cpu < CPU_SETSIZE && CPU_COUNT(&one) == 0; ++cpu) {
    if (CPU_ISSET(cpu, &before)) CPU_SET(cpu, &one);
  }
  ASSERT_EQ(sched_setaffinity(0, sizeof(one), &one), 0);
  EXPECT_EQ(RunContext{}.ThreadCount(), 1);
  EXPECT_EQ(RunContext{.threads = 3}.ThreadCount(), 3) << "what is asked for counts";
  ASSERT_EQ(sched_setaffinity(0, sizeof(before), &before), 0);
}

// A container's quota holds for all in its group, and in the groups that its group is in.
TEST(CpuQuota, IsTheLeastOfTheGroupsThatTheProcessIsIn) {
  const TemporaryFolder folder;
  const auto quota = [&](const std::string& groups) {
    WriteFile(folder / "cgroup", groups);
    return CpuQuota(folder / "cgroup", folder / "sys");
  };
  const double none = std::numeric_limits<double>::infinity();
  EXPECT_EQ(CpuQuota(folder / "missing", folder / "sys"), none);
  EXPECT_EQ(quota("0::/a/b\n"), none) << "nothing can be read";
  WriteFile(folder / "sys/a/b/cpu.max", "max 100000\n");
  EXPECT_EQ(quota("0::/a/b\n"), none);
  WriteFile(folder / "sys/a/cpu.max", "150000 100000\n");
  EXPECT_EQ(quota("0::/a/b\n"), 1.5);
  EXPECT_EQ(quota("0::/\n"), none);
  WriteFile(folder / "sys/cpu.max", "50000 100000\n");
  EXPECT_EQ(quota("0::/elsewhere\n"), 0.5);
  // Version 1: a folder a controller.
  WriteFile(folder / "sys/cpu,cpuacct/c/cpu.cfs_quota_us", "300000\n");
  WriteFile(folder / "sys/cpu,cpuacct/c/cpu.cfs_period_us", "100000\n");
  EXPECT_EQ(quota("5:memory:/c\n4:cpu,cpuacct:/c\n"), 3);
  WriteFile(folder / "sys/cpu,cpuacct/c/cpu.cfs_quota_us", "-1\n");
  EXPECT_EQ(quota("4:cpu,cpuacct:/c\n3:cpuset:/c\n"), none);
}

}  // namespace
}  // namespace vantage

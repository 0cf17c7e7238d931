// SPDX-License-Identifier: BSD-3-Clause
#include "vantage/util/parallel.h"

#include <atomic>
#include <chrono>

#include "testing/files.h"
#include "vantage/util/run_context.h"

namespace vantage {
namespace {

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

}  // namespace
}  // namespace vantage

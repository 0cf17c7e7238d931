// SPDX-License-Identifier: BSD-3-Clause
// One process of a group, for process_group_test: process_group_program SCENARIO. Prints the result or the
// error.
#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/full.h>

#include <chrono>
#include <cmath>
#include <csignal>
#include <cstdio>
#include <thread>

#include "vantage/error.h"
#include "vantage/training.h"

namespace vantage::train {
namespace {

using namespace std::chrono_literals;

void Check(bool condition, const std::string& what) {
  if (!condition) throw Error("wrong: " + what);
}

void TestCollectives(const ProcessGroup& group) {
  const int rank = group.rank();
  const int size = group.size();
  // More than a bucket, of several types and shapes, one not contiguous.
  at::Tensor large = at::full({3000, 3000}, rank + 1.0F);
  at::Tensor transposed = (at::arange(6).reshape({2, 3}).to(at::kFloat) * (rank + 1)).t();
  at::Tensor count = at::full({}, rank, at::kLong);
  at::Tensor sum = at::full({2}, 0.1 * (rank + 1), at::kDouble);
  at::Tensor empty = at::full({0}, 1.0F);
  group.AllReduceSum({large, transposed, count, empty, sum});
  const int ranks = size * (size + 1) / 2;
  Check(large.eq(ranks).all().item<bool>(), "sum of the large tensor");
  Check(transposed.eq(at::arange(6).reshape({2, 3}).t() * ranks).all().item<bool>(),
        "sum of the transposed tensor");
  Check(count.item<int64_t>() == ranks - size, "sum of integers");
  Check(std::abs(sum[1].item<double>() - 0.1 * ranks) < 1e-12, "sum of doubles");

  // As many rows as the rank.
  const DescriptorMatrix rows = DescriptorMatrix::Constant(rank, 4, static_cast<float>(rank));
  const DescriptorMatrix all = group.AllGatherRows(rows);
  Check(all.rows() == size * (size - 1) / 2 && all.cols() == 4, "shape of gathered rows");
  int row = 0;
  for (int r = 0; r < size; ++r) {
    for (int i = 0; i < r; ++i) Check(all(row++, 3) == static_cast<float>(r), "order of gathered rows");
  }
  Check(group.AllGatherRows(DescriptorMatrix(0, 4)).rows() == 0, "no rows at all");

  const std::vector<std::string> texts =
      group.AllGather(std::string(static_cast<size_t>(rank) * 3, 'a' + rank));
  for (int r = 0; r < size; ++r) {
    Check(texts[static_cast<size_t>(r)] == std::string(static_cast<size_t>(r) * 3, 'a' + r),
          "gathered bytes");
  }
  std::string bytes(3'000'000, '\0');
  for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i * 7);
  Check(group.Broadcast(group.IsFirst() ? bytes : "") == bytes, "broadcast bytes");
  Check(group.Broadcast(group.IsFirst() ? "" : "ignored").empty(), "an empty broadcast");
  group.Barrier();
}

// Computes until it is cancelled.
void Compute(const ProcessGroup& group, const RunContext& context, std::chrono::seconds limit) {
  const RunContext watched = group.Watched(context);
  const auto end = std::chrono::steady_clock::now() + limit;
  while (std::chrono::steady_clock::now() < end) {
    if (watched.IsCancelled()) {
      group.CheckPeers();
      throw Interrupted("interrupted");
    }
    std::this_thread::sleep_for(10ms);
  }
}

void Run(const std::string& scenario, const RunContext& context) {
  ProcessGroupOptions options;
  options.join_timeout = scenario == "alone" ? 2 : 60;
  options.peer_timeout = scenario == "compute" || scenario == "frozen" ? 3 : 300;
  ProcessGroup group = ProcessGroup::Join(ReadLaunchEnvironment(), context, options);
  const bool is_last = group.rank() == group.size() - 1;
  try {
    if (scenario == "collectives") TestCollectives(group);
    if (scenario == "kill-last" && is_last) std::raise(SIGKILL);
    if (scenario == "kill-first" && group.IsFirst()) std::raise(SIGKILL);
    if (scenario == "compute") {
      if (is_last) std::raise(SIGKILL);
      Compute(group, context, 60s);
    }
    if (scenario == "frozen") {
      if (is_last) std::raise(SIGSTOP);
      group.Barrier();
    }
    if (scenario == "fail" && is_last) throw Error("photo.jpg: no such file");
    if (scenario == "fail-first" && group.IsFirst()) throw Error("disk full");
    if (scenario == "interrupt") {
      if (is_last) throw Interrupted("interrupted");
      Compute(group, context, 60s);
    }
    group.Barrier();
    if (scenario == "slow" && is_last) std::this_thread::sleep_for(3s);
    group.Finish();
  } catch (const Error& error) {
    group.Abandon(error);
    throw;
  }
}

}  // namespace
}  // namespace vantage::train

int main(int /*argc*/, char** argv) {
  try {
    vantage::train::Run(argv[1], {});
  } catch (const vantage::Interrupted& error) {
    std::printf("interrupted: %s\n", error.what());
    return 3;
  } catch (const vantage::UsageError& error) {
    std::printf("usage: %s\n", error.what());
    return 2;
  } catch (const vantage::Error& error) {
    std::printf("error: %s\n", error.what());
    return 1;
  }
  std::printf("fine\n");
  return 0;
}

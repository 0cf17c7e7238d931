// SPDX-License-Identifier: BSD-3-Clause
#include "training_set/splits.h"

#include <algorithm>
#include <cmath>

#include "util/index.h"
#include "util/random.h"

namespace vantage::training_set {
namespace {

constexpr int64_t kScenesOfASplit = 2;  // negatives come from another scene than the query

}  // namespace

std::vector<Split> DrawSplits(const std::vector<std::optional<Split>>& named, const TupleOptions& options) {
  std::vector<Split> splits;
  std::vector<size_t> undecided;
  for (size_t i = 0; i < named.size(); ++i) {
    splits.push_back(named[i].value_or(Split::kTrain));
    if (!named[i]) undecided.push_back(i);
  }
  const auto count = std::ssize(undecided);
  if (count < 2 * kScenesOfASplit || options.val_fraction <= 0) return splits;
  const auto wanted = static_cast<int64_t>(std::llround(options.val_fraction * static_cast<double>(count)));
  RandomStream random(static_cast<uint64_t>(options.seed), "val scenes");
  for (const int64_t i :
       random.Sample(count, std::clamp<int64_t>(wanted, kScenesOfASplit, count - kScenesOfASplit))) {
    splits[undecided[ToIndex(i)]] = Split::kVal;
  }
  return splits;
}

int64_t QueriesOfScene(int64_t photos, const TupleOptions& options) {
  const auto share = static_cast<int64_t>(options.query_fraction * static_cast<double>(photos));
  return std::min<int64_t>(options.max_queries_per_scene, std::max<int64_t>(1, share));
}

}  // namespace vantage::training_set

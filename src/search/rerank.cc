// SPDX-License-Identifier: BSD-3-Clause
#include "vantage/search.h"

#include <algorithm>
#include <atomic>
#include <utility>

#include "util/index.h"
#include "util/parallel.h"

namespace vantage {

std::vector<std::vector<Neighbor>> RerankTop(std::vector<std::vector<Neighbor>> rankings, int64_t count,
                                             const CloserLook& look, const RunContext& context) {
  const auto total = std::ssize(rankings);
  std::atomic<int64_t> done = 0;
  ParallelFor(total, context.ThreadCount(), [&](int64_t q) {
    std::vector<Neighbor>& ranking = rankings[ToIndex(q)];
    const size_t looked_at = std::min(ranking.size(), ToIndex(std::max<int64_t>(0, count)));
    std::vector<std::pair<int64_t, Neighbor>> fits;
    for (size_t i = 0; i < looked_at; ++i) {
      context.CheckCancelled();
      fits.emplace_back(look(ToIndex(q), ranking[i].index), ranking[i]);
    }
    std::stable_sort(fits.begin(), fits.end(),
                     [](const auto& a, const auto& b) { return a.first > b.first; });
    for (size_t i = 0; i < looked_at; ++i) ranking[i] = fits[i].second;
    context.Report({"re-ranking", ++done, total, ""});
  });
  return rankings;
}

}  // namespace vantage

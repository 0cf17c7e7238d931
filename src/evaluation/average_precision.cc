// SPDX-License-Identifier: BSD-3-Clause
#include "vantage/evaluation.h"

#include <algorithm>
#include <unordered_set>

#include "util/check.h"
#include "util/index.h"

namespace vantage {

double AveragePrecision(const std::vector<int64_t>& positive_ranks, int64_t positive_count) {
  const double recall_step = 1.0 / static_cast<double>(positive_count);
  double area = 0;
  for (size_t j = 0; j < positive_ranks.size(); ++j) {
    const auto rank = static_cast<double>(positive_ranks[j]);
    const auto found = static_cast<double>(j);
    const double precision_before = positive_ranks[j] == 0 ? 1.0 : found / rank;
    const double precision_after = (found + 1) / (rank + 1);
    area += (precision_before + precision_after) * recall_step / 2;
  }
  return area;
}

std::vector<int64_t> PositiveRanks(const std::vector<int64_t>& ranking, const Relevance& relevance,
                                   std::span<const int64_t> distractors_above) {
  VANTAGE_CHECK(distractors_above.empty() || distractors_above.size() == ranking.size(),
                "evaluation: ", distractors_above.size(), " counts of distractors for a ranking of ",
                ranking.size());
  const std::unordered_set<int64_t> positives(relevance.positives.begin(), relevance.positives.end());
  const std::unordered_set<int64_t> junk(relevance.junk.begin(), relevance.junk.end());
  std::vector<int64_t> ranks;
  int64_t rank = 0;
  for (size_t place = 0; place < ranking.size(); ++place) {
    const int64_t row = ranking[place];
    if (positives.count(row) == 1) {
      ranks.push_back(rank++ + (distractors_above.empty() ? 0 : distractors_above[place]));
    } else if (junk.count(row) == 0) {
      ++rank;
    }
  }
  return ranks;
}

std::vector<double> InterpolatedPrecision(const std::vector<int64_t>& positive_ranks, int64_t positive_count,
                                          int levels) {
  VANTAGE_CHECK(levels >= 2 && positive_count >= 1, "precision at ", levels, " recalls of ", positive_count,
                " positives");
  // best[j]: the highest precision at any rank where more than j positives are found.
  std::vector<double> best(positive_ranks.size());
  double highest = 0;
  for (size_t j = positive_ranks.size(); j-- > 0;) {
    highest = std::max(highest, static_cast<double>(j + 1) / static_cast<double>(positive_ranks[j] + 1));
    best[j] = highest;
  }
  std::vector<double> precisions;
  for (int64_t level = 0; level < levels; ++level) {
    // The number of positives that recall level / (levels - 1) needs, rounded up.
    const int64_t found = (level * positive_count + levels - 2) / (levels - 1);
    const auto place = ToIndex(std::max<int64_t>(0, found - 1));
    precisions.push_back(place < best.size() ? best[place] : 0);
  }
  return precisions;
}

}  // namespace vantage

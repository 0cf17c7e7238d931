// SPDX-License-Identifier: BSD-3-Clause
#include "vantage/evaluation.h"

#include <algorithm>
#include <limits>
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
  // best[j]: the highest precision where more than j positives are found.
  std::vector<double> best(positive_ranks.size());
  double highest = 0;
  for (size_t j = positive_ranks.size(); j-- > 0;) {
    highest = std::max(highest, static_cast<double>(j + 1) / static_cast<double>(positive_ranks[j] + 1));
    best[j] = highest;
  }
  std::vector<double> precisions;
  for (int64_t level = 0; level < levels; ++level) {
    // Recall level / (levels - 1) needs so many positives, rounded up.
    const int64_t found = (level * positive_count + levels - 2) / (levels - 1);
    const auto place = ToIndex(std::max<int64_t>(0, found - 1));
    precisions.push_back(place < best.size() ? best[place] : 0);
  }
  return precisions;
}

RetrievalScores ScoreRanks(const std::vector<FoundPositives>& queries, const std::vector<int>& ks) {
  constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
  RetrievalScores scores;
  double sum = 0;
  std::map<int, double> precision_sums;
  std::map<int, double> found_counts;
  int64_t judged = 0;
  for (const auto& [ranks, count] : queries) {
    if (count == 0) {
      scores.average_precisions.push_back(kNaN);
      continue;
    }
    scores.average_precisions.push_back(AveragePrecision(ranks, count));
    sum += scores.average_precisions.back();
    ++judged;
    for (const int k : ks) {
      if (ranks.empty()) continue;
      found_counts[k] += ranks.front() < k ? 1 : 0;
      const int64_t cut = std::min<int64_t>(ranks.back() + 1, k);
      const auto found = std::lower_bound(ranks.begin(), ranks.end(), cut) - ranks.begin();
      precision_sums[k] += static_cast<double>(found) / static_cast<double>(cut);
    }
  }
  scores.mean_average_precision = judged == 0 ? kNaN : sum / static_cast<double>(judged);
  for (const int k : ks) {
    scores.mean_precision_at[k] = judged == 0 ? kNaN : precision_sums[k] / static_cast<double>(judged);
    scores.recall_at[k] = judged == 0 ? kNaN : found_counts[k] / static_cast<double>(judged);
  }
  return scores;
}

RetrievalScores ScoreRankings(const std::vector<std::vector<int64_t>>& rankings,
                              const std::vector<Relevance>& relevances, const std::vector<int>& ks,
                              const std::vector<std::vector<int64_t>>& distractors_above) {
  VANTAGE_CHECK(rankings.size() == relevances.size(), "evaluation: ", rankings.size(), " rankings for ",
                relevances.size(), " queries");
  VANTAGE_CHECK(distractors_above.empty() || distractors_above.size() == rankings.size(),
                "evaluation: ", distractors_above.size(), " lists of distractors for ", rankings.size(),
                " rankings");
  std::vector<FoundPositives> queries;
  for (size_t q = 0; q < rankings.size(); ++q) {
    const std::span<const int64_t> above =
        distractors_above.empty() ? std::span<const int64_t>() : distractors_above[q];
    queries.push_back(
        {PositiveRanks(rankings[q], relevances[q], above), std::ssize(relevances[q].positives)});
  }
  return ScoreRanks(queries, ks);
}

}  // namespace vantage

// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <vector>

namespace vantage {

// What the database holds for a query, as row numbers of the database.
struct Relevance {
  std::vector<int64_t> positives;
  // Neither right nor wrong: taken out of the ranking before it is judged.
  std::vector<int64_t> junk;
};

// Average precision of one query as Oxford and Paris define it (Philbin et al., CVPR 2007): the area under
// the precision-recall curve by trapezoids, precision 1 before the first result. positive_ranks: ranks (0 is
// best) of the positives that were found, ascending; positive_count: how many there are.
double AveragePrecision(const std::vector<int64_t>& positive_ranks, int64_t positive_count);

// The ranks of the positives after the junk was taken out, ascending. ranking: database rows, best first; it
// may end before all are ranked. distractors_above: of each place in the ranking, how many further photos,
// wrong for the query, stand above it; empty: none.
std::vector<int64_t> PositiveRanks(const std::vector<int64_t>& ranking, const Relevance& relevance,
                                   std::span<const int64_t> distractors_above = {});

// The highest precision at each recall or beyond, at `levels` recalls evenly from 0 to 1, at least two
// (Manning, Raghavan, Schütze, Introduction to Information Retrieval, section 8.4); 0 beyond the last
// positive that was found. positive_ranks as for AveragePrecision; positive_count: at least 1.
std::vector<double> InterpolatedPrecision(const std::vector<int64_t>& positive_ranks, int64_t positive_count,
                                          int levels);

struct RetrievalScores {
  // Mean of the queries' average precisions; queries without positives do not count. NaN if there are none.
  double mean_average_precision = 0;
  // Mean over queries of the share of positives among the first k, where k is no larger than the rank of the
  // last positive (as the revisited protocol has it): k -> share.
  std::map<int, double> mean_precision_at;
  // Share of queries with a positive among the first k: k -> share.
  std::map<int, double> recall_at;
  // One for each query; NaN for a query without positives.
  std::vector<double> average_precisions;
};

// Where a query's positives stand: ranks as PositiveRanks gives them, and how many there are.
struct FoundPositives {
  std::vector<int64_t> ranks;
  int64_t count = 0;
};

// Judges the queries by where their positives stand.
RetrievalScores ScoreRanks(const std::vector<FoundPositives>& queries,
                           const std::vector<int>& ks = {1, 5, 10});

// Judges one ranking a query; distractors_above as for PositiveRanks, empty or one list a query. Throws Error
// where the numbers of rankings and queries differ.
RetrievalScores ScoreRankings(const std::vector<std::vector<int64_t>>& rankings,
                              const std::vector<Relevance>& relevances,
                              const std::vector<int>& ks = {1, 5, 10},
                              const std::vector<std::vector<int64_t>>& distractors_above = {});

}  // namespace vantage

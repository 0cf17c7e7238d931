// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <vector>

#include "vantage/config/options_description.h"

namespace vantage {

struct StatisticsOptions {
  // Times that queries are drawn anew, and that signs are flipped. [100, 10 million].
  int64_t resamples = 10000;
  // Share of the draws that an interval covers. (0, 1).
  double confidence = 0.95;
  // Of the draws: the same seed gives the same intervals.
  int64_t seed = 0;
};
void Declare(OptionsDescription& description, StatisticsOptions& options);

struct Interval {
  double low = 0;
  double high = 0;
};

// The percentile bootstrap's interval of the mean (Efron and Tibshirani 1993, chapter 13): how far it moves
// where other queries of the same kind are asked. NaN values do not count; NaN where none is left.
Interval BootstrapMean(const std::vector<double>& values, const StatisticsOptions& options);

// Two runs' average precisions of the same queries.
struct PairedComparison {
  int64_t queries = 0;         // that both judge
  double mean_difference = 0;  // second less first
  Interval interval;           // of the mean difference, bootstrap over queries
  // Of a mean difference at least as large where it were chance which run is which, two-sided: Fisher's
  // randomisation test (Smucker, Allan, Carterette, CIKM 2007) with (hits + 1) / (draws + 1).
  double p_value = 1;
  int64_t better = 0;  // queries in which the second is better
  int64_t worse = 0;
};

// Compares value by value; pairs with a NaN do not count. Throws Error where the numbers of values differ or
// no pair is left.
PairedComparison ComparePaired(const std::vector<double>& first, const std::vector<double>& second,
                               const StatisticsOptions& options);

}  // namespace vantage

// SPDX-License-Identifier: BSD-3-Clause
#include "vantage/evaluation.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "util/check.h"
#include "util/index.h"
#include "util/random.h"

namespace vantage {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

double Mean(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

// The quantile of sorted values, interpolated between neighbours.
double Quantile(const std::vector<double>& sorted, double share) {
  const double place = share * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<size_t>(place);
  const size_t above = std::min(below + 1, sorted.size() - 1);
  return std::lerp(sorted[below], sorted[above], place - static_cast<double>(below));
}

double RandomisationPValue(const std::vector<double>& differences, const StatisticsOptions& options) {
  RandomStream random(static_cast<uint64_t>(options.seed), "randomisation test");
  const double observed = std::abs(std::accumulate(differences.begin(), differences.end(), 0.0));
  // Sign flips that reproduce the observed sum must count in spite of rounding.
  const double enough = observed * (1 - 1e-12);
  int64_t hits = 0;
  for (int64_t draw = 0; draw < options.resamples; ++draw) {
    double sum = 0;
    uint64_t bits = 0;
    for (size_t i = 0; i < differences.size(); ++i) {
      if (i % 64 == 0) bits = random.Next();
      sum += (bits >> (i % 64) & 1) == 1 ? differences[i] : -differences[i];
    }
    hits += std::abs(sum) >= enough ? 1 : 0;
  }
  return static_cast<double>(hits + 1) / static_cast<double>(options.resamples + 1);
}

}  // namespace

void Declare(OptionsDescription& description, StatisticsOptions& options) {
  description.Add("resamples", options.resamples, "Draws of the bootstrap and of the paired test")
      .Range(100, 1e7);
  description.Add("confidence", options.confidence, "Confidence level of the intervals").Range(0.001, 0.9999);
  description.Add("seed", options.seed, "Seed of the draws").AtLeast(0);
}

Interval BootstrapMean(const std::vector<double>& values, const StatisticsOptions& options) {
  CheckOptions(options);
  std::vector<double> known;
  std::copy_if(values.begin(), values.end(), std::back_inserter(known),
               [](double value) { return !std::isnan(value); });
  if (known.empty()) return {kNaN, kNaN};
  RandomStream random(static_cast<uint64_t>(options.seed), "bootstrap");
  std::vector<double> means(ToIndex(options.resamples));
  for (double& mean : means) {
    double sum = 0;
    for (size_t i = 0; i < known.size(); ++i) sum += known[random.Below(known.size())];
    mean = sum / static_cast<double>(known.size());
  }
  std::sort(means.begin(), means.end());
  return {Quantile(means, (1 - options.confidence) / 2), Quantile(means, (1 + options.confidence) / 2)};
}

PairedComparison ComparePaired(const std::vector<double>& first, const std::vector<double>& second,
                               const StatisticsOptions& options) {
  VANTAGE_CHECK(first.size() == second.size(), "comparison: ", first.size(), " queries and ", second.size());
  std::vector<double> differences;
  PairedComparison comparison;
  for (size_t i = 0; i < first.size(); ++i) {
    const double difference = second[i] - first[i];
    if (std::isnan(difference)) continue;
    differences.push_back(difference);
    comparison.better += difference > 0 ? 1 : 0;
    comparison.worse += difference < 0 ? 1 : 0;
  }
  VANTAGE_CHECK(!differences.empty(), "comparison: no query that both runs judge");
  comparison.queries = std::ssize(differences);
  comparison.mean_difference = Mean(differences);
  comparison.interval = BootstrapMean(differences, options);
  comparison.p_value = RandomisationPValue(differences, options);
  return comparison;
}

}  // namespace vantage

// SPDX-License-Identifier: BSD-3-Clause
#include "vantage/evaluation.h"

#include <cmath>
#include <limits>

#include "testing/files.h"
#include "util/random.h"

namespace vantage::evaluation {
namespace {

using ::testing::HasSubstr;
using vantage::testing::ErrorOf;

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

std::vector<double> NormalValues(int count, double mean, uint64_t seed) {
  RandomStream random(seed, "statistics test");
  std::vector<double> values;
  for (int i = 0; i < count; ++i) values.push_back(mean + random.Normal());
  return values;
}

TEST(BootstrapMean, IsTheNormalIntervalForManyValues) {
  const std::vector<double> values = NormalValues(400, 0.5, 1);
  double mean = 0;
  for (const double value : values) mean += value / 400;
  double variance = 0;
  for (const double value : values) variance += (value - mean) * (value - mean) / 400;
  const double half = 1.959964 * std::sqrt(variance / 400);
  const Interval interval = BootstrapMean(values, {});
  // 10000 draws estimate a quantile to some 3 % of half the interval.
  EXPECT_NEAR(interval.low, mean - half, 0.08 * half);
  EXPECT_NEAR(interval.high, mean + half, 0.08 * half);
  StatisticsOptions narrow;
  narrow.confidence = 0.5;
  EXPECT_LT(BootstrapMean(values, narrow).high, interval.high);
}

TEST(BootstrapMean, LeavesOutWhatIsNotKnownAndDependsOnTheSeed) {
  const Interval one = BootstrapMean({0.25, kNaN}, {});
  EXPECT_EQ(one.low, 0.25);
  EXPECT_EQ(one.high, 0.25);
  EXPECT_TRUE(std::isnan(BootstrapMean({kNaN}, {}).low));
  const std::vector<double> values = NormalValues(20, 0, 2);
  EXPECT_EQ(BootstrapMean(values, {}).low, BootstrapMean(values, {}).low);
  StatisticsOptions other;
  other.seed = 1;
  EXPECT_NE(BootstrapMean(values, {}).low, BootstrapMean(values, other).low);
  other.confidence = 1;
  EXPECT_THAT(ErrorOf([&] { BootstrapMean(values, other); }), HasSubstr("confidence"));
}

TEST(ComparePaired, PValueIsThatOfAllSigns) {
  const std::vector<double> differences = {0.3, -0.1, 0.2, 0.25, 0.05, -0.02, 0.1, 0.4};
  double sum = 0;
  for (const double d : differences) sum += d;
  int hits = 0;
  for (int signs = 0; signs < 256; ++signs) {
    double flipped = 0;
    for (int i = 0; i < 8; ++i) flipped += (signs >> i & 1) == 1 ? differences[i] : -differences[i];
    hits += std::abs(flipped) >= sum - 1e-12 ? 1 : 0;
  }
  const double exact = hits / 256.0;
  StatisticsOptions options;
  options.resamples = 200000;
  const PairedComparison comparison = ComparePaired(
      std::vector<double>(8, 0.5),
      [&] {
        std::vector<double> second;
        for (const double d : differences) second.push_back(0.5 + d);
        return second;
      }(),
      options);
  EXPECT_NEAR(comparison.p_value, exact, 5 * std::sqrt(exact / 200000));
  EXPECT_NEAR(comparison.mean_difference, sum / 8, 1e-12);
  EXPECT_EQ(comparison.better, 6);
  EXPECT_EQ(comparison.worse, 2);
}

TEST(ComparePaired, EqualRunsDoNotDiffer) {
  const PairedComparison same = ComparePaired({0.1, 0.9, kNaN}, {0.1, 0.9, 0.5}, {});
  EXPECT_EQ(same.queries, 2);
  EXPECT_EQ(same.p_value, 1);
  EXPECT_EQ(same.interval.low, 0);
  EXPECT_THAT(ErrorOf([] { ComparePaired({kNaN}, {0.5}, {}); }), HasSubstr("no query that both"));
  EXPECT_THAT(ErrorOf([] { ComparePaired({}, {0.5}, {}); }), HasSubstr("0 queries and 1"));
}

}  // namespace
}  // namespace vantage::evaluation

// SPDX-License-Identifier: BSD-3-Clause
#include "vantage/evaluation/statistics.h"

#include <cmath>
#include <limits>

#include "testing/files.h"
#include "vantage/util/random.h"

namespace vantage {
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
  // 10000 draws know a quantile to some 3 % of the interval's half.
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

const std::vector<QueryResult> kRun = {
    {"E", "a.jpg", 3, 1.0 / 3}, {"E", "b, \"c\".jpg", 0, kNaN}, {"H", "a.jpg", 2, 0.5}, {"H", "a.jpg", 1, 1}};

TEST(QueryResults, ComeBackBitByBit) {
  const std::string text = FormatQueryResults(kRun);
  const std::vector<QueryResult> back = ParseQueryResults(text, "run.csv");
  ASSERT_EQ(back.size(), 4U);
  for (size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(back[i].task, kRun[i].task);
    EXPECT_EQ(back[i].query, kRun[i].query);
    EXPECT_EQ(back[i].positives, kRun[i].positives);
  }
  EXPECT_EQ(back[0].average_precision, 1.0 / 3);
  EXPECT_TRUE(std::isnan(back[1].average_precision));
  EXPECT_THAT(ErrorOf([] { ParseQueryResults("a,b\n", "run.csv"); }), HasSubstr("not a file of --per-query"));
  EXPECT_THAT(ErrorOf([&] { ParseQueryResults(text + "E,a\n", "run.csv"); }),
              HasSubstr("run.csv:6: 2 values for 4 columns"));
  EXPECT_THAT(ErrorOf([&] { ParseQueryResults(text + "E,a,x,0.5\n", "run.csv"); }),
              HasSubstr("run.csv:6: positives"));
  EXPECT_THAT(ErrorOf([&] { ParseQueryResults(text + "E,a,1,7\n", "run.csv"); }),
              HasSubstr("run.csv:6: an average precision of 7"));
}

TEST(CompareRuns, MatchesQueriesByName) {
  std::vector<QueryResult> other = {kRun[3], kRun[0], kRun[1], kRun[2]};
  other[1].average_precision = 0.5;
  EXPECT_THAT(ErrorOf([&] { CompareRuns(kRun, "old.csv", other, {}); }),
              HasSubstr("old.csv: the query 'a.jpg' has 2 positives there and 1 here"));
  std::rotate(other.begin(), other.begin() + 1, other.end());  // boxes of one photo are told by their order
  const auto comparisons = CompareRuns(kRun, "old.csv", other, {});
  ASSERT_EQ(comparisons.size(), 2U);
  EXPECT_EQ(comparisons[0].task, "E");
  EXPECT_NEAR(comparisons[0].comparison.mean_difference, 0.5 - 1.0 / 3, 1e-15);
  EXPECT_EQ(comparisons[1].comparison.mean_difference, 0);
  other[0].query = "d.jpg";
  EXPECT_THAT(ErrorOf([&] { CompareRuns(kRun, "old.csv", other, {}); }), HasSubstr("has no query 'd.jpg'"));
  other.pop_back();
  EXPECT_THAT(ErrorOf([&] { CompareRuns(kRun, "old.csv", other, {}); }), HasSubstr("has no"));
}

}  // namespace
}  // namespace vantage

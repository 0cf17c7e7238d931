// SPDX-License-Identifier: BSD-3-Clause
#include "report/line_chart.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "report/distance_scale.h"

namespace vantage::report {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

TEST(RoundTicks, AreRoundAndEncloseTheValues) {
  EXPECT_THAT(RoundTicks(0, 1), ElementsAre(0, 0.2, 0.4, 0.6, 0.8, 1));
  EXPECT_THAT(RoundTicks(0.11, 0.29), ElementsAre(0.1, 0.15, 0.2, 0.25, 0.3));
  EXPECT_THAT(RoundTicks(-3, 12), ElementsAre(-5, 0, 5, 10, 15));
  EXPECT_THAT(RoundTicks(1, 720), ElementsAre(0, 200, 400, 600, 800));
}

TEST(RoundTicks, AreFewWhateverTheRange) {
  const double values[] = {-1e300, -7.5, -1e-300, 0, 5e-324, 1e-6, 0.1, 3, 3.0000000001, 1e17, 1e300};
  for (const double min : values) {
    for (const double max : values) {
      if (min > max) continue;
      const std::vector<double> ticks = RoundTicks(min, max);
      EXPECT_GE(ticks.size(), 2U) << min << " to " << max;
      EXPECT_LE(ticks.size(), 8U) << min << " to " << max;
      EXPECT_LE(ticks.front(), min);
      EXPECT_GE(ticks.back(), max);
      for (size_t i = 1; i < ticks.size(); ++i) EXPECT_GT(ticks[i], ticks[i - 1]) << min << " to " << max;
    }
  }
}

TEST(Thinned, PointsAreMeansOfNeighbours) {
  const ChartSeries series{"a", {1, 2, 3, 4, 5}, {1, 3, kNaN, 7, 9}};
  EXPECT_THAT(Thinned(series, 5).y.size(), 5U);
  const ChartSeries thinned = Thinned(series, 3);
  EXPECT_THAT(thinned.x, ElementsAre(1.5, 3.5, 5));
  EXPECT_THAT(thinned.y, ElementsAre(2, 7, 9));
  EXPECT_TRUE(std::isnan(Thinned({"", {1, 2}, {kNaN, kNaN}}, 1).y[0]));
}

TEST(LineChartFigure, DrawsWhatIsKnownAndMarksTheBest) {
  LineChart chart{.title = "a < b", .x_name = "epoch", .series = {{"one", {0, 1, 2, 3}, {kNaN, 1, kNaN, 3}}}};
  chart.mark = 3;
  const std::string html = LineChartFigure(chart);
  EXPECT_THAT(html, HasSubstr("a &lt; b"));
  EXPECT_THAT(html, HasSubstr("<title>one, epoch 1: 1</title>"));
  EXPECT_THAT(html, HasSubstr("class=\"best\""));
  EXPECT_THAT(html, Not(HasSubstr("nan")));
  // From the lower left to the upper right of the values' axes.
  EXPECT_THAT(html, HasSubstr("<path d=\"M62.00 186.00L466.00 14.00\"/>"));
  chart.mark = 4;
  EXPECT_THAT(LineChartFigure(chart), Not(HasSubstr("class=\"best\"")));
}

TEST(LineChartFigure, LabelsTellTicksApart) {
  const std::string html = LineChartFigure({.title = "p", .series = {{"", {0, 1}, {3, 3.0023}}}});
  EXPECT_THAT(html, HasSubstr(">3.0005</text>"));
  EXPECT_THAT(html, HasSubstr(">3.001</text>"));
  EXPECT_THAT(LineChartFigure({.title = "rate", .series = {{"", {0, 1}, {4.85e-5, 5e-5}}}}),
              HasSubstr(">4.95e-05</text>"));
}

TEST(LineChartFigure, NothingKnownDrawsNothing) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  EXPECT_EQ(LineChartFigure({.title = "t", .series = {{"", {}, {}}}}), "");
  EXPECT_EQ(LineChartFigure({.title = "t", .series = {{"", {1, 2}, {kNaN, kInfinity}}}}), "");
  EXPECT_THAT(LineChartFigure({.title = "t", .series = {{"", {1}, {0}}}}), Not(HasSubstr("nan")));
}

TEST(DistanceScale, PointsLieInProportion) {
  const double negatives[] = {0.5, kNaN, 1};
  const std::string html = DistanceScale(0.25, negatives, 1);
  EXPECT_THAT(html, HasSubstr("class=\"chosen\" cx=\"124.00\""));
  EXPECT_THAT(html, HasSubstr("class=\"negative\" cx=\"240.00\""));
  EXPECT_THAT(html, HasSubstr("class=\"negative\" cx=\"472.00\""));
  EXPECT_THAT(html, Not(HasSubstr("nan")));
  EXPECT_THAT(DistanceScale(kNaN, negatives, 1), Not(HasSubstr("chosen")));
  EXPECT_EQ(LongestDistance(0.61), 0.7);
  EXPECT_EQ(LongestDistance(0), 0.1);
  EXPECT_EQ(LongestDistance(5), 2);
}

}  // namespace
}  // namespace vantage::report

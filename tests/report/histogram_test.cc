// SPDX-License-Identifier: BSD-3-Clause
#include "report/histogram.h"

#include <cmath>
#include <limits>
#include <numeric>

#include "testing/files.h"
#include "util/random.h"

namespace vantage::report {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

// Each value is counted once, in the bin whose edges enclose it.
void ExpectSound(const std::vector<double>& values, const HistogramOptions& options) {
  const Histogram histogram = MakeHistogram(values, options);
  ASSERT_EQ(histogram.counted + histogram.left_out, static_cast<int64_t>(values.size()));
  ASSERT_EQ(std::accumulate(histogram.counts.begin(), histogram.counts.end(), int64_t{0}), histogram.counted);
  if (histogram.counted == 0) return;
  ASSERT_EQ(histogram.edges.size(), histogram.counts.size() + 1);
  ASSERT_LE(histogram.counts.size(), static_cast<size_t>(options.max_bins));
  ASSERT_GE(histogram.ticks.size(), 2U);
  ASSERT_LT(histogram.ticks.back(), histogram.edges.size());
  for (size_t bin = 0; bin < histogram.counts.size(); ++bin) {
    const double low = histogram.edges[bin];
    const double high = histogram.edges[bin + 1];
    ASSERT_LT(low, high);
    const bool is_last = bin + 1 == histogram.counts.size();
    int64_t count = 0;
    for (const double value : values) {
      count += value >= low && (value < high || (is_last && !options.whole_numbers && value == high)) ? 1 : 0;
    }
    ASSERT_EQ(histogram.counts[bin], count) << "bin " << bin << " from " << low << " to " << high;
  }
  ASSERT_LE(histogram.edges.front(), histogram.min);
  ASSERT_GE(histogram.edges.back(), histogram.max);
  ASSERT_GT(histogram.counts.front(), 0);
  ASSERT_GT(histogram.counts.back(), 0);
}

TEST(Histogram, EveryValueIsInTheBinThatItsEdgesSay) {
  RandomStream random(1, "histogram");
  for (int i = 0; i < 2000; ++i) {
    HistogramOptions options;
    options.logarithmic = random.Chance(0.4);
    options.whole_numbers = random.Chance(0.4);
    options.max_bins = 2 + static_cast<int>(random.Below(30));
    const double scale = std::exp2(random.Uniform(-40, 40));
    const double shift = random.Chance(0.5) ? 0 : scale * random.Normal() * 100;
    std::vector<double> values;
    for (uint64_t n = 1 + random.Below(60); n > 0; --n) {
      double value = shift + scale * random.Normal();
      // Values on edges are the hard ones.
      if (random.Chance(0.3)) value = std::round(10 * value / scale) * scale / 10;
      values.push_back(options.whole_numbers ? std::round(value) : value);
    }
    ExpectSound(values, options);
    if (HasFatalFailure()) FAIL() << "case " << i;
  }
}

TEST(Histogram, HugeAndTinyValuesEndToo) {
  for (const bool logarithmic : {false, true}) {
    HistogramOptions options;
    options.logarithmic = logarithmic;
    ExpectSound({1e300, -1e300, 1}, options);
    ExpectSound({1e300, 5e-324}, options);
    ExpectSound({5e-324}, options);
    ExpectSound({0, 1e-310}, options);
    ExpectSound({1, 1 + 1e-15}, options);
  }
}

TEST(Histogram, EdgesAreRoundNumbers) {
  const std::vector<double> percent = {3, 41, 55, 55, 98, 100};
  const Histogram histogram = MakeHistogram(percent);
  EXPECT_EQ(histogram.edges.front(), 0);
  EXPECT_EQ(histogram.edges.back(), 100);
  EXPECT_EQ(histogram.counts.size(), 20U);
  EXPECT_EQ(histogram.counts.back(), 2);  // 98, and 100 on the last edge
  EXPECT_EQ(histogram.median, 55);
  std::vector<double> ticks;
  for (const size_t tick : histogram.ticks) ticks.push_back(histogram.edges[tick]);
  EXPECT_THAT(ticks, ElementsAre(0, 20, 40, 60, 80, 100));
}

TEST(Histogram, LogarithmicBinsHaveEqualRatios) {
  const std::vector<double> scales = {0.5, 0.9, 1, 1.1, 2, 3.9};
  const Histogram histogram = MakeHistogram(scales, {.logarithmic = true});
  for (size_t i = 1; i + 1 < histogram.edges.size(); ++i) {
    EXPECT_NEAR(histogram.edges[i + 1] / histogram.edges[i], histogram.edges[1] / histogram.edges[0], 1e-12);
  }
  std::vector<double> ticks;
  for (const size_t tick : histogram.ticks) ticks.push_back(histogram.edges[tick]);
  EXPECT_THAT(ticks, ElementsAre(0.5, 1, 2, 4));
}

TEST(Histogram, WholeNumbersGetBinsOfWholeNumbers) {
  const std::vector<double> few = {3, 3, 5};
  const Histogram histogram = MakeHistogram(few, {.whole_numbers = true});
  EXPECT_THAT(histogram.edges, ElementsAre(3, 4, 5, 6));
  EXPECT_THAT(histogram.counts, ElementsAre(2, 0, 1));
  // No bin is empty: none is between two neighbours of 1, 2, ..., 64.
  std::vector<double> points(64);
  std::iota(points.begin(), points.end(), 1);
  EXPECT_THAT(MakeHistogram(points, {.logarithmic = true, .whole_numbers = true}).counts,
              Not(::testing::Contains(0)));
}

TEST(Histogram, OneValueIsOneBin) {
  for (const double value : {0.0, 0.5, -7.0, 12345.0}) {
    const std::vector<double> values = {value, value};
    const Histogram histogram = MakeHistogram(values);
    EXPECT_THAT(histogram.counts, ElementsAre(2)) << value;
    EXPECT_EQ(histogram.median, value);
  }
}

TEST(Histogram, NothingAndNoNumbersAreLeftOut) {
  EXPECT_THAT(MakeHistogram({}).edges, IsEmpty());
  const std::vector<double> odd = {kNan, kInfinity, -kInfinity, 2, -1, 0};
  const Histogram linear = MakeHistogram(odd);
  EXPECT_EQ(linear.counted, 3);
  EXPECT_EQ(linear.left_out, 3);
  const Histogram logarithmic = MakeHistogram(odd, {.logarithmic = true});
  EXPECT_EQ(logarithmic.counted, 1);
  EXPECT_EQ(logarithmic.left_out, 5);
  const std::vector<double> none = {kNan};
  const Histogram empty = MakeHistogram(none);
  EXPECT_TRUE(std::isnan(empty.median));
  const std::string figure = HistogramFigure(empty, {"Title", "What.", "things", "", ""});
  EXPECT_THAT(figure, HasSubstr("0 things · 1 more without a value"));
  EXPECT_THAT(figure, Not(HasSubstr("<svg")));
}

TEST(Histogram, FigureDrawsABarABinAndEscapesLabels) {
  const std::vector<double> values = {1, 1, 2, 4};
  const std::string figure = HistogramFigure(MakeHistogram(values, {.whole_numbers = true}),
                                             {"<b>", "\"what\"", "a & b", "×", " %"});
  size_t bars = 0;
  for (size_t at = figure.find("<rect"); at != std::string::npos; at = figure.find("<rect", at + 1)) ++bars;
  EXPECT_EQ(bars, 3U);  // the bin of 3 is empty
  EXPECT_THAT(figure, HasSubstr("<h3>&lt;b&gt;</h3>"));
  EXPECT_THAT(figure, HasSubstr("<title>×1 %: 2 a &amp; b</title>"));
  EXPECT_THAT(figure, HasSubstr("4 a &amp; b · median ×1 % · 1 to ×4 %"));
  EXPECT_THAT(figure, Not(HasSubstr("\"what\"")));
}

}  // namespace
}  // namespace vantage::report

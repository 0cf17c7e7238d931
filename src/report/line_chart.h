// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace vantage::report {

struct ChartSeries {
  std::string name;       // text of the legend; "" where there is one series only
  std::vector<double> x;  // rising
  std::vector<double> y;  // one for each x; those that are not finite are left out
};

struct LineChart {
  std::string title;
  std::string description;                           // a sentence
  std::string x_name;                                // "epoch"
  std::string unit;                                  // after values: " %"
  std::vector<ChartSeries> series;                   // at most 2
  std::optional<double> mark;                        // an x that is marked as the best
  std::optional<std::pair<double, double>> y_range;  // that the axis covers whatever the values
};

// Round numbers 1, 2 or 5 times a power of ten apart, 3 to 7 of them, from below `min` to above `max`.
std::vector<double> RoundTicks(double min, double max);

// At most `count` points: each the mean of as many neighbours, without those that are not finite.
ChartSeries Thinned(const ChartSeries& series, size_t count);

// An HTML figure with the curves as inline SVG; "" where there is no finite value. The texts are text.
// Colours come from the page's style.
std::string LineChartFigure(const LineChart& chart);

}  // namespace vantage::report

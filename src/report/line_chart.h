// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace vantage::report {

struct ChartSeries {
  std::string name;       // legend, plain text; "" for a single series
  std::vector<double> x;  // ascending
  std::vector<double> y;  // one for each x; values that are not finite are omitted
};

struct LineChart {
  std::string title;
  std::string description;                           // one sentence
  std::string x_name;                                // "epoch"
  std::string unit;                                  // after values: " %"
  std::vector<ChartSeries> series;                   // at most 2
  std::optional<double> mark;                        // x that is marked as the best
  std::optional<std::pair<double, double>> y_range;  // range that the axis covers at least
};

// 3 to 7 round numbers from below `min` to above `max`, spaced by 1, 2 or 5 times a power of ten.
std::vector<double> RoundTicks(double min, double max);

// Reduces a series to at most `count` points: means over groups of neighbours of equal size, without values
// that are not finite.
ChartSeries Thinned(const ChartSeries& series, size_t count);

// An HTML figure with the curves as inline SVG; "" if there is no finite value. Strings are plain text. The
// page's style sets the colours.
std::string LineChartFigure(const LineChart& chart);

}  // namespace vantage::report

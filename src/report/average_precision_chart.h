// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace vantage::report {

// A query in the chart of average precisions.
struct PrecisionBar {
  double average_precision = 0;      // [0, 1]
  std::string name;                  // text
  size_t card = 0;                   // number of the query that it leads to; 0: none is shown
  std::optional<double> other = {};  // average precision in another run, marked by a line
};

// Bars from left to right in the order given, as an SVG that takes the page's width; "" without any.
std::string AveragePrecisionChart(const std::vector<PrecisionBar>& bars);

}  // namespace vantage::report

// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace vantage::report {

// A query in the chart of one figure of merit.
struct FigureBar {
  double value = 0;                  // [0, 1]
  std::string name;                  // plain text
  size_t card = 0;                   // number of the query's card on the page, which it links to; 0: none
  std::optional<double> other = {};  // value in another run, marked by a line
};

// Bars from left to right in the given order, which should be ascending, as an SVG of the page's width; "" if
// there are no bars. title: plain text.
std::string FigureChart(const std::vector<FigureBar>& bars, const std::string& title);

}  // namespace vantage::report

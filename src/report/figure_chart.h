// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace vantage::report {

// A query in the chart of a figure.
struct FigureBar {
  double value = 0;                  // [0, 1]
  std::string name;                  // text
  size_t card = 0;                   // number of the query that it leads to; 0: none is shown
  std::optional<double> other = {};  // its value in another run, marked by a line
};

// Bars from left to right in the order given, lowest first, as an SVG that takes the page's width; "" without
// any. title: text.
std::string FigureChart(const std::vector<FigureBar>& bars, const std::string& title);

}  // namespace vantage::report

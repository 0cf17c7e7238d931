// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace vantage::report {

struct HistogramOptions {
  // Bins of equal ratio instead of equal width; values that are not positive are left out.
  bool logarithmic = false;
  // Values are whole numbers: so are the bins' edges.
  bool whole_numbers = false;
  // At most so many bins, at least 2.
  int max_bins = 24;
};

// How often values fall into bins whose edges are round numbers.
struct Histogram {
  // One more than bins, rising; none where there is no value. Bin i holds edges[i] <= value < edges[i + 1];
  // the last one holds its upper edge too, except of whole numbers.
  std::vector<double> edges;
  std::vector<int64_t> counts;
  // Places in `edges` of the roundest ones, at most 7: those to label.
  std::vector<size_t> ticks;
  bool whole_numbers = false;
  // Of the values that were counted; NaN where there is none. The median of an even number is the lower
  // one's.
  double min = 0;
  double median = 0;
  double max = 0;
  int64_t counted = 0;
  // NaN, beyond 1e300 either way, or not positive on a logarithmic axis.
  int64_t left_out = 0;
};
Histogram MakeHistogram(std::span<const double> values, const HistogramOptions& options = {});

struct HistogramLabels {
  std::string title;        // "Overlap"
  std::string description;  // what is counted, a sentence
  std::string noun;         // what one value stands for, plural: "candidates"
  std::string prefix;       // before values: "×"
  std::string unit;         // after values: " %"
};

// An HTML figure with the histogram as inline SVG and its count, range and median as caption. The labels are
// text. Colours come from the page's style.
std::string HistogramFigure(const Histogram& histogram, const HistogramLabels& labels);

}  // namespace vantage::report

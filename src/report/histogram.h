// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace vantage::report {

struct HistogramOptions {
  // Bins of equal ratio instead of equal width. Values that are not positive are omitted.
  bool logarithmic = false;
  // Values are whole numbers; so are the edges of the bins.
  bool whole_numbers = false;
  // Maximum number of bins, at least 2.
  int max_bins = 24;
};

// Counts of values in bins with round edges.
struct Histogram {
  // Ascending, one more than bins; empty if there is no value. Bin i holds edges[i] <= value < edges[i + 1];
  // the last bin includes its upper edge, except for whole numbers.
  std::vector<double> edges;
  std::vector<int64_t> counts;
  // Indices of the edges to label: the roundest, at most 7.
  std::vector<size_t> ticks;
  bool whole_numbers = false;
  // Statistics of the counted values; NaN if there is none. The median of an even number of values is the
  // lower of the middle two.
  double min = 0;
  double median = 0;
  double max = 0;
  int64_t counted = 0;
  // Number of omitted values: NaN, beyond +-1e300, or not positive on a logarithmic axis.
  int64_t left_out = 0;
};
Histogram MakeHistogram(std::span<const double> values, const HistogramOptions& options = {});

struct HistogramLabels {
  std::string title;        // "Overlap"
  std::string description;  // a sentence that says what is counted
  std::string noun;         // what a value stands for, in the plural: "candidates"
  std::string prefix;       // before values: "×"
  std::string unit;         // after values: " %"
};

// An HTML figure: the histogram as inline SVG; count, range and median as caption. Labels are plain text. The
// page's style sets the colours.
std::string HistogramFigure(const Histogram& histogram, const HistogramLabels& labels);

}  // namespace vantage::report

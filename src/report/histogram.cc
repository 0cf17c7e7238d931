// SPDX-License-Identifier: BSD-3-Clause
#include "report/histogram.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "util/check.h"
#include "util/index.h"

namespace vantage::report {
namespace {

constexpr size_t kMaxTicks = 7;
// Differences of larger values overflow.
constexpr double kLargestValue = 1e300;

// A linear or logarithmic axis with numbered edges.
struct Axis {
  bool logarithmic = false;
  double step = 1;                  // width of a bin; in octaves if logarithmic
  int64_t first = 0;                // number of the first edge
  int64_t last = 1;                 // number of the last edge
  std::vector<int64_t> tick_steps;  // ticks are at multiples of one of these, ascending

  double Edge(int64_t k) const {
    const double position = static_cast<double>(k) * step;
    return logarithmic ? std::exp2(position) : position;
  }
  int64_t Bins() const { return last - first; }

  // Chooses edges that enclose the values in spite of the rounding of k * step.
  void Enclose(double min, double max, bool includes_last_edge) {
    const auto position = [&](double value) { return (logarithmic ? std::log2(value) : value) / step; };
    first = static_cast<int64_t>(std::floor(position(min)));
    while (Edge(first) > min) --first;
    while (Edge(first + 1) <= min) ++first;
    last = std::max(first + 1, static_cast<int64_t>(std::ceil(position(max))));
    while (includes_last_edge ? Edge(last) < max : Edge(last) <= max) ++last;
  }
};

// Widths 1, 2, 5, 10, 20, 50, ... times a power of ten.
Axis LinearAxis(double min, double max, const HistogramOptions& options) {
  const double largest = std::max(std::abs(min), std::abs(max));
  // Bins must not be narrower than the rounding of the values.
  double narrowest = max > min ? std::max((max - min) / options.max_bins, largest * 1e-9) : largest / 10;
  narrowest = largest == 0 ? 1 : std::max(narrowest, 1 / kLargestValue);
  if (options.whole_numbers) narrowest = std::max(narrowest, 1.0);
  for (double exponent = std::floor(std::log10(narrowest));; ++exponent) {
    for (const int digit : {1, 2, 5}) {
      // Divide for negative exponents: positive powers of ten are exact, their inverses are not.
      Axis axis{.step = exponent < 0 ? digit / std::pow(10, -exponent) : digit * std::pow(10, exponent)};
      if (axis.step < narrowest * (1 - 1e-9)) continue;
      axis.Enclose(min, max, !options.whole_numbers);
      if (axis.Bins() > options.max_bins) continue;
      if (digit == 1) axis.tick_steps = {1, 2, 5, 10, 20, 50};
      if (digit == 2) axis.tick_steps = {1, 5, 10, 25, 50};
      if (digit == 5) axis.tick_steps = {1, 2, 4, 10, 20, 40};
      return axis;
    }
  }
}

// An eighth of an octave, a quarter, ..., 1, 2, 4, ... octaves.
Axis LogarithmicAxis(double min, double max, const HistogramOptions& options) {
  constexpr int kWidest = 11;  // 2048 octaves: two bins hold all doubles
  for (int exponent = -3;; ++exponent) {
    Axis axis{.logarithmic = true, .step = std::exp2(exponent)};
    axis.Enclose(min, max, !options.whole_numbers);
    // Bins narrower than 1 would stay empty between whole numbers.
    const bool too_fine =
        exponent < 0 && options.whole_numbers && axis.Edge(axis.first + 1) - axis.Edge(axis.first) < 1;
    if ((axis.Bins() > options.max_bins || too_fine) && exponent < kWidest) continue;
    const int64_t octave = exponent < 0 ? int64_t{1} << -exponent : 1;
    for (int64_t step = octave; step <= octave * 64; step *= 2) axis.tick_steps.push_back(step);
    return axis;
  }
}

std::vector<size_t> Ticks(const Axis& axis) {
  std::vector<size_t> ticks;
  for (const int64_t step : axis.tick_steps) {
    ticks.clear();
    for (int64_t k = axis.first; k <= axis.last; ++k) {
      if (k % step == 0) ticks.push_back(ToIndex(k - axis.first));
    }
    if (ticks.size() <= kMaxTicks) break;
  }
  // With fewer than two round edges the ends are labelled.
  if (ticks.size() < 2) ticks = {0, ToIndex(axis.Bins())};
  return ticks;
}

}  // namespace

Histogram MakeHistogram(std::span<const double> values, const HistogramOptions& options) {
  VANTAGE_CHECK(options.max_bins >= 2, "a histogram of ", options.max_bins, " bins: at least 2");
  std::vector<double> counted;
  for (const double value : values) {
    // False for NaN.
    if (std::abs(value) <= kLargestValue && (!options.logarithmic || value > 0)) counted.push_back(value);
  }
  Histogram histogram;
  histogram.whole_numbers = options.whole_numbers;
  histogram.counted = std::ssize(counted);
  histogram.left_out = static_cast<int64_t>(values.size() - counted.size());
  if (counted.empty()) {
    histogram.min = histogram.median = histogram.max = std::numeric_limits<double>::quiet_NaN();
    return histogram;
  }
  std::sort(counted.begin(), counted.end());
  histogram.min = counted.front();
  histogram.median = counted[(counted.size() - 1) / 2];
  histogram.max = counted.back();

  const Axis axis = options.logarithmic ? LogarithmicAxis(histogram.min, histogram.max, options)
                                        : LinearAxis(histogram.min, histogram.max, options);
  for (int64_t k = axis.first; k <= axis.last; ++k) histogram.edges.push_back(axis.Edge(k));
  histogram.ticks = Ticks(axis);
  auto begin = counted.begin();
  for (size_t bin = 0; bin + 1 < histogram.edges.size(); ++bin) {
    const bool is_last = bin + 2 == histogram.edges.size();
    const auto end =
        is_last ? counted.end() : std::lower_bound(begin, counted.end(), histogram.edges[bin + 1]);
    histogram.counts.push_back(end - begin);
    begin = end;
  }
  return histogram;
}

}  // namespace vantage::report

// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <cmath>

#include "report/histogram.h"
#include "report/html_page.h"
#include "report/page_parts.h"
#include "util/string.h"

namespace vantage::report {
namespace {

// Sizes of the drawing in its own units; the page scales it.
constexpr double kWidth = 360;
constexpr double kHeight = 150;
constexpr double kLeft = 8;
constexpr double kRight = 8;
constexpr double kTop = 16;
constexpr double kBottom = 24;
constexpr double kFloor = kHeight - kBottom;
// Keeps a single bin from filling the drawing.
constexpr double kWidestBin = 40;

std::string Value(double value, const HistogramLabels& labels) {
  return labels.prefix + ShortNumber(value) + labels.unit;
}

// "20 to 25 %"; "3" for a bin of one whole number.
std::string BinText(const Histogram& histogram, size_t bin, const HistogramLabels& labels) {
  double from = histogram.edges[bin];
  double to = histogram.edges[bin + 1];
  if (histogram.whole_numbers) {
    from = std::ceil(from);
    to = std::ceil(to) - 1;
    if (from >= to) return Value(from, labels);
  }
  return StrCat(labels.prefix, ShortNumber(from), " to ", Value(to, labels));
}

// Positions of the bins: adjacent, and centred if they do not fill the width.
struct BinPlaces {
  explicit BinPlaces(const Histogram& histogram) {
    const auto bins = static_cast<double>(histogram.counts.size());
    width = std::min(kWidestBin, (kWidth - kLeft - kRight) / bins);
    left = (kWidth - bins * width) / 2;
  }
  double Edge(double bin) const { return left + bin * width; }

  double width;
  double left;
};

std::string Bars(const Histogram& histogram, const HistogramLabels& labels, int64_t highest) {
  const BinPlaces places(histogram);
  std::string svg;
  for (size_t bin = 0; bin < histogram.counts.size(); ++bin) {
    const int64_t count = histogram.counts[bin];
    if (count == 0) continue;
    // A bin of one value among thousands stays visible.
    const double height =
        std::max(1.5, static_cast<double>(count) / static_cast<double>(highest) * (kFloor - kTop));
    const double gap = std::min(2.0, 0.15 * places.width);
    svg += StrCat("<rect x=\"", FormatFixed(places.Edge(static_cast<double>(bin)) + gap / 2, 2), "\" y=\"",
                  FormatFixed(kFloor - height, 2), "\" width=\"", FormatFixed(places.width - gap, 2),
                  "\" height=\"", FormatFixed(height, 2), "\" rx=\"",
                  FormatFixed(std::min(2.0, places.width / 6), 1), "\"><title>",
                  EscapeHtml(StrCat(BinText(histogram, bin, labels), ": ", count, " ", labels.noun)),
                  "</title></rect>");
  }
  return svg;
}

std::string AxisLabels(const Histogram& histogram, const HistogramLabels& labels) {
  const BinPlaces places(histogram);
  std::string svg =
      StrCat("<path class=\"axis\" d=\"M", kLeft, " ", kFloor + 0.5, "H", kWidth - kRight, "\"/>");
  // Bins of one whole number each are labelled below their middle.
  const bool one_number = histogram.whole_numbers && histogram.edges[1] - histogram.edges[0] == 1;
  for (const size_t tick : histogram.ticks) {
    if (one_number && tick == histogram.counts.size()) continue;
    const double x = places.Edge(static_cast<double>(tick) + (one_number ? 0.5 : 0));
    const char* anchor = x < 30 ? "start" : x > kWidth - 30 ? "end" : "middle";
    svg += StrCat("<path class=\"axis\" d=\"M", FormatFixed(x, 2), " ", kFloor, "v4\"/><text x=\"",
                  FormatFixed(x, 2), "\" y=\"", kFloor + 17, "\" text-anchor=\"", anchor, "\">",
                  EscapeHtml(Value(histogram.edges[tick], labels)), "</text>");
  }
  return svg;
}

}  // namespace

std::string HistogramFigure(const Histogram& histogram, const HistogramLabels& labels) {
  std::string caption = StrCat(histogram.counted, " ", labels.noun);
  if (histogram.counted > 0) {
    caption += StrCat(" · median ", Value(histogram.median, labels), " · ", ShortNumber(histogram.min),
                      " to ", Value(histogram.max, labels));
  }
  if (histogram.left_out > 0) caption += StrCat(" · ", histogram.left_out, " more without a value");
  std::string drawing;
  if (histogram.counted > 0) {
    const int64_t highest = *std::max_element(histogram.counts.begin(), histogram.counts.end());
    drawing = StrCat("<svg viewBox=\"0 0 ", kWidth, " ", kHeight, "\" role=\"img\" aria-label=\"",
                     EscapeHtml(StrCat("Histogram: ", labels.title, ", ", caption)),
                     "\"><text class=\"highest\" x=\"", kLeft, "\" y=\"10\">", highest, "</text>",
                     Bars(histogram, labels, highest), AxisLabels(histogram, labels), "</svg>");
  }
  return StrCat("<figure class=\"histogram\"><h3>", EscapeHtml(labels.title), "</h3><p>",
                EscapeHtml(labels.description), "</p>", drawing, "<figcaption>", EscapeHtml(caption),
                "</figcaption></figure>\n");
}

}  // namespace vantage::report

// SPDX-License-Identifier: BSD-3-Clause
#include "report/line_chart.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>

#include "report/html_page.h"
#include "report/page_parts.h"
#include "util/string.h"

namespace vantage::report {
namespace {

// Sizes of the drawing in its own units; the page scales it.
constexpr double kWidth = 480;
constexpr double kHeight = 220;
constexpr double kLeft = 62;
constexpr double kRight = kWidth - 14;
constexpr double kTop = 14;
constexpr double kFloor = kHeight - 34;
// A line has at most kMostPoints points. Lines of at most kMostDots points are drawn with dots.
constexpr size_t kMostPoints = 240;
constexpr size_t kMostDots = 60;
// Differences of larger values overflow.
constexpr double kLargestValue = 1e300;

bool IsShown(double value) { return std::abs(value) <= kLargestValue; }

// The range of one axis, and its place in the drawing.
struct Axis {
  double min = std::numeric_limits<double>::infinity();
  double max = -std::numeric_limits<double>::infinity();
  double from = 0;
  double to = 1;

  void Include(double value) {
    min = std::min(min, value);
    max = std::max(max, value);
  }
  double At(double value) const {
    return max == min ? (from + to) / 2 : from + (value - min) / (max - min) * (to - from);
  }
};

struct Axes {
  explicit Axes(const LineChart& chart) {
    for (const ChartSeries& series : chart.series) {
      for (size_t i = 0; i < series.x.size(); ++i) {
        if (!IsShown(series.y[i])) continue;
        x.Include(series.x[i]);
        y.Include(series.y[i]);
      }
    }
    if (IsEmpty()) return;
    if (chart.y_range) {
      y.Include(chart.y_range->first);
      y.Include(chart.y_range->second);
    }
    y_ticks = RoundTicks(y.min, y.max);
    y.Include(y_ticks.front());
    y.Include(y_ticks.back());
  }
  bool IsEmpty() const { return x.max < x.min; }

  Axis x{.from = kLeft, .to = kRight};
  Axis y{.from = kFloor, .to = kTop};
  std::vector<double> y_ticks;
};

std::string Digits(double value, int digits) {
  char text[32];
  std::snprintf(text, sizeof(text), "%.*g", digits, value);
  return text;
}

// Texts with just enough digits for each tick: "3", "3.0005".
std::vector<std::string> TickTexts(const std::vector<double>& ticks) {
  const double step = ticks[1] - ticks[0];
  std::vector<std::string> texts;
  for (int digits = 3; digits <= 12; ++digits) {
    texts.clear();
    bool are_exact = true;
    for (const double tick : ticks) {
      texts.push_back(Digits(tick, digits));
      are_exact = are_exact && std::abs(ParseDouble(texts.back(), "tick") - tick) < step / 100;
    }
    if (are_exact) break;
  }
  return texts;
}

std::string Place(double value) { return FormatFixed(value, 2); }

std::string Grid(const Axes& axes, const LineChart& chart) {
  std::string svg;
  const std::vector<std::string> texts = TickTexts(axes.y_ticks);
  for (size_t i = 0; i < texts.size(); ++i) {
    const double y = axes.y.At(axes.y_ticks[i]);
    svg += StrCat("<path class=\"axis\" d=\"M", kLeft, " ", Place(y), "H", kRight, "\"/><text x=\"",
                  kLeft - 6, "\" y=\"", Place(y + 4), "\" text-anchor=\"end\">",
                  EscapeHtml(texts[i] + chart.unit), "</text>");
  }
  for (const double tick : RoundTicks(axes.x.min, axes.x.max)) {
    // Epochs and steps are whole numbers.
    if (tick < axes.x.min || tick > axes.x.max || tick != std::floor(tick)) continue;
    svg += StrCat("<text x=\"", Place(axes.x.At(tick)), "\" y=\"", kFloor + 16, "\" text-anchor=\"middle\">",
                  FormatFixed(tick, 0), "</text>");
  }
  return svg + StrCat("<text x=\"", kRight, "\" y=\"", kHeight - 4, "\" text-anchor=\"end\">",
                      EscapeHtml(chart.x_name), "</text>");
}

std::string Mark(const Axes& axes, const LineChart& chart) {
  if (!chart.mark || *chart.mark < axes.x.min || *chart.mark > axes.x.max) return "";
  const double x = axes.x.At(*chart.mark);
  const bool is_right = x > kWidth / 2;
  return StrCat("<path class=\"best\" d=\"M", Place(x), " ", kTop - 8, "V", kFloor,
                "\"/><text class=\"best\" x=\"", Place(x + (is_right ? -4 : 4)), "\" y=\"", kTop - 3,
                "\" text-anchor=\"", is_right ? "end" : "start", "\">best</text>");
}

std::string Curve(const Axes& axes, const LineChart& chart, const ChartSeries& series, size_t number) {
  std::string path;
  std::string dots;
  for (size_t i = 0; i < series.x.size(); ++i) {
    if (!IsShown(series.y[i])) continue;
    const std::string x = Place(axes.x.At(series.x[i]));
    const std::string y = Place(axes.y.At(series.y[i]));
    path += StrCat(path.empty() ? "M" : "L", x, " ", y);
    if (series.x.size() > kMostDots) continue;
    dots += StrCat("<circle cx=\"", x, "\" cy=\"", y, "\" r=\"2.6\"><title>",
                   EscapeHtml(StrCat(series.name, series.name.empty() ? "" : ", ", chart.x_name, " ",
                                     Digits(series.x[i], 9), ": ", Digits(series.y[i], 5), chart.unit)),
                   "</title></circle>");
  }
  return StrCat("<g class=\"series-", number, "\"><path d=\"", path, "\"/>", dots, "</g>");
}

}  // namespace

std::vector<double> RoundTicks(double min, double max) {
  if (min == max) {
    const double around = min == 0 ? 1 : std::abs(min) / 10;
    min -= around;
    max += around;
  }
  // Ticks must not be closer than the rounding of the values.
  const double widest =
      std::max({(max - min) / 5, std::max(std::abs(min), std::abs(max)) * 1e-9, 1 / kLargestValue});
  for (double exponent = std::floor(std::log10(widest));; ++exponent) {
    for (const int digit : {1, 2, 5}) {
      // Divide for negative exponents: positive powers of ten are exact, their inverses are not.
      const auto tick = [&](double k) {
        return exponent < 0 ? k * digit / std::pow(10, -exponent) : k * digit * std::pow(10, exponent);
      };
      if (tick(1) < widest) continue;
      double k = std::floor(min / tick(1));
      while (tick(k) > min) --k;
      std::vector<double> ticks = {tick(k)};
      while (ticks.back() < max) ticks.push_back(tick(++k));
      return ticks;
    }
  }
}

ChartSeries Thinned(const ChartSeries& series, size_t count) {
  if (series.x.size() <= count) return series;
  const size_t group = (series.x.size() + count - 1) / count;
  ChartSeries thinned{.name = series.name};
  for (size_t first = 0; first < series.x.size(); first += group) {
    const size_t end = std::min(series.x.size(), first + group);
    double sum = 0;
    double known = 0;
    for (size_t i = first; i < end; ++i) {
      if (!IsShown(series.y[i])) continue;
      sum += series.y[i];
      ++known;
    }
    thinned.x.push_back((series.x[first] + series.x[end - 1]) / 2);
    thinned.y.push_back(sum / known);
  }
  return thinned;
}

std::string LineChartFigure(const LineChart& whole) {
  LineChart chart = whole;
  std::string legend;
  for (size_t i = 0; i < chart.series.size(); ++i) {
    chart.series[i] = Thinned(chart.series[i], kMostPoints);
    if (chart.series[i].name.empty()) continue;
    legend += StrCat("<span class=\"key series-", i + 1, "\">", EscapeHtml(chart.series[i].name), "</span>");
  }
  const Axes axes(chart);
  if (axes.IsEmpty()) return "";
  std::string svg = Grid(axes, chart) + Mark(axes, chart);
  for (size_t i = 0; i < chart.series.size(); ++i) svg += Curve(axes, chart, chart.series[i], i + 1);
  return StrCat("<figure class=\"chart\"><h3>", EscapeHtml(chart.title), legend, "</h3><p>",
                EscapeHtml(chart.description), "</p><svg viewBox=\"0 0 ", kWidth, " ", kHeight,
                "\" role=\"img\" aria-label=\"",
                EscapeHtml(StrCat("Curve: ", chart.title, ", ", ShortNumber(axes.y.min), " to ",
                                  ShortNumber(axes.y.max), chart.unit)),
                "\">", svg, "</svg></figure>\n");
}

}  // namespace vantage::report

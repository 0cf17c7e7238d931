// SPDX-License-Identifier: BSD-3-Clause
#include "report/figure_chart.h"

#include <algorithm>

#include "report/html_page.h"
#include "util/string.h"

namespace vantage::report {
namespace {

constexpr double kLeft = 34;
constexpr double kTop = 8;
constexpr double kWidth = 956;
constexpr double kHeight = 150;

double Height(double value) { return kHeight * std::clamp(value, 0.0, 1.0); }

}  // namespace

std::string FigureChart(const std::vector<FigureBar>& bars, const std::string& title) {
  if (bars.empty()) return "";
  std::string html = StrCat("<figure class=\"chart precisions\"><svg viewBox=\"0 0 ", kLeft + kWidth + 2, " ",
                            kTop + kHeight + 8, "\" role=\"img\" aria-label=\"", EscapeHtml(title), " of ",
                            bars.size(), " queries, lowest first\">");
  for (const int percent : {0, 50, 100}) {
    const double y = kTop + kHeight * (1 - percent / 100.0);
    html +=
        StrCat("<path class=\"axis\" d=\"M", kLeft, " ", FormatFixed(y, 1), "h", kWidth, "\"/><text x=\"",
               kLeft - 6, "\" y=\"", FormatFixed(y + 4, 1), "\" text-anchor=\"end\">", percent, "</text>");
  }
  const double step = kWidth / static_cast<double>(bars.size());
  for (size_t i = 0; i < bars.size(); ++i) {
    const FigureBar& bar = bars[i];
    // A bar of value 0 stays visible, to point at.
    const double height = std::max(1.0, Height(bar.value));
    const std::string rect =
        StrCat("<rect x=\"", FormatFixed(kLeft + step * static_cast<double>(i), 2), "\" y=\"",
               FormatFixed(kTop + kHeight - height, 2), "\" width=\"",
               FormatFixed(std::max(0.5, step * 0.85), 2), "\" height=\"", FormatFixed(height, 2),
               "\"><title>", EscapeHtml(bar.name), ": ", FormatFixed(100 * bar.value, 2),
               bar.other ? StrCat(", other run ", FormatFixed(100 * *bar.other, 2)) : "", "</title></rect>");
    html += bar.card > 0 ? StrCat("<a href=\"#query-", bar.card, "\">", rect, "</a>") : rect;
    if (!bar.other) continue;
    html += StrCat("<path class=\"other\" d=\"M", FormatFixed(kLeft + step * static_cast<double>(i), 2), " ",
                   FormatFixed(kTop + kHeight - Height(*bar.other), 2), "h",
                   FormatFixed(std::max(1.0, step * 0.85), 2), "\"/>");
  }
  return html + "</svg></figure>\n";
}

}  // namespace vantage::report

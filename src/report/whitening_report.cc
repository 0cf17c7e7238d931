// SPDX-License-Identifier: BSD-3-Clause
#include "report/whitening_report.h"

#include <cmath>

#include "report/html_page.h"
#include "report/line_chart.h"
#include "report/page_parts.h"
#include "util/check.h"
#include "util/file.h"
#include "util/rethrow.h"
#include "util/string.h"
#include "vantage/run_context.h"

namespace vantage::report {
namespace {

std::string PercentOf(double share) { return FormatFixed(100 * share, 2) + "&#8239;%"; }

std::string ChoiceSection(const std::string& heading, const ShrinkageChoice& choice) {
  std::string html = StrCat("<section><div class=\"head\"><h2>", EscapeHtml(heading), "</h2><p>",
                            EscapeHtml(Summary(choice)), ".</p></div>\n");
  if (!choice.is_measured) return html + "</section>\n";
  const double gain = choice.map - choice.unwhitened_map;
  html += StrCat(
      "<div class=\"tiles\">", Tile(FormatShortest(choice.shrinkage), "shrinkage", "taken"),
      Tile(PercentOf(choice.map), "mAP", StrCat("without whitening ", PercentOf(choice.unwhitened_map))),
      Tile(StrCat(gain < 0 ? "&minus;" : "+", FormatFixed(100 * std::abs(gain), 2)), "points gained",
           StrCat("&plusmn; ", FormatFixed(100 * choice.gain_half_width, 2), ", 95&#8239;%")),
      Tile(std::to_string(choice.scenes), "scenes left out",
           StrCat("in ", choice.folds, " folds, ", choice.queries, " queries")),
      "</div>\n");
  LineChart chart{.title = "mAP by shrinkage",
                  .description =
                      "Mean over scenes that the whitening was not learned from. The mark is the choice: the "
                      "value nearest to 0.7 among those that cannot be distinguished from the best.",
                  .x_name = "shrinkage",
                  .unit = " %",
                  .series = {{.name = "whitened"}, {.name = "without whitening"}},
                  .mark = choice.shrinkage};
  for (const auto& [shrinkage, map] : choice.curve) {
    chart.series[0].x.push_back(shrinkage);
    chart.series[0].y.push_back(100 * map);
  }
  chart.series[1].x = {chart.series[0].x.front(), chart.series[0].x.back()};
  chart.series[1].y.assign(2, 100 * choice.unwhitened_map);
  return html + StrCat("<div class=\"charts\">\n", LineChartFigure(chart), "</div></section>\n");
}

}  // namespace

void WriteWhiteningReport(const std::string& model,
                          const std::vector<std::pair<std::string, ShrinkageChoice>>& choices,
                          const std::filesystem::path& output) try {
  VANTAGE_CHECK(!choices.empty(),
                "a page about a whitening shows how its shrinkage was chosen, and none was");
  HtmlPage page(StrCat(model, " · whitening"));
  page.Add(
      StrCat("<header class=\"title\"><p>Whitening</p><h1>", EscapeHtml(model), "</h1></header>\n<main>\n"));
  for (const auto& [heading, choice] : choices) page.Add(ChoiceSection(heading, choice));
  page.Add(StrCat("</main>\n<footer>vantage ", Version(), "</footer>\n"));
  WriteFile(output, page.Text());
} catch (...) {
  RethrowAsError();
}

}  // namespace vantage::report

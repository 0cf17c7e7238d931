// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>

#include "report/evaluation_sections.h"
#include "report/html_page.h"
#include "report/page_parts.h"
#include "util/string.h"

namespace vantage::report {
namespace {

std::string PercentNumber(double share) { return FormatFixed(100 * share, 2); }

std::string SignedPercent(double share) { return (share < 0 ? "" : "+") + PercentNumber(share); }

std::string Range(const Interval& interval, const StatisticsOptions& options) {
  return StrCat(PercentNumber(interval.low), " to ", PercentNumber(interval.high), " (",
                FormatFixed(100 * options.confidence, 0), " %)");
}

std::string Row(const std::string& label, const std::string& here, const std::string& there,
                const std::string& difference, const std::string& detail) {
  return StrCat("<tr><th scope=\"row\">", EscapeHtml(label), "</th><td>", here, "</td><td>", there,
                "</td><td>", difference, "</td><td class=\"what\">", EscapeHtml(detail), "</td></tr>");
}

std::string ComparisonRow(const EvaluationReport& report, const TaskComparison& compared) {
  const PairedComparison& paired = compared.comparison;
  const auto mean = [&](const EvaluationResults& results) {
    return PercentNumber(FigureOfTask(results, compared.task, compared.figure.name).mean);
  };
  return Row(compared.figure.mean_label + (compared.task.empty() ? "" : " " + compared.task),
             mean(report.run), mean(*report.other), SignedPercent(paired.mean_difference),
             StrCat(Range(paired.interval, report.statistics), ", p = ", FormatFixed(paired.p_value, 4), "; ",
                    paired.better, " of ", Counted(paired.queries, "query", "queries"), " better, ",
                    paired.worse, " worse"));
}

}  // namespace

std::string MainTitle(const EvaluationReport& report) {
  std::string title = report.run.figures.empty() ? "figure" : report.run.figures[0].name;
  std::replace(title.begin(), title.end(), '_', ' ');
  if (title[0] >= 'a' && title[0] <= 'z') title[0] = static_cast<char>(title[0] - 'a' + 'A');
  return title;
}

double MainValue(const QueryResult& query) { return query.figures.at(0); }

std::string FigureTiles(const EvaluationReport& report) {
  std::string html = "<div class=\"tiles\">";
  for (const std::string& task : report.run.tasks) {
    bool is_main = true;
    for (const TaskFigure& figure : FiguresOfTask(report.run, task)) {
      if (!figure.figure.in_tables) continue;
      html += Tile(PercentNumber(figure.mean),
                   EscapeHtml(figure.figure.mean_label + (task.empty() ? "" : " " + task)),
                   is_main ? Range(BootstrapMean(figure.values, report.statistics), report.statistics) : "");
      is_main = false;
    }
  }
  return html + "</div>\n";
}

std::string ComparisonSection(const EvaluationReport& report) {
  if (!report.other) return "";
  std::string rows;
  for (const TaskComparison& compared :
       CompareRuns(*report.other, report.other_name, report.run, report.statistics)) {
    rows += ComparisonRow(report, compared);
  }
  const auto head = [](const std::string& name, const std::string& source) {
    return StrCat("<th scope=\"col\">", EscapeHtml(name), "<small>", EscapeHtml(source), "</small></th>");
  };
  return StrCat(
      "<section id=\"comparison\"><div class=\"head\"><h2>Two runs</h2><p>of the same queries, in percent. "
      "The "
      "difference's interval is a bootstrap over queries, p of the paired randomisation test.</p></div><div "
      "class=\"scroll\"><table class=\"figures\"><thead><tr><td></td>",
      head("this run", report.run.source), head(report.other_name, report.other->source),
      "<th scope=\"col\">difference</th><td></td></tr></thead><tbody>", rows,
      "</tbody></table></div></section>\n");
}

}  // namespace vantage::report

// SPDX-License-Identifier: BSD-3-Clause
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

std::string ComparisonRows(const EvaluationReport& report, const TaskComparison& task) {
  const RetrievalScores here = ScoresOfTask(report.run, task.task);
  const RetrievalScores there = ScoresOfTask(*report.other, task.task);
  const PairedComparison& paired = task.comparison;
  const std::string suffix = task.task.empty() ? "" : " " + task.task;
  std::string rows =
      Row("mAP" + suffix, PercentNumber(here.mean_average_precision),
          PercentNumber(there.mean_average_precision), SignedPercent(paired.mean_difference),
          StrCat(Range(paired.interval, report.statistics), ", p = ", FormatFixed(paired.p_value, 4), "; ",
                 paired.better, " of ", Counted(paired.queries, "query", "queries"), " better, ",
                 paired.worse, " worse"));
  for (const auto& [k, precision] : here.mean_precision_at) {
    const auto other = there.mean_precision_at.find(k);
    if (other == there.mean_precision_at.end()) continue;
    rows += Row(StrCat("mP@", k, suffix), PercentNumber(precision), PercentNumber(other->second),
                SignedPercent(precision - other->second), "");
  }
  return rows;
}

}  // namespace

std::string FigureTiles(const EvaluationReport& report) {
  std::string html = "<div class=\"tiles\">";
  for (const std::string& task : report.run.tasks) {
    const RetrievalScores scores = ScoresOfTask(report.run, task);
    const std::string suffix = EscapeHtml(task.empty() ? "" : " " + task);
    html += Tile(PercentNumber(scores.mean_average_precision), "mAP" + suffix,
                 Range(BootstrapMean(scores.average_precisions, report.statistics), report.statistics));
    for (const auto& [k, precision] : scores.mean_precision_at) {
      html += Tile(PercentNumber(precision), StrCat("mP@", k, suffix), "");
    }
  }
  return html + "</div>\n";
}

std::string ComparisonSection(const EvaluationReport& report) {
  if (!report.other) return "";
  std::string rows;
  for (const TaskComparison& task :
       CompareRuns(report.other->queries, report.other_name, report.run.queries, report.statistics)) {
    rows += ComparisonRows(report, task);
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

// SPDX-License-Identifier: BSD-3-Clause
#include "report/precision_recall_chart.h"

#include "report/html_page.h"
#include "report/line_chart.h"
#include "util/string.h"

namespace vantage::report {
namespace {

constexpr int kLevels = 101;  // 1 % of recall apart
// Sizes of the sketch in its own units.
constexpr double kWidth = 170;
constexpr double kHeight = 64;

ChartSeries MeanCurve(const EvaluationResults& run, const std::string& task, const std::string& name) {
  ChartSeries series{.name = name};
  const std::vector<double> precisions = MeanInterpolatedPrecision(run, task, kLevels);
  for (size_t i = 0; i < precisions.size(); ++i) {
    series.x.push_back(static_cast<double>(i));
    series.y.push_back(100 * precisions[i]);
  }
  return series;
}

// Interpolated precision is constant up to the recall of the next positive, so the path needs few points.
std::string SketchPath(const QueryResult& query, int number) {
  const std::vector<double> precisions =
      InterpolatedPrecision(query.positive_ranks, query.positives, kLevels);
  std::string path;
  double drawn = -1;
  for (size_t i = 0; i < precisions.size(); ++i) {
    if (precisions[i] == drawn) continue;
    drawn = precisions[i];
    const double x = kWidth * static_cast<double>(i) / (kLevels - 1);
    path += StrCat(path.empty() ? "M" : "H", FormatFixed(x, 1), path.empty() ? " " : "V",
                   FormatFixed(kHeight * (1 - drawn), 1));
  }
  return StrCat("<path class=\"series-", number, "\" d=\"", path, "H", kWidth, "\"/>");
}

}  // namespace

std::string PrecisionRecallSection(const EvaluationReport& report) {
  std::string charts;
  for (const std::string& task : report.run.tasks) {
    LineChart chart{.title = task.empty() ? "Precision against recall" : "Precision against recall, " + task,
                    .description = "Mean of the queries; the highest precision at each recall or beyond.",
                    .x_name = "recall %",
                    .unit = " %"};
    chart.y_range = {0, 100};
    chart.series.push_back(MeanCurve(report.run, task, report.other ? "this run" : ""));
    if (report.other) {
      ChartSeries other = MeanCurve(*report.other, task, report.other_name);
      if (!other.x.empty()) chart.series.push_back(std::move(other));
    }
    charts += LineChartFigure(chart);
  }
  if (charts.empty()) return "";
  return StrCat(
      "<section id=\"curves\"><div class=\"head\"><h2>Precision and recall</h2></div><div "
      "class=\"charts\">",
      charts, "</div></section>\n");
}

std::string PrecisionRecallSketch(const QueryResult& query, const QueryResult* other) {
  if (query.positive_ranks.empty()) return "";
  std::string paths = SketchPath(query, 1);
  if (other != nullptr && !other->positive_ranks.empty()) paths += SketchPath(*other, 2);
  return StrCat("<svg class=\"sketch\" viewBox=\"-1 -1 ", kWidth + 2, " ", kHeight + 2,
                "\" role=\"img\" aria-label=\"Precision against recall\"><title>Precision against "
                "recall</title><path class=\"axis\" d=\"M0 0V",
                kHeight, "H", kWidth, "\"/>", paths, "</svg>");
}

}  // namespace vantage::report

// SPDX-License-Identifier: BSD-3-Clause
#include "report/line_chart.h"
#include "report/run_sections.h"
#include "util/string.h"

namespace vantage::report {
namespace {

template <typename Metrics>
using Value = double (*)(const Metrics&);

template <typename Metrics>
ChartSeries SeriesOf(const std::vector<Metrics>& lines, const std::string& name, int64_t Metrics::*x,
                     Value<Metrics> y) {
  ChartSeries series{.name = name};
  for (const Metrics& line : lines) {
    series.x.push_back(static_cast<double>(line.*x));
    series.y.push_back(y(line));
  }
  return series;
}

// In percent; NaN if there are no photos.
template <typename Metrics>
double ShareWithoutGradient(const Metrics& metrics) {
  const auto photos = static_cast<double>(metrics.photos);
  return 100 * (photos - static_cast<double>(metrics.photos_with_gradient)) / photos;
}

struct EpochCurve {
  std::string name;
  Value<EpochMetrics> value;
};

std::string ByEpoch(const RunData& run, const std::string& title, const std::string& description,
                    const std::vector<EpochCurve>& curves) {
  LineChart chart{.title = title, .description = description, .x_name = "epoch"};
  for (const EpochCurve& curve : curves) {
    chart.series.push_back(SeriesOf(run.epochs, curve.name, &EpochMetrics::epoch, curve.value));
  }
  if (run.best_epoch) chart.mark = static_cast<double>(*run.best_epoch);
  return LineChartFigure(chart);
}

std::string ByStep(const RunData& run, const std::string& title, const std::string& description,
                   Value<StepMetrics> value, const std::string& unit = "") {
  return LineChartFigure({.title = title,
                          .description = description,
                          .x_name = "step",
                          .unit = unit,
                          .series = {SeriesOf(run.steps, "", &StepMetrics::step, value)}});
}

}  // namespace

std::string CurveSection(const RunData& run) {
  using Epoch = const EpochMetrics&;
  using Step = const StepMetrics&;
  const std::string charts =
      ByEpoch(run, "Loss", "Mean over tuples. Both are of hard negatives, mined anew in each epoch.",
              {{"training", [](Epoch e) { return e.train_loss; }},
               {"validation", [](Epoch e) { return e.val_loss; }}}) +
      ByStep(run, "Loss of steps", "Mean over the tuples of a step.", [](Step s) { return s.loss; }) +
      ByEpoch(run, "Benchmark", "Its main figure, such as mAP, 0 to 1.",
              {{"", [](Epoch e) { return e.benchmark_score; }}}) +
      ByEpoch(run, "Distance of negatives", "From the query's descriptor, mean: smaller is harder.",
              {{"training", [](Epoch e) { return e.train_negative_distance; }},
               {"validation", [](Epoch e) { return e.val_negative_distance; }}}) +
      ByEpoch(run, "GeM's p", "The exponent of pooling: 1 averages, a large one takes the maximum.",
              {{"", [](Epoch e) { return e.exponent; }}}) +
      ByStep(run, "Learning rate", "The trunk's.", [](Step s) { return s.learning_rate; }) +
      ByStep(run, "Gradient", "Its L2 norm, of all parameters.", [](Step s) { return s.gradient_norm; }) +
      ByStep(
          run, "Photos without gradient", "Their loss is zero already: no backward pass.",
          [](Step s) { return ShareWithoutGradient(s); }, " %") +
      ByEpoch(run, "Photos a second", "In steps, without mining and validation.",
              {{"", [](Epoch e) { return e.images_per_second; }}}) +
      // Used if the run has no steps.csv.
      (run.steps.empty() ? ByEpoch(run, "Learning rate", "The trunk's.",
                                   {{"", [](Epoch e) { return e.epoch == 0 ? kNotKnown : e.learning_rate; }}})
                         : "");
  if (charts.empty()) return "";
  return StrCat("<section id=\"curves\"><div class=\"head\"><h2>Curves</h2><p>",
                run.best_epoch ? StrCat("The best epoch is ", *run.best_epoch, ".") : "",
                "</p></div><div class=\"charts\">\n", charts, "</div></section>\n");
}

}  // namespace vantage::report

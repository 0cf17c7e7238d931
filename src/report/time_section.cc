// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <cmath>

#include "report/html_page.h"
#include "report/run_sections.h"
#include "util/string.h"

namespace vantage::report {
namespace {

struct Phase {
  const char* name;
  const char* description;
  double EpochMetrics::*seconds;  // null: the rest of the total
};
constexpr Phase kPhases[] = {
    {"mining", "describing the pool and finding negatives", &EpochMetrics::mining_seconds},
    {"data", "waiting for photos", &EpochMetrics::data_wait_seconds},
    {"forward", "descriptors and loss", &EpochMetrics::forward_seconds},
    {"backward", "gradients", &EpochMetrics::backward_seconds},
    {"optimizer", "new weights", &EpochMetrics::optimizer_seconds},
    {"validation", "its mining and its loss", &EpochMetrics::validation_seconds},
    {"evaluation", "the benchmark", &EpochMetrics::evaluation_seconds},
    {"other", "checkpoints, logs, ...", nullptr},
};

double Sum(const std::vector<EpochMetrics>& epochs, double EpochMetrics::*seconds) {
  double sum = 0;
  for (const EpochMetrics& epoch : epochs) {
    if (epoch.*seconds > 0 && std::isfinite(epoch.*seconds)) sum += epoch.*seconds;
  }
  return sum;
}

}  // namespace

std::string TimeSection(const RunData& run) {
  constexpr double kWidth = 1000;
  std::vector<double> seconds;
  double known = 0;
  for (const Phase& phase : kPhases) {
    if (phase.seconds) known += seconds.emplace_back(Sum(run.epochs, phase.seconds));
  }
  if (known <= 0) return "";
  const double all = std::max(known, Sum(run.epochs, &EpochMetrics::seconds));
  seconds.push_back(all - known);
  std::string bars;
  std::string rows;
  double at = 0;
  for (size_t i = 0; i < seconds.size(); ++i) {
    if (seconds[i] <= 0) continue;
    const std::string share = FormatFixed(100 * seconds[i] / all, 1) + "&#8239;%";
    const double width = seconds[i] / all * kWidth;
    bars += StrCat("<rect class=\"phase-", i + 1, "\" x=\"", FormatFixed(at, 2), "\" y=\"0\" width=\"",
                   FormatFixed(std::max(0.5, width - 1.5), 2), "\" height=\"44\"><title>", kPhases[i].name,
                   ": ", share, "</title></rect>");
    at += width;
    rows += StrCat("<tr><th><span class=\"key phase-", i + 1, "\">", kPhases[i].name, "</span></th><td>",
                   share, "</td><td>", FormatDuration(seconds[i]), "</td><td class=\"what\">",
                   kPhases[i].description, "</td></tr>");
  }
  return StrCat(
      "<section id=\"time\"><div class=\"head\"><h2>Time</h2><p>", FormatDuration(all), " in ",
      run.epochs.size(), run.epochs.size() == 1 ? " epoch" : " epochs",
      ".</p></div><figure class=\"time\"><svg viewBox=\"0 0 ", kWidth,
      " 44\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"Shares of the time by phase, as in the "
      "table\">",
      bars, "</svg><table>", rows, "</table></figure></section>\n");
}

}  // namespace vantage::report

// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <limits>

#include "util/check.h"
#include "vantage/evaluation.h"

namespace vantage {
namespace {

constexpr int kFirst[] = {1, 5, 10};

}  // namespace

Figure AveragePrecisionFigure() {
  return {.name = "average_precision",
          .label = "AP",
          .mean_name = "map",
          .mean_label = "mAP",
          .judge = [](const FoundPositives& found) { return AveragePrecision(found.ranks, found.count); }};
}

Figure PrecisionFigure(int k) {
  VANTAGE_CHECK(k >= 1, "precision at ", k);
  return {.name = StrCat("precision_at_", k),
          .label = StrCat("P@", k),
          .mean_name = "mean_precision_at",
          .mean_label = StrCat("mP@", k),
          .k = k,
          .judge = [k](const FoundPositives& found) {
            if (found.ranks.empty()) return 0.0;
            const int64_t cut = std::min<int64_t>(found.ranks.back() + 1, k);
            const auto first = std::lower_bound(found.ranks.begin(), found.ranks.end(), cut);
            return static_cast<double>(first - found.ranks.begin()) / static_cast<double>(cut);
          }};
}

Figure RecallFigure(int k) {
  VANTAGE_CHECK(k >= 1, "recall at ", k);
  return {.name = StrCat("recall_at_", k),
          .label = StrCat("R@", k),
          .mean_name = "recall_at",
          .mean_label = StrCat("R@", k),
          .k = k,
          .judge = [k](const FoundPositives& found) {
            return !found.ranks.empty() && found.ranks.front() < k ? 1.0 : 0.0;
          }};
}

Judging LandmarkJudging() {
  Judging judging{{AveragePrecisionFigure()}};
  for (const int k : kFirst) judging.figures.push_back(PrecisionFigure(k));
  for (const int k : kFirst) {
    judging.figures.push_back(RecallFigure(k));
    judging.figures.back().in_tables = false;
  }
  return judging;
}

std::vector<double> JudgeQuery(const Judging& judging, const FoundPositives& found) {
  std::vector<double> values;
  for (const Figure& figure : judging.figures) {
    values.push_back(found.count > 0      ? figure.judge(found)
                     : judging.has_misses ? 0
                                          : std::numeric_limits<double>::quiet_NaN());
  }
  return values;
}

}  // namespace vantage

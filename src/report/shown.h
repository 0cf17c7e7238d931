// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <vector>

#include "report/training_set_report.h"

namespace vantage::report {

// A query that the page shows, with what it shows of it.
struct ShownQuery {
  const TrainingQuery* query = nullptr;
  // The chosen positive first, then those that share most points.
  std::vector<CandidatePositive> candidates;
  // Empty where none were mined.
  std::vector<NegativeMatch> negatives;
  double positive_distance = 0;  // NaN where it is not known
};

// A scene that the page shows with photos, and how much it holds.
struct ShownScene {
  SceneId scene{};
  std::vector<PhotoId> shown;
  int64_t photos = 0;
  int64_t queries = 0;
  int64_t candidates = 0;  // of all queries
};

// Draws the queries, from the splits in proportion, in the order of scenes and photos.
std::vector<ShownQuery> ChooseQueries(const TrainingSet& set, const ReportNegatives* negatives,
                                      const TrainingSetReportOptions& options);

// All scenes; `shown` is empty for those that only count.
std::vector<ShownScene> ChooseScenes(const TrainingSet& set, const TrainingSetReportOptions& options);

// The photos of both, each once, in the order that the page shows them first.
std::vector<PhotoId> PhotosToShow(const std::vector<ShownQuery>& queries,
                                  const std::vector<ShownScene>& scenes);

}  // namespace vantage::report

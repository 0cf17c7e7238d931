// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <vector>

#include "report/training_set_report.h"

namespace vantage::report {

// A query that the page shows.
struct ShownQuery {
  const TrainingQuery* query = nullptr;
  // The chosen positive first, then the candidates that share most points with the query.
  std::vector<CandidatePositive> candidates;
  // Empty if none were mined.
  std::vector<NegativeMatch> negatives;
  double positive_distance = 0;  // NaN if it is not known
};

// A scene, the photos of it that the page shows, and its counts.
struct ShownScene {
  SceneId scene{};
  std::vector<PhotoId> shown;
  int64_t photos = 0;
  int64_t queries = 0;
  int64_t candidates = 0;  // candidates of all its queries
};

// Draws the queries to show, from the splits in proportion to their sizes. Returns them in the order of
// scenes and photos.
std::vector<ShownQuery> ChooseQueries(const TrainingSet& set, const ReportNegatives* negatives,
                                      const TrainingSetReportOptions& options);

// All scenes; `shown` is empty for scenes that the page only counts.
std::vector<ShownScene> ChooseScenes(const TrainingSet& set, const TrainingSetReportOptions& options);

// The photos of queries and scenes, each once, in the order of their first use on the page.
std::vector<PhotoId> PhotosToShow(const std::vector<ShownQuery>& queries,
                                  const std::vector<ShownScene>& scenes);

}  // namespace vantage::report

// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "report/evaluation_report.h"
#include "report/photo_album.h"

namespace vantage::report {

// A query that the evaluation's page shows with its results.
struct ShownResults {
  const QueryResult* query = nullptr;
  const QueryResult* other = nullptr;  // the same query in the other run; null if there is none
  std::vector<std::string> choices;    // reasons for showing it: worst, best, changed
  int64_t photo = 0;                   // number in the album; so are the results below
  std::vector<int64_t> results;
  std::vector<int64_t> other_results;
};

// Name of the main figure, which orders the queries: "Average precision". Plain text.
std::string MainTitle(const EvaluationReport& report);
// The query's value of the main figure; NaN: the query does not count.
double MainValue(const QueryResult& query);

// Main figure of this run minus that of the other; 0 without another run.
double Change(const ShownResults& shown);

// The figures of all tasks, as tiles.
std::string FigureTiles(const EvaluationReport& report);

// A table of both runs' figures, with intervals and the paired test; "" without another run.
std::string ComparisonSection(const EvaluationReport& report);

// The queries shown, with their results. total: number of all queries.
std::string EvaluatedQuerySection(const EvaluationReport& report, const std::vector<ShownResults>& shown,
                                  size_t total, PhotoAlbum& album);

}  // namespace vantage::report

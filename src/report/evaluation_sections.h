// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "report/evaluation_report.h"
#include "report/photo_album.h"

namespace vantage::report {

// A query that the page of an evaluation shows with its results.
struct ShownResults {
  const QueryResult* query = nullptr;
  const QueryResult* other = nullptr;  // of the other run; null where there is none
  std::vector<std::string> choices;    // why it is shown: worst, best, changed
  int64_t photo = 0;                   // numbers in the album
  std::vector<int64_t> results;
  std::vector<int64_t> other_results;
};

// The main figure by which queries are ordered: "Average precision", as text.
std::string MainTitle(const EvaluationReport& report);
// A query's value of it; NaN: does not count.
double MainValue(const QueryResult& query);

// How much better this run is; 0 without another.
double Change(const ShownResults& shown);

// The figures of all tasks as tiles.
std::string FigureTiles(const EvaluationReport& report);

// Both runs' figures in a table, with intervals and the paired test; "" without another run.
std::string ComparisonSection(const EvaluationReport& report);

// The queries shown, of `total`, with their results.
std::string EvaluatedQuerySection(const EvaluationReport& report, const std::vector<ShownResults>& shown,
                                  size_t total, PhotoAlbum& album);

}  // namespace vantage::report

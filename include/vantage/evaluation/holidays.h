// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "vantage/evaluation/benchmark.h"
#include "vantage/evaluation/official_benchmark.h"
#include "vantage/evaluation/results.h"

namespace vantage {

// INRIA Holidays (Jégou, Douze, Schmid, ECCV 2008): photos 1GGGII.jpg, where those of a group GGG show one
// thing and II = 00 is its query. The query is left out of its own ranking. The upright variant is the same
// with photos that were turned.

// Names of photos, one a line (holidays_images.dat). Throws Error naming file and line where one is none of
// the benchmark's, or stands there twice.
std::vector<std::string> ReadHolidaysList(const std::filesystem::path& path);

// The benchmark of the photos at hand. names: all that belong to it, of which those that are not there become
// Benchmark::missing; empty: not known, so that of 1491 photos only the number is checked.
Benchmark MakeHolidays(const std::vector<std::string>& names, const PhotoFinder& photos);

// A ranked list as INRIA's package has it: the query's name, then rank and name of each result
// (WriteRankedLists of ranked_lists.h writes such).
struct RankedNames {
  std::string query;
  std::vector<std::pair<int64_t, std::string>> results;
};
std::vector<RankedNames> ReadHolidaysResults(const std::filesystem::path& path);

// Judges such lists as INRIA's holidays_map.py does: the groups of the list `names`, in its order; photos
// that a list ends before count as not found. shown: of each list the first so many are kept. Throws Error
// where a query has no list or two, or a name is unknown.
EvaluationResults JudgeHolidaysResults(const std::vector<RankedNames>& rankings,
                                       const std::vector<std::string>& names, const std::string& source,
                                       int64_t shown = 0);

}  // namespace vantage

// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "vantage/search/knn.h"
#include "vantage/util/output.h"
#include "vantage/util/run_context.h"

namespace vantage {

// What a search found for each query, best first.
struct RankedLists {
  std::vector<std::string> queries;
  std::vector<std::vector<Neighbor>> neighbors;  // as many lists as queries
};

// Checks before the search that WriteRankedLists may write there: the ending, and CheckOutput. Throws
// UsageError or Error.
void CheckRankedListsOutput(const std::filesystem::path& path, const OutputRules& rules);

// Checks before the search that WriteRankedLists can write these names there. Throws UsageError.
void CheckRankedListsNames(const std::filesystem::path& path, const std::vector<std::string>& names);

// Writes ranked lists as the path ends: .npy, int64, rows of the database, a column a query as cirtorch has
// them (all lists must be of one length); .csv, a line a result: query, rank (from 0), name, score; .txt, the
// format of INRIA's Holidays package, a line a query: its name, then rank and name of each result. Throws
// UsageError for another ending, Error where a name with white space cannot stand in a .txt.
void WriteRankedLists(const RankedLists& lists, const std::vector<std::string>& database_names,
                      const std::filesystem::path& path, const RunContext& context = {});

}  // namespace vantage

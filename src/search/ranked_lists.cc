// SPDX-License-Identifier: BSD-3-Clause
#include "search/ranked_lists.h"
#include "vantage/search.h"

#include "serialize/npy.h"
#include "util/check.h"
#include "util/csv.h"
#include "util/file.h"
#include "util/index.h"
#include "util/rethrow.h"

namespace vantage {
namespace {

namespace fs = std::filesystem;

void WriteColumns(const RankedLists& lists, const fs::path& path) {
  const size_t length = lists.neighbors.empty() ? 0 : lists.neighbors[0].size();
  const size_t count = lists.neighbors.size();
  std::vector<int64_t> rows(length * count);
  for (size_t q = 0; q < count; ++q) {
    VANTAGE_CHECK(lists.neighbors[q].size() == length, path.string(), ": ranked lists of ", length, " and ",
                  lists.neighbors[q].size(), " results do not fit in an array; write .csv or .txt");
    for (size_t rank = 0; rank < length; ++rank) rows[rank * count + q] = lists.neighbors[q][rank].index;
  }
  serialize::WriteNpy<int64_t>(path, rows, {static_cast<int64_t>(length), static_cast<int64_t>(count)});
}

// Returns the name. Throws UsageError if it has white space, which separates the columns of the format.
const std::string& Word(const std::string& name, const fs::path& path) {
  if (name.empty() || name.find_first_of(" \t\r\n") != name.npos) {
    const std::string fault =
        name.empty() ? "a name is empty" : StrCat("the name '", name, "' has white space");
    throw UsageError(
        StrCat(path.string(), ": ", fault, ", and names of this format end at white space; write .csv"));
  }
  return name;
}

std::string CheckedExtension(const fs::path& path) {
  std::string extension = ToLower(path.extension().string());
  if (extension != ".npy" && extension != ".csv" && extension != ".txt") {
    throw UsageError(StrCat(path.string(), ": ranked lists end in .npy, .csv or .txt"));
  }
  return extension;
}

}  // namespace

void search::CheckRankedListsOutput(const fs::path& path, const OutputRules& rules) {
  CheckOutput(path, CheckedExtension(path) == ".npy" ? file_kinds::kNpy : file_kinds::kText, rules);
}

void search::CheckRankedListsNames(const fs::path& path, const std::vector<std::string>& names) {
  if (CheckedExtension(path) != ".txt") return;
  for (const std::string& name : names) Word(name, path);
}

void WriteRankedLists(const RankedLists& lists, const std::vector<std::string>& database_names,
                      const fs::path& path, const RunContext& context) try {
  VANTAGE_CHECK(lists.queries.size() == lists.neighbors.size(), path.string(), ": ", lists.neighbors.size(),
                " ranked lists for ", lists.queries.size(), " queries");
  const std::string extension = CheckedExtension(path);
  if (extension == ".npy") return WriteColumns(lists, path);
  const bool csv = extension == ".csv";
  AtomicFile file(path);
  if (csv) file.Write(FormatCsvRow({"query", "rank", "name", "score"}));
  for (size_t q = 0; q < lists.queries.size(); ++q) {
    context.CheckCancelled();
    context.Report({"writing lists", static_cast<int64_t>(q), std::ssize(lists.queries), ""});
    if (!csv) file.Write(Word(lists.queries[q], path));
    for (size_t rank = 0; rank < lists.neighbors[q].size(); ++rank) {
      const Neighbor& neighbor = lists.neighbors[q][rank];
      const std::string& name = database_names.at(ToIndex(neighbor.index));
      file.Write(csv ? FormatCsvRow({lists.queries[q], std::to_string(rank), name,
                                     FormatFixed(static_cast<double>(neighbor.score), 6)})
                     : StrCat(" ", rank, " ", Word(name, path)));
    }
    if (!csv) file.Write("\n");
  }
  file.Commit();
} catch (...) {
  RethrowAsError();
}

}  // namespace vantage

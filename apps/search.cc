// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>

#include "command_line.h"
#include "session.h"
#include "vantage/search/ranked_lists.h"
#include "vantage/search/search.h"
#include "vantage/util/error.h"
#include "vantage/util/stopwatch.h"

namespace vantage {
namespace {

// Takes each query's own row out of its list.
void LeaveOutSelf(std::vector<std::vector<Neighbor>>& neighbors, int64_t k) {
  for (size_t q = 0; q < neighbors.size(); ++q) {
    std::erase_if(neighbors[q], [&](const Neighbor& n) { return n.index == static_cast<int64_t>(q); });
    neighbors[q].resize(std::min(neighbors[q].size(), static_cast<size_t>(k)));
  }
}

class SearchCommand : public Command {
 public:
  SearchCommand() { Describe(description_, options_); }

  std::string Name() const override { return "search"; }
  std::string Summary() const override { return "Find the nearest photos of each query in a database"; }

  void Declare(CommandLine& line) override {
    line.Positional("DATABASE", database_, "Descriptors (.npy, .h5); they may be larger than memory");
    line.Option("--queries", queries_,
                "Descriptors of the queries; default: the database's own, each left out of its list");
    line.Option("-k", k_, "Results of each query");
    line.Option("-o,--output", output_,
                "Ranked lists to write: .npy (rows of the database, a column a query), .csv, or .txt in the "
                "format of Holidays",
                /*required=*/true);
    line.Options(description_);
    line.Example(
        "vantage search database.npy --queries queries.npy -k 100 --query-expansion alpha -o ranks.csv");
  }

  void Run(Session& session) override {
    if (k_ < 1) throw UsageError("-k: at least 1");
    const DescriptorDatabase database(database_);
    const bool own = queries_.empty();
    DescriptorFile queries = ReadDescriptors(own ? database_ : queries_);
    if (!own) CheckSameModel(queries.provenance, queries_, database.provenance(), database_);
    VANTAGE_CHECK(database.size() > 0, database_, ": holds no descriptor");
    const auto start = std::chrono::steady_clock::now();
    RankedLists lists;
    lists.neighbors =
        Search(queries.descriptors.values, database, own ? int64_t{k_} + 1 : k_, options_, session.context());
    const double seconds = SecondsSince(start);
    if (own) LeaveOutSelf(lists.neighbors, k_);
    lists.queries = std::move(queries.descriptors.names);
    WriteRankedLists(lists, database.names(), output_);
    const int64_t found = lists.neighbors.empty() ? 0 : static_cast<int64_t>(lists.neighbors[0].size());
    const auto count = static_cast<double>(std::max<size_t>(1, lists.queries.size()));
    session.PrintResult(
        {{"output", output_},
         {"queries", lists.queries.size()},
         {"photos", database.size()},
         {"k", found},
         {"seconds", seconds}},
        StrCat(found, " nearest of ", database.size(), " photos for each of ", lists.queries.size(),
               " queries, ", FormatFixed(1000 * seconds / count, 2), " ms a query: ", output_, "\n"));
  }

 private:
  std::string database_;
  std::string queries_;
  std::string output_;
  int k_ = 100;
  SearchOptions options_;
  OptionsDescription description_;
};

}  // namespace

std::unique_ptr<Command> MakeSearchCommand() { return std::make_unique<SearchCommand>(); }

}  // namespace vantage

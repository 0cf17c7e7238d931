// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>

#include "command_line.h"
#include "search/ranked_lists.h"
#include "session.h"
#include "util/check.h"
#include "util/file.h"
#include "util/index.h"
#include "util/stopwatch.h"
#include "vantage/index.h"
#include "vantage/matching.h"
#include "vantage/photos.h"
#include "vantage/search.h"

namespace vantage::cli {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

// Takes each query's own row out of its list.
void LeaveOutSelf(std::vector<std::vector<Neighbor>>& neighbors) {
  for (size_t q = 0; q < neighbors.size(); ++q) {
    std::erase_if(neighbors[q], [&](const Neighbor& n) { return n.index == static_cast<int64_t>(q); });
  }
}

void CutTo(int k, std::vector<std::vector<Neighbor>>& neighbors) {
  for (auto& found : neighbors) found.resize(std::min(found.size(), ToIndex(k)));
}

// Throws Error if the first of the named photos is not in the folder: the folder is wrong.
void CheckFolder(const std::vector<std::string>& names, const fs::path& folder) {
  if (names.empty()) return;
  const fs::path first = PhotoPath(names[0], folder);
  VANTAGE_CHECK(fs::exists(first), first.string(),
                ": no such photo; the descriptors' names start from another folder than ", folder.string());
}

// The index that is searched, if one is.
struct UsedIndex {
  std::optional<ObtainedIndex> obtained;
  double seconds = 0;  // to build or read it

  NeighborFinder Finder(const DescriptorDatabase& database, const ApproximateSearchOptions& options,
                        const RunContext& context) const {
    if (!obtained) return {};
    return [&](const DescriptorMatrix& queries, int64_t k) {
      return obtained->index.Query(queries, database, k, options, context);
    };
  }

  // Fills `result` and returns the same as text. recall: NaN where it was not measured.
  std::string Tell(double recall, int k, json& result) const {
    const std::string& kind = obtained->index.options().kind;
    result = {{"kind", kind}, {"reused", obtained->reused}, {"seconds", seconds}, {"recall", nullptr}};
    std::string text =
        StrCat("index ", kind, ", ", obtained->reused ? "read" : "built", " in ", FormatDuration(seconds));
    if (!std::isnan(recall)) {
      result["recall"] = recall;
      text += StrCat("; recall@", k, " ", FormatFixed(recall, 4), " against exact search");
    }
    return text + "\n";
  }
};

class SearchCommand : public Command {
 public:
  SearchCommand() {
    Declare(description_, options_);
    Declare(description_, features_);
    Declare(description_, match_);
    description_.Nest("index", index_options_, "An index that is searched instead of all descriptors");
    description_.Nest("index_search", index_search_, "How the index is searched");
  }

  std::string Name() const override { return "search"; }
  std::string Summary() const override { return "Find the nearest photos of each query in a database"; }

  void AddArguments(CommandLine& line) override {
    line.Positional("DATABASE", database_, "Descriptors (.npy, .h5); they may be larger than memory");
    line.Option("--queries", queries_,
                "Descriptors of the queries; default: the database's own, each left out of its list");
    line.Option("-k", k_, "Results of each query");
    line.Option("-o,--output", output_,
                "Ranked lists to write: .npy (rows of the database, a column a query), .csv, or .txt in the "
                "format of Holidays",
                /*required=*/true);
    line.Option("--rerank", rerank_,
                "Look closer at so many of each query's first: those whose local features agree in one "
                "geometry come first, by the number of features that do");
    line.Option("--photos", photos_, "--rerank: the folder that the database's names start from");
    line.Option("--query-photos", query_photos_,
                "--rerank: the folder that the queries' names start from; default: that of --photos");
    line.Option("--index-file", index_file_,
                "Where the index is kept: built and written there, or read if it is there already");
    line.Option("--recall-queries", recall_queries_,
                "Queries, drawn at random, whose exact nearest say what the index misses; 0: none");
    line.Options(description_);
    line.Example(
        "vantage search database.npy --queries queries.npy -k 100 --query-expansion alpha -o ranks.csv");
    line.Example("vantage search database.npy -k 20 --rerank 50 --photos photos/ -o ranks.csv");
    line.Example(
        "vantage search database.npy --queries queries.npy --index hnsw --index-file database.faiss -o "
        "ranks.csv");
  }

  void Run(Session& session) override {
    if (k_ < 1) throw UsageError("-k: at least 1");
    search::CheckRankedListsOutput(output_, session.Rules({database_, queries_, index_file_}));
    CheckUsage();
    const DescriptorDatabase database(database_);
    const bool own = queries_.empty();
    DescriptorFile queries = ReadDescriptors(own ? database_ : queries_);
    search::CheckRankedListsNames(output_, database.names());
    search::CheckRankedListsNames(output_, queries.descriptors.names);
    if (!own) {
      CheckComparable(queries.provenance, queries_, database.provenance(), database_);
      WarnUnlessUnitLength(queries.descriptors.values, queries_);
    }
    VANTAGE_CHECK(database.size() > 0, database_, ": holds no descriptor");
    const CloserLook look = MakeLook(queries.descriptors.names, database.names());
    const UsedIndex index = Obtain(database, session.context());
    const auto start = std::chrono::steady_clock::now();
    RankedLists lists;
    const int64_t wanted = std::max(k_, rerank_);
    const bool plain =
        options_.expansion.kind == "none" && !options_.diffusion.enabled && options_.superglobal.count == 0;
    const OwnRows own_rows = plain ? OwnRows() : RowsOfSameNames(queries.descriptors.names, database.names());
    lists.neighbors =
        Search(queries.descriptors.values, database, own ? wanted + 1 : wanted, options_, session.context(),
               index.Finder(database, index_search_, session.context()), own_rows);
    if (own) LeaveOutSelf(lists.neighbors);
    if (rerank_ > 0) {
      lists.neighbors = RerankTop(std::move(lists.neighbors), rerank_, look, session.context());
    }
    CutTo(k_, lists.neighbors);
    const double seconds = SecondsSince(start);
    const double recall = index.obtained && recall_queries_ > 0
                              ? MeasureRecall(index.obtained->index, queries.descriptors.values, database, k_,
                                              index_search_, recall_queries_, 0, session.context())
                              : std::numeric_limits<double>::quiet_NaN();
    lists.queries = std::move(queries.descriptors.names);
    WriteRankedLists(lists, database.names(), output_, session.context());
    const int64_t found = lists.neighbors.empty() ? 0 : std::ssize(lists.neighbors[0]);
    const auto count = static_cast<double>(std::max<size_t>(1, lists.queries.size()));
    json result = {{"output", output_},
                   {"queries", lists.queries.size()},
                   {"photos", database.size()},
                   {"k", found},
                   {"seconds", seconds}};
    std::string text =
        StrCat(found, " nearest of ", database.size(), " photos for each of ", lists.queries.size(),
               " queries, ", FormatFixed(1000 * seconds / count, 2), " ms a query: ", output_, "\n");
    if (index.obtained) text += index.Tell(recall, k_, result["index"]);
    session.PrintResult(result, text);
  }

 private:
  // What does not go together.
  void CheckUsage() const {
    if (rerank_ < 0) throw UsageError("--rerank: at least 0");
    if (rerank_ > 0 && photos_.empty())
      throw UsageError("--rerank: needs --photos, the folder of the database's photos");
    if (recall_queries_ < 0) throw UsageError("--recall-queries: at least 0");
    if (index_options_.kind == "none") {
      if (!index_file_.empty()) throw UsageError("--index-file: needs --index, its kind");
      return;
    }
    if (options_.augmentation.neighbors > 0 || options_.diffusion.enabled) {
      throw UsageError("--augmentation-neighbors, --diffusion: take the whole database: not with --index");
    }
    if (ToLower(fs::path(output_).extension().string()) == ".npy") {
      throw UsageError(
          "-o: an index may find fewer than -k photos for some queries, and a .npy holds lists of one "
          "length; "
          "write .csv or .txt");
    }
    if (!index_file_.empty() && !fs::exists(index_file_)) const PartialFile writable(index_file_);
  }

  // Compares photos by their local features; empty if that is not asked for. `database` must outlive it.
  CloserLook MakeLook(const std::vector<std::string>& queries,
                      const std::vector<std::string>& database) const {
    if (rerank_ == 0) return {};
    const fs::path query_photos = query_photos_.empty() ? photos_ : query_photos_;
    CheckFolder(queries, query_photos);
    CheckFolder(database, photos_);
    return [matcher = std::make_shared<PhotoMatcher>(features_, match_), queries, query_photos, &database,
            photos = fs::path(photos_)](size_t query, int64_t row) {
      return matcher->Inliers(PhotoPath(queries[query], query_photos),
                              PhotoPath(database[ToIndex(row)], photos));
    };
  }

  UsedIndex Obtain(const DescriptorDatabase& database, const RunContext& context) const {
    UsedIndex used;
    if (index_options_.kind == "none") return used;
    const auto start = std::chrono::steady_clock::now();
    used.obtained.emplace(ObtainIndex(index_file_, database, index_options_, context));
    used.seconds = SecondsSince(start);
    return used;
  }

  std::string database_;
  std::string queries_;
  std::string output_;
  int k_ = 100;
  SearchOptions options_;
  int rerank_ = 0;
  std::string photos_;
  std::string query_photos_;
  FeatureOptions features_;
  MatchOptions match_;
  ApproximateIndexOptions index_options_;
  ApproximateSearchOptions index_search_;
  std::string index_file_;
  int recall_queries_ = 100;
  OptionsDescription description_;
};

}  // namespace

std::unique_ptr<Command> MakeSearchCommand() { return std::make_unique<SearchCommand>(); }

}  // namespace vantage::cli

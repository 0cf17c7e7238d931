// SPDX-License-Identifier: BSD-3-Clause
#include "vantage/search.h"

#include <algorithm>
#include <filesystem>
#include <memory>
#include <unordered_map>
#include <utility>

#include "search/stages/stages.h"
#include "util/check.h"
#include "util/index.h"
#include "util/rethrow.h"

namespace vantage {
namespace {

std::string NormalName(const std::string& name) {
  const bool is_normal = name.find("./") == name.npos && name.find("//") == name.npos;
  return is_normal ? name : std::filesystem::path(name).lexically_normal().generic_string();
}

using Stages = std::vector<std::unique_ptr<search::Stage>>;

Stages MakeStages(const SearchOptions& options) {
  Stages stages;
  for (const StageChoice& choice : options.stages) stages.push_back(search::MakeStage(choice));
  return stages;
}

bool NeedDatabase(const Stages& stages) {
  return std::any_of(stages.begin(), stages.end(), [](const auto& stage) { return stage->NeedsDatabase(); });
}

bool NeedPhotos(const Stages& stages) {
  return std::any_of(stages.begin(), stages.end(), [](const auto& stage) { return stage->NeedsPhotos(); });
}

// The stages. Throws UsageError if an option is out of range, or if a stage needs the whole database and
// there is a finder.
Stages CheckedStages(const SearchOptions& options, bool has_finder) {
  CheckOptions(options);
  Stages stages = MakeStages(options);
  for (size_t i = 0; i < stages.size(); ++i) {
    if (has_finder && stages[i]->NeedsDatabase()) {
      throw UsageError(
          StrCat("the stage '", options.stages[i].kind(), "' needs the whole database; leave out the index"));
    }
  }
  return stages;
}

// Applies the stages, and keeps the first `k` of each ranking.
std::vector<std::vector<Neighbor>> RunStages(search::SearchState& state, const Stages& stages, int64_t k) {
  // Computed from the last stage to the first: each stage must give what the next one wants.
  std::vector<int64_t> wanted(stages.size() + 1, k);
  for (size_t i = stages.size(); i-- > 0;) wanted[i] = stages[i]->Wants(wanted[i + 1], state.facts.own);
  for (size_t i = 0; i < stages.size(); ++i) stages[i]->Apply(state, wanted[i], wanted[i + 1]);
  search::Rankings rankings = std::move(state.Rank(k));
  for (auto& ranking : rankings) {
    ranking.resize(std::min(ranking.size(), ToIndex(std::max<int64_t>(0, k))));
  }
  return rankings;
}

// The stages of a search. Throws if `facts` lacks what they need.
Stages StagesOf(const SearchOptions& options, const SearchFacts& facts, const DescriptorMatrix& queries) {
  Stages stages = CheckedStages(options, facts.finder != nullptr);
  if (NeedPhotos(stages) && !(facts.photos.query && facts.photos.database))
    throw UsageError("search: a stage needs the photos (SearchFacts::photos)");
  VANTAGE_CHECK(facts.own.empty() || static_cast<Eigen::Index>(facts.own.size()) == queries.rows(),
                "search: own rows of ", facts.own.size(), " queries, not of ", queries.rows());
  return stages;
}

}  // namespace

void Declare(OptionsDescription& description, SearchOptions& options) {
  description
      .Add("stages", options.stages,
           "Refinement of the search; repeat for several, which apply in this order")
      .OneOf(StageFamily::Table().Names())
      .Flag("stage");
}

OwnRows RowsOfSameNames(const std::vector<std::string>& queries, const std::vector<std::string>& database) {
  std::unordered_map<std::string, std::vector<size_t>> queries_of;
  for (size_t q = 0; q < queries.size(); ++q) queries_of[NormalName(queries[q])].push_back(q);
  OwnRows own(queries.size());
  bool found_any = false;
  for (size_t row = 0; row < database.size(); ++row) {
    const auto found = queries_of.find(NormalName(database[row]));
    if (found == queries_of.end()) continue;
    for (const size_t q : found->second) own[q] = static_cast<int64_t>(row);
    found_any = true;
  }
  return found_any ? own : OwnRows();
}

bool NeedsPhotos(const SearchOptions& options) { return NeedPhotos(MakeStages(options)); }

void CheckStages(const SearchOptions& options, bool has_finder) { CheckedStages(options, has_finder); }

std::vector<std::vector<Neighbor>> Search(const DescriptorMatrix& queries, const DescriptorMatrix& database,
                                          int64_t k, const SearchOptions& options, const RunContext& context,
                                          const SearchFacts& facts) try {
  const Stages stages = StagesOf(options, facts, queries);
  search::SearchState state{.queries = queries, .database = &database, .facts = facts, .context = context};
  state.rows = [&](const std::vector<int64_t>& indices) -> DescriptorMatrix {
    return (*state.database)(indices, Eigen::all);
  };
  state.nearest = facts.finder ? facts.finder : [&](const DescriptorMatrix& asked, int64_t count) {
    return NearestNeighbors(asked, *state.database, count, context);
  };
  return RunStages(state, stages, k);
} catch (...) {
  RethrowAsError();
}

std::vector<std::vector<Neighbor>> Search(const DescriptorMatrix& queries, const DescriptorDatabase& database,
                                          int64_t k, const SearchOptions& options, const RunContext& context,
                                          const SearchFacts& facts) try {
  const Stages stages = StagesOf(options, facts, queries);
  if (NeedDatabase(stages)) {
    const DescriptorMatrix values = database.Read(0, database.size());
    WarnUnlessUnitLength(values, database.path().string());
    return Search(queries, values, k, options, context, facts);
  }
  search::SearchState state{.queries = queries, .facts = facts, .context = context};
  state.rows = [&](const std::vector<int64_t>& indices) { return database.ReadRows(indices); };
  state.nearest = facts.finder ? facts.finder : [&](const DescriptorMatrix& asked, int64_t count) {
    return NearestNeighbors(asked, database, count, context);
  };
  return RunStages(state, stages, k);
} catch (...) {
  RethrowAsError();
}

}  // namespace vantage

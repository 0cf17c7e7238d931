// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "vantage/run_context.h"
#include "vantage/search.h"

namespace vantage::search {

using Rankings = std::vector<std::vector<Neighbor>>;

// Rows of the database by their numbers.
using RowReader = std::function<DescriptorMatrix(const std::vector<int64_t>& rows)>;

// A search between two of its stages.
struct SearchState {
  DescriptorMatrix queries;                    // Q x D
  NeighborFinder nearest;                      // in the database as it is
  RowReader rows;                              // of the database as it is
  const DescriptorMatrix* database = nullptr;  // all of it, if a stage needs that
  DescriptorMatrix changed_database;           // what `database` is once a stage has changed it
  Rankings rankings;                           // empty until Rank is called after the last change
  const SearchFacts& facts;
  const RunContext& context;

  // The first `count` of each query, or more.
  Rankings& Rank(int64_t count) {
    if (rankings.empty()) rankings = nearest(queries, count);
    return rankings;
  }
};

class Stage {
 public:
  virtual ~Stage() = default;
  // Neighbours of each query that it must be given, if `wanted` are to come out.
  virtual int64_t Wants(int64_t wanted, const OwnRows& own) const = 0;
  // input: what Wants says; wanted: neighbours that must come out.
  virtual void Apply(SearchState& state, int64_t input, int64_t wanted) const = 0;
  // Whether it needs all of the database in memory, or the photos.
  virtual bool NeedsDatabase() const { return false; }
  virtual bool NeedsPhotos() const { return false; }
};

// A row of the family's table. Each stage is a file of this folder, or of the module that can make it.
struct StageRow {
  Kind kind;
  std::function<std::unique_ptr<Stage>(const StageChoice& options)> make;
};

template <KindOptions Options>
StageRow MakeStageRow(std::string summary, std::unique_ptr<Stage> (*make)(const Options& options)) {
  return {MakeKind<Options>(std::move(summary)),
          [make](const StageChoice& options) { return make(options.As<Options>()); }};
}

// Adds a stage of a module above this one.
void RegisterStage(StageRow row);

std::unique_ptr<Stage> MakeStage(const StageChoice& options);

// One more than `count` if own rows are taken out.
inline int64_t WithOwn(int64_t count, const OwnRows& own) { return own.empty() ? count : count + 1; }

// The query's own row among the first `count`, taken out of them.
inline std::optional<Neighbor> TakeOwn(std::vector<Neighbor>& ranking, const OwnRows& own, size_t query,
                                       int64_t count) {
  if (own.empty() || !own[query]) return std::nullopt;
  const auto end = ranking.begin() + std::min(count, std::ssize(ranking));
  const auto found = std::find_if(ranking.begin(), end,
                                  [&](const Neighbor& neighbor) { return neighbor.index == *own[query]; });
  if (found == end) return std::nullopt;
  const Neighbor taken = *found;
  ranking.erase(found);
  return taken;
}

// Ranks the first again, each query's own row left out of them and put first.
template <typename Rerank>
void RerankOthers(SearchState& state, int64_t input, const Rerank& rerank) {
  Rankings& rankings = state.Rank(input);
  std::vector<std::optional<Neighbor>> own;
  for (size_t q = 0; q < rankings.size(); ++q) own.push_back(TakeOwn(rankings[q], state.facts.own, q, input));
  rankings = rerank(std::move(rankings));
  for (size_t q = 0; q < rankings.size(); ++q) {
    if (own[q]) rankings[q].insert(rankings[q].begin(), *own[q]);
  }
}

}  // namespace vantage::search

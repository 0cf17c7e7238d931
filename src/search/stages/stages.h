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

// Reads rows of the database by their indices.
using RowReader = std::function<DescriptorMatrix(const std::vector<int64_t>& rows)>;

// The state of a search between two stages.
struct SearchState {
  DescriptorMatrix queries;                    // Q x D
  NeighborFinder nearest;                      // searches the current database
  RowReader rows;                              // reads the current database
  const DescriptorMatrix* database = nullptr;  // the current database if it is in memory
  DescriptorMatrix changed_database;  // `database` points to it once a stage has changed the database
  Rankings rankings;                  // empty until the next Rank if queries or database have changed
  const SearchFacts& facts;
  const RunContext& context;

  // The nearest `count` of each query, or the existing rankings.
  Rankings& Rank(int64_t count) {
    if (rankings.empty()) rankings = nearest(queries, count);
    return rankings;
  }
};

class Stage {
 public:
  virtual ~Stage() = default;
  // The number of neighbours per query that the stage needs as input to return `wanted`.
  virtual int64_t Wants(int64_t wanted, const OwnRows& own) const = 0;
  // input: the result of Wants. wanted: the number of neighbours per query that the stage must return.
  virtual void Apply(SearchState& state, int64_t input, int64_t wanted) const = 0;
  // Whether the stage needs the whole database in memory, or the photos.
  virtual bool NeedsDatabase() const { return false; }
  virtual bool NeedsPhotos() const { return false; }
};

// A row of the family's table. Each stage is a file in this folder, or in a module that registers it.
struct StageRow {
  Kind kind;
  std::function<std::unique_ptr<Stage>(const StageChoice& options)> make;
};

template <KindOptions Options>
StageRow MakeStageRow(std::string summary, std::unique_ptr<Stage> (*make)(const Options& options)) {
  return {MakeKind<Options>(std::move(summary)),
          [make](const StageChoice& options) { return make(options.As<Options>()); }};
}

// Adds a stage that a module above this one implements. Does nothing if there is one of that name.
void RegisterStage(StageRow row);

std::unique_ptr<Stage> MakeStage(const StageChoice& options);

// `count`, plus one if own rows are removed.
inline int64_t WithOwn(int64_t count, const OwnRows& own) { return own.empty() ? count : count + 1; }

// Removes the query's own row from the first `count` of a ranking and returns it; nullopt if it is not there.
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

// Re-ranks with `rerank`. Removes each query's own row before, and puts it first afterwards.
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

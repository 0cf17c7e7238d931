// SPDX-License-Identifier: BSD-3-Clause
#include "search/stages/database_augmentation.h"

#include "search/stages/query_expansion.h"

namespace vantage {
namespace {

class Augmentation : public search::Stage {
 public:
  explicit Augmentation(const DatabaseAugmentationOptions& options) : options_(options) {}

  int64_t Wants(int64_t /*wanted*/, const OwnRows& /*own*/) const override { return 0; }
  bool NeedsDatabase() const override { return true; }

  void Apply(search::SearchState& state, int64_t /*input*/, int64_t /*wanted*/) const override {
    state.changed_database = search::AugmentDatabase(*state.database, options_, state.context);
    state.database = &state.changed_database;
    state.rankings.clear();
  }

 private:
  DatabaseAugmentationOptions options_;
};

}  // namespace

void Declare(OptionsDescription& description, DatabaseAugmentationOptions& options) {
  description.Add("neighbors", options.neighbors, "Nearest that are added to each database photo").AtLeast(1);
  description.Add("alpha", options.alpha, "Exponent of the similarity that is their weight").AtLeast(0);
}

namespace search {

StageRow DatabaseAugmentation() {
  return MakeStageRow<DatabaseAugmentationOptions>(
      "Add to each database photo its nearest, weighted by similarity^alpha",
      [](const DatabaseAugmentationOptions& options) -> std::unique_ptr<Stage> {
        return std::make_unique<Augmentation>(options);
      });
}

}  // namespace search

DescriptorMatrix search::AugmentDatabase(const DescriptorMatrix& database,
                                         const DatabaseAugmentationOptions& options,
                                         const RunContext& context) {
  CheckOptions(options);
  DescriptorMatrix augmented = database;
  const auto neighbors = NearestNeighbors(database, database, options.neighbors + 1, context);
  for (size_t row = 0; row < neighbors.size(); ++row) {
    int64_t taken = 0;
    for (const Neighbor& neighbor : neighbors[row]) {
      if (neighbor.index == static_cast<int64_t>(row) || taken == options.neighbors) continue;
      ++taken;
      augmented.row(static_cast<Eigen::Index>(row)) +=
          PowerWeight(neighbor.score, options.alpha) * database.row(neighbor.index);
    }
  }
  NormalizeRows(augmented);
  return augmented;
}

}  // namespace vantage

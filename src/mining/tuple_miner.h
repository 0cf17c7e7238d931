// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <filesystem>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "vantage/describer.h"
#include "vantage/mining.h"
#include "vantage/options.h"
#include "vantage/training_set.h"

namespace vantage::nn {
class DescriptorNet;
}  // namespace vantage::nn

namespace vantage::mining {

// A query, a photo that matches it, and some that do not but look alike.
struct Tuple {
  PhotoId query{};
  PhotoId positive{};
  std::vector<PhotoId> negatives;
  // Of the query's descriptor to each negative's: MinedNegatives::distances.
  std::vector<double> negative_distances;
  // Of the query's descriptor to the positive's.
  double positive_distance = std::numeric_limits<double>::quiet_NaN();
};

struct MinedTuples {
  std::vector<Tuple> tuples;
  double average_negative_distance = 0;
  // Root mean square of the distances between two of the photos that were drawn, of any scenes: next to 0
  // where the network tells nothing apart. NaN where a descriptor is not finite.
  double photo_distance = std::numeric_limits<double>::quiet_NaN();
  // Tuples that got fewer negatives than asked for, since the pool has too few other scenes.
  // Differs from cirtorch, which runs off its array there.
  int64_t short_tuples = 0;
  // Photos that could not be read: their queries are left out.
  std::vector<std::string> failed;
  // Of mining by difficulty.
  std::optional<TripletStatistics> triplets;
};

// When tuples are mined.
struct MiningTurn {
  int64_t epoch = 0;
  int64_t round = 0;  // of the epoch, below MiningOptions::rounds
  // Of the loss that is trained (TupleLoss::triplet_margin): what mining of triplets measures them by.
  std::optional<double> triplet_margin = std::nullopt;
};

// Throws Error where the split has no query, or only one scene so that no negative can be found.
void CheckMinable(const TrainingSet& set, Split split);

// Describes photos, a row each: with the network as it is, on this machine or on many.
using DescribePhotos =
    std::function<ExtractedDescriptors(const std::vector<PhotoRequest>& photos, const RunContext& context)>;

// What training mines the split kVal with, so that the losses of epochs can be compared: by negatives
// val_queries, their positives of the set, and all photos as their pool; by difficulty the hard triplet of
// every photo drawn, whatever its loss and class: how far the network is from ranking it right. In one round.
MiningOptions ForValidation(MiningOptions options);

// Mines a round. By negatives it draws the epoch's queries and pool, describes the pool and the round's part
// of the queries, and picks the negatives of each (TPAMI 2019, section 4.3); for triplets it draws the photos
// of the round and picks triplets among them (MVA 2022). Draws depend on the seed and the turn only; of the
// split kVal on the seed and the round only. A round of several may come to no tuple: of triplets, or with
// fewer queries than rounds. Throws Error if a round with queries, or the only round, has none; UsageError if
// triplets are mined without a margin; Interrupted.
MinedTuples MineRound(const TrainingSet& set, Split split, const std::filesystem::path& photo_root,
                      const DescribePhotos& describe, const MiningOptions& options, int64_t seed,
                      const MiningTurn& turn, const RunContext& context = {});
// The same with a network.
MinedTuples MineRound(const TrainingSet& set, Split split, const std::filesystem::path& photo_root,
                      const nn::DescriptorNet& net, const ExtractOptions& extract,
                      const MiningOptions& options, int64_t seed, const MiningTurn& turn,
                      const RunContext& context = {});

}  // namespace vantage::mining

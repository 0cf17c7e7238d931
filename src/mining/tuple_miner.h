// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "vantage/describer.h"
#include "vantage/mining.h"
#include "vantage/options.h"
#include "vantage/photos.h"
#include "vantage/training_set.h"

namespace vantage::nn {
class DescriptorNet;
}  // namespace vantage::nn

namespace vantage::mining {

// A query, a photo that matches it, and some photos that look similar but do not match.
struct Tuple {
  PhotoId query{};
  PhotoId positive{};
  std::vector<PhotoId> negatives;
  // Distances of the query's descriptor to each negative's: MinedNegatives::distances.
  std::vector<double> negative_distances;
  // Distance of the query's descriptor to the positive's.
  double positive_distance = std::numeric_limits<double>::quiet_NaN();
};

struct MinedTuples {
  std::vector<Tuple> tuples;
  double average_negative_distance = 0;
  // Root mean square of the distances between pairs of the photos drawn, of any scenes. Close to 0 if the
  // network cannot distinguish photos. NaN if a descriptor is not finite.
  double photo_distance = std::numeric_limits<double>::quiet_NaN();
  // Number of tuples with fewer negatives than requested, because the pool has too few other scenes. Differs
  // from cirtorch, which runs past the end of its array in that case.
  int64_t short_tuples = 0;
  // Photos that could not be read. Their queries are left out.
  std::vector<std::string> failed;
  // Set if triplets were mined.
  std::optional<TripletStatistics> triplets;
};

// The time at which tuples are mined.
struct MiningTurn {
  int64_t epoch = 0;
  int64_t round = 0;  // round of the epoch, below MiningOptions::rounds
  // Margin of the loss that is trained (TupleLoss::triplet_margin), with which the loss of a mined triplet is
  // computed.
  std::optional<double> triplet_margin = std::nullopt;
};

// Throws Error if the split has no query, or has only one scene, so that no negative can be found.
void CheckMinable(const TrainingSet& set, Split split);

// Describes photos, one row each, with the network in its current state, on this machine or on several.
using DescribePhotos =
    std::function<ExtractedDescriptors(const PhotoSource& photos, const RunContext& context)>;

// The options with which training mines the split kVal, such that the losses of epochs can be compared. There
// is one round. By negatives: val_queries, with the set's positives and a pool of all photos. By difficulty:
// the hard triplet of every photo drawn, whatever its loss and class, which shows how far the network is from
// ranking it right. At random: every triplet drawn, whatever its loss and class.
MiningOptions ForValidation(MiningOptions options);

// Mines a round. photos: those of PhotosOfSet. By negatives, it draws the epoch's queries and pool, describes
// the pool and the round's part of the queries, and picks the negatives of each query (TPAMI 2019,
// section 4.3). For triplets, it draws the photos of the round and picks triplets among them (MVA 2022).
// Draws depend on the seed and the turn only; for the split kVal, on the seed and the round only. If there
// are several rounds, one may yield no tuple: no triplet may be found, or there may be fewer queries than
// rounds. Throws Error if a round with queries, or the only round, yields none; UsageError if triplets are
// mined without a margin; Interrupted.
MinedTuples MineRound(const TrainingSet& set, Split split, const PhotoSource& photos,
                      const DescribePhotos& describe, const MiningOptions& options, int64_t seed,
                      const MiningTurn& turn, const RunContext& context = {});
// The same with a network.
MinedTuples MineRound(const TrainingSet& set, Split split, const PhotoSource& photos,
                      const nn::DescriptorNet& net, const ExtractOptions& extract,
                      const MiningOptions& options, int64_t seed, const MiningTurn& turn,
                      const RunContext& context = {});

}  // namespace vantage::mining

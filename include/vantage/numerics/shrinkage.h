// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "vantage/numerics/whitening.h"
#include "vantage/util/run_context.h"

namespace vantage {

// The shrinkage where nothing can be measured; of those that cannot be told from the best, the nearest to it
// is taken. It was within 0.3 points of mAP of the best on each of four sets of photos.
inline constexpr double kUsualShrinkage = 0.7;

struct ShrinkageOptions {
  // Rows of the projection that will be kept; 0: all. They are all kept while choosing where descriptors have
  // more than 1,024 dimensions: each value would take an eigendecomposition.
  int64_t dimension = 0;
  // For LearnWhiteningOfPaper rather than LearnWhitening.
  bool is_of_paper = false;
  // Queries that search, at most, drawn from all scenes in turn. At least 2.
  int64_t queries = 1000;
  // Photos that they search among beside the positives, at most, drawn from all. At least 1.
  int64_t photos = 10000;
};

// A shrinkage and how good it is. mAP here: the mean over scenes of the mean average precision of a scene's
// queries.
struct ShrinkageChoice {
  double shrinkage = kUsualShrinkage;
  bool is_measured = false;  // false: fewer than two scenes have pairs, and all below is empty
  double map = 0;            // at `shrinkage`
  double unwhitened_map = 0;
  // Interval of map - unwhitened_map, 95 %, by Student's t over scenes. Ignores that folds share training
  // scenes.
  double gain_half_width = 0;
  double best = 0;  // of the curve
  // Range of shrinkages around the best that are worse by less than such an interval of the difference (and
  // not worse than no whitening, unless the best is).
  double least_alike = 0;
  double most_alike = 1;
  int64_t folds = 0;
  int64_t scenes = 0;
  int64_t queries = 0;
  std::map<double, double> curve;  // mAP by shrinkage
};

// Chooses the shrinkage of a whitening by leaving scenes out. Scenes with pairs are dealt to at most 5 folds
// (2 to 5 scenes: one each). For each fold a whitening is learned from the other scenes; the fold's queries
// then search for their positives among photos of other scenes, also of those it was learned from; further
// photos of their own scene count neither way. Compared are 0, 0.2, ... 1 and 0.7, then steps of 0.1 and
// 0.05 around the best; 0 only where each fold's covariance is regular. Of those that cannot be told from the
// best, the nearest to the usual one is taken: with two or three scenes that is often itself. It may be worse
// than no whitening: see map and unwhitened_map.
//
// Scenes that a whitening is learned from are easier to tell from a query than others, the more so the less
// it is shrunk, so that the best is rather below what it is among photos that are all new.
//
// One eigendecomposition a fold serves all shrinkages, since lengths and angles of whitened descriptors do
// not depend on how they are rotated. Beside the descriptors it takes at most 15 D x D doubles, 2 (queries +
// positives + photos) D floats, and 100 MiB.
//
// descriptors: N x D, of unit length. scenes: one a descriptor. Throws Error as LearnWhitening does.
ShrinkageChoice ChooseShrinkage(const Eigen::Ref<const DescriptorMatrix>& descriptors,
                                const MatchingPairs& pairs, const std::vector<int64_t>& scenes,
                                const ShrinkageOptions& options = {}, const RunContext& context = {});

// A line for people: the choice, what it gains, and how sure that is.
std::string Summary(const ShrinkageChoice& choice);

// All fields; {"shrinkage": 0.7, "measured": false} alone where nothing was measured.
nlohmann::json ToJson(const ShrinkageChoice& choice);

}  // namespace vantage

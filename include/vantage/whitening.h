// SPDX-License-Identifier: BSD-3-Clause
// Learns and applies whitenings of descriptors.
#pragma once

#include <Eigen/Core>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "vantage/descriptors.h"
#include "vantage/run_context.h"

namespace vantage {

// A linear transform of descriptors: x -> projection * (x - mean), then scaled to unit length. Rows of the
// projection are in order of decreasing importance; the first rows alone are a whitening too.
struct Whitening {
  Eigen::VectorXd mean;        // D
  Eigen::MatrixXd projection;  // at most D x D: fewer rows if truncated or if PCA found fewer directions

  int64_t dimension() const { return mean.size(); }
};

// A whitening of a model's descriptors, as cirtorch stores it in meta['Lw'].
struct ModelWhitening {
  std::optional<Whitening> single_scale;
  std::optional<Whitening> multi_scale;
};

// Pairs of matching descriptors by their rows: queries[i] and positives[i].
struct MatchingPairs {
  std::vector<int64_t> queries;
  std::vector<int64_t> positives;
  std::vector<double> weights;  // one per pair, positive; empty: all 1
};

// Learns a whitening from matching pairs as the code of TPAMI 2019 (section 3.4) does. The mean is that of
// the queries, L is the Cholesky factor of the covariance of the differences of matching pairs, and V holds
// the principal axes of all descriptors after L^(-1): P = V^T L^(-1). Differs from the paper: see
// LearnWhiteningOfPaper. descriptors: N x D. queries and positives: rows, in pairs, at least one pair.
//
// shrinkage, in [0, 1], replaces the covariance S of the differences by
// (1 - shrinkage) S + shrinkage tr(S) / D I (Ledoit and Wolf 2004). Without it (0, as in the paper), few or
// similar pairs amplify the directions in which these pairs happen not to differ.
//
// Needs a few D x D doubles and 100 MiB in addition to the descriptors, however many pairs there are. Weights
// apply to the covariance and to the mean.
//
// Throws Error if an index or the shrinkage is out of range, a descriptor is not finite, or the covariance
// cannot be factorised even after jitter.
Whitening LearnWhitening(const Eigen::Ref<const Eigen::MatrixXd>& descriptors,
                         const std::vector<int64_t>& queries, const std::vector<int64_t>& positives,
                         double shrinkage = 0);
Whitening LearnWhitening(const Eigen::Ref<const DescriptorMatrix>& descriptors, const MatchingPairs& pairs,
                         double shrinkage = 0);

// Learns a whitening from matching pairs as the paper describes it (TPAMI 2019, section 3.4):
// P = V^T C_S^(-1/2), where C_S is the covariance of the differences of matching pairs, C_D that of
// non-matching pairs, and V holds the eigenvectors of C_S^(-1/2) C_D C_S^(-1/2) by decreasing eigenvalue. The
// mean is that of all descriptors. With all rows, distances are the same as after LearnWhitening, except for
// the effect of the mean. The order of the rows differs, and so does what a truncated whitening keeps.
//
// scenes: N numbers. Non-matching pairs are all pairs of descriptors of different scenes. The paper does not
// say which pairs it uses; all pairs need no random draw, unlike mined ones. Otherwise as LearnWhitening.
// Also throws Error if there is only one scene.
Whitening LearnWhiteningOfPaper(const Eigen::Ref<const Eigen::MatrixXd>& descriptors,
                                const std::vector<int64_t>& queries, const std::vector<int64_t>& positives,
                                const std::vector<int64_t>& scenes, double shrinkage = 0);
Whitening LearnWhiteningOfPaper(const Eigen::Ref<const DescriptorMatrix>& descriptors,
                                const MatchingPairs& pairs, const std::vector<int64_t>& scenes,
                                double shrinkage = 0);

// Keeps the first `dimension` rows of the projection; 0: all. Throws Error if it has fewer.
Whitening TruncateWhitening(Whitening whitening, int64_t dimension);

// PCA whitening of N x D descriptors: projection = diag(lambda)^(-1/2) V^T, with the eigenvalues lambda and
// eigenvectors V of their covariance (divided by N). Keeps the directions in which they vary, at most N - 1;
// cirtorch keeps D rows. If N <= D, the smallest lambda are due to chance, so each lambda is raised to at
// least the mean variance of the directions after the first (N - 1) / 2.
Whitening LearnPcaWhitening(const Eigen::Ref<const Eigen::MatrixXd>& descriptors);

// Applies the first `dimension` rows of the projection (0: all) to N x D descriptors, and divides each result
// by its length + 1e-6. Throws Error if the dimensions do not match.
Eigen::MatrixXd ApplyWhitening(const Whitening& whitening,
                               const Eigen::Ref<const Eigen::MatrixXd>& descriptors, int64_t dimension = 0);
Descriptors ApplyWhitening(const Whitening& whitening, const Descriptors& descriptors, int64_t dimension = 0);

// The shrinkage that ChooseShrinkage returns if it cannot measure, and prefers among shrinkages that are
// statistically as good as the best. On each of four sets of photos, it was within 0.3 points of mAP of the
// best.
inline constexpr double kUsualShrinkage = 0.7;

struct ShrinkageOptions {
  // Rows of the projection that will be kept; 0: all. With descriptors of more than 1,024 dimensions, the
  // choice is made with all rows, since truncation needs one eigendecomposition for each shrinkage.
  int64_t dimension = 0;
  // Chooses for LearnWhiteningOfPaper rather than LearnWhitening.
  bool is_of_paper = false;
  // Maximum number of queries, drawn from all scenes in turn. At least 2.
  int64_t queries = 1000;
  // Maximum number of photos to search in addition to the queries and positives, drawn from all. At least 1.
  int64_t photos = 10000;
};

// A shrinkage and its measured quality. mAP here: the mean over scenes of the mean average precision of a
// scene's queries.
struct ShrinkageChoice {
  double shrinkage = kUsualShrinkage;
  bool is_measured = false;  // false: fewer than two scenes have pairs, and the fields below are not set
  double map = 0;            // mAP at `shrinkage`
  double unwhitened_map = 0;
  // Half width of the 95 % interval of map - unwhitened_map, by Student's t over scenes. Ignores that folds
  // share training scenes.
  double gain_half_width = 0;
  double best = 0;  // the shrinkage with the largest mAP
  // Range of shrinkages around the best whose mAP is statistically as good: the loss is within the half width
  // of its own 95 % interval, and they are not worse than no whitening, unless the best is.
  double least_alike = 0;
  double most_alike = 1;
  int64_t folds = 0;
  int64_t scenes = 0;
  int64_t queries = 0;
  std::map<double, double> curve;  // mAP by shrinkage
};

// Chooses the shrinkage of a whitening by cross-validation over scenes. Scenes with pairs are dealt to at
// most 5 folds (one scene each if there are 2 to 5). For each fold, a whitening is learned from the other
// scenes. The fold's queries then search for their positives among photos of other scenes, including those
// that the whitening was learned from. Further photos of a query's own scene are ignored.
//
// Compares 0, 0.2, ..., 1 and 0.7, then steps of 0.1 and 0.05 around the best. Skips 0 unless each fold's
// covariance is regular. Among shrinkages that are statistically as good as the best, chooses the nearest to
// kUsualShrinkage; with two or three scenes that is often kUsualShrinkage itself. The choice may be worse
// than no whitening: compare map with unwhitened_map.
//
// Photos of scenes that the whitening was learned from are easier to distinguish from a query than new ones,
// and more so the smaller the shrinkage. So the best shrinkage is biased downwards compared with a search
// among new photos only.
//
// All shrinkages share one eigendecomposition per fold, since lengths and angles of whitened descriptors do
// not depend on rotation. Needs at most 15 D x D doubles, 2 (queries + positives + photos) D floats and 100
// MiB in addition to the descriptors.
//
// descriptors: N x D, of unit length. scenes: one per descriptor. Throws Error as LearnWhitening does.
ShrinkageChoice ChooseShrinkage(const Eigen::Ref<const DescriptorMatrix>& descriptors,
                                const MatchingPairs& pairs, const std::vector<int64_t>& scenes,
                                const ShrinkageOptions& options = {}, const RunContext& context = {});

// A line of text: the choice, its gain over no whitening, and the gain's confidence interval.
std::string Summary(const ShrinkageChoice& choice);

}  // namespace vantage

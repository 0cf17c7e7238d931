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

// A linear transform of descriptors: x -> projection * (x - mean), of which the first rows may be taken
// alone, then scaled to unit length. Rows of the projection stand in order of decreasing importance.
struct Whitening {
  Eigen::VectorXd mean;        // D
  Eigen::MatrixXd projection;  // D x D, or fewer rows where it was truncated

  int64_t dimension() const { return mean.size(); }
};

// A whitening of a model's descriptors, as cirtorch keeps it in meta['Lw'].
struct ModelWhitening {
  std::optional<Whitening> single_scale;
  std::optional<Whitening> multi_scale;
};

// Matching descriptors by their rows: query i and positive i.
struct MatchingPairs {
  std::vector<int64_t> queries;
  std::vector<int64_t> positives;
  std::vector<double> weights;  // of pairs, positive; empty: 1 each
};

// Whitening learned from matching pairs, as the code of TPAMI 2019 (section 3.4) does it: m is the mean of
// the queries, the covariance of the differences of matching pairs is whitened by its Cholesky factor, and
// what remains is rotated to the principal axes of all descriptors. Differs from the paper: see
// LearnWhiteningOfPaper. descriptors: N x D, double; queries and positives: rows, in pairs, at least one.
//
// shrinkage, in [0, 1], which the paper does not have (0), draws the covariance S of the differences towards
// a multiple of the identity, (1 - shrinkage) S + shrinkage tr(S) / D I (Ledoit and Wolf 2004): with few or
// alike pairs, the directions in which they happen not to differ would be blown up.
//
// Beside the descriptors it takes a few D x D doubles and 100 MiB, however many pairs there are. Weights
// count in the covariance and in the mean.
//
// Throws Error where an index or the shrinkage is out of range, a descriptor is not finite, or the covariance
// cannot be factorised even after jitter.
Whitening LearnWhitening(const Eigen::Ref<const Eigen::MatrixXd>& descriptors,
                         const std::vector<int64_t>& queries, const std::vector<int64_t>& positives,
                         double shrinkage = 0);
Whitening LearnWhitening(const Eigen::Ref<const DescriptorMatrix>& descriptors, const MatchingPairs& pairs,
                         double shrinkage = 0);

// Whitening learned from matching pairs as the paper has it (TPAMI 2019, section 3.4): P = V^T C_S^(-1/2),
// where C_S is the covariance of the differences of matching pairs and V holds the eigenvectors, by
// decreasing eigenvalue, of C_S^(-1/2) C_D C_S^(-1/2), with C_D that of non-matching pairs; m is the mean of
// all descriptors. With all its rows it measures the same distances as LearnWhitening, but for the mean; what
// comes first, and so what a truncated one keeps, differs.
//
// scenes: N numbers. Non-matching pairs are all pairs of descriptors with different ones, not those that
// mining would pick: the paper does not say which, and these need no draw. Beside that as LearnWhitening;
// throws Error also where there is one scene only.
Whitening LearnWhiteningOfPaper(const Eigen::Ref<const Eigen::MatrixXd>& descriptors,
                                const std::vector<int64_t>& queries, const std::vector<int64_t>& positives,
                                const std::vector<int64_t>& scenes, double shrinkage = 0);
Whitening LearnWhiteningOfPaper(const Eigen::Ref<const DescriptorMatrix>& descriptors,
                                const MatchingPairs& pairs, const std::vector<int64_t>& scenes,
                                double shrinkage = 0);

// The first `dimension` rows of the projection; 0: all. Throws Error where it has fewer.
Whitening TruncateWhitening(Whitening whitening, int64_t dimension);

// PCA whitening of N x D descriptors: projection = diag(lambda)^(-1/2) V^T of their covariance (divided by
// N), in the directions in which they vary, at most N - 1. With N <= D, the smallest lambda
// are chance: none is taken for less than the mean variance beyond the first (N - 1) / 2 directions. Differs
// from cirtorch, which keeps D rows.
Whitening LearnPcaWhitening(const Eigen::Ref<const Eigen::MatrixXd>& descriptors);

// Applies the first `dimension` rows of the projection (0: all) to N x D descriptors, and divides each result
// by its length + 1e-6. Throws Error where the dimensions do not fit.
Eigen::MatrixXd ApplyWhitening(const Whitening& whitening,
                               const Eigen::Ref<const Eigen::MatrixXd>& descriptors, int64_t dimension = 0);
Descriptors ApplyWhitening(const Whitening& whitening, const Descriptors& descriptors, int64_t dimension = 0);

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

}  // namespace vantage

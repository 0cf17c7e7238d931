// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <Eigen/Core>
#include <cstdint>
#include <optional>
#include <vector>

#include "vantage/descriptors/descriptors.h"

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

}  // namespace vantage

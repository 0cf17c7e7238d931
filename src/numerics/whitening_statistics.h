// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "util/index.h"
#include "vantage/whitening.h"

namespace vantage::numerics {

using DoubleRows = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

// Descriptors of floats or doubles, read as doubles by their indices.
struct IndexedDescriptors {
  int64_t size = 0;
  int64_t dimension = 0;
  // Throws Error for a row that is not finite.
  std::function<DoubleRows(std::span<const int64_t> rows)> gather;
};

// Throws Error if there are no pairs, the lists differ in length, a weight is not positive and finite, or an
// index is not in [0, descriptors).
void CheckPairs(const MatchingPairs& pairs, int64_t descriptors);

// Throws Error naming the first of `rows` whose values are not finite. values: one row for each of `rows`.
void CheckFiniteRows(const DoubleRows& values, std::span<const int64_t> rows);

// A view of a matrix, which must outlive it.
template <typename Matrix>
IndexedDescriptors Indexed(const Matrix& descriptors) {
  return {descriptors.rows(), descriptors.cols(), [&descriptors](std::span<const int64_t> rows) {
            DoubleRows values(static_cast<Eigen::Index>(rows.size()), descriptors.cols());
            for (size_t i = 0; i < rows.size(); ++i) {
              values.row(static_cast<Eigen::Index>(i)) = descriptors.row(rows[i]).template cast<double>();
            }
            CheckFiniteRows(values, rows);
            return values;
          }};
}

// Calls use(first, count) for consecutive parts of `size` rows, each of at most 32 MiB of doubles (or one
// row).
template <typename Use>
void ForEachPart(size_t size, int64_t dimension, const Use& use) {
  constexpr int64_t kPartValues = int64_t{1} << 22;
  const auto part = ToIndex(std::max<int64_t>(1, kPartValues / std::max<int64_t>(1, dimension)));
  for (size_t first = 0; first < size; first += part) use(first, std::min(part, size - first));
}

// The statistics that a whitening is learned from, accumulated part by part. Needs a few D x D doubles,
// however many descriptors and pairs there are.
struct WhiteningStatistics {
  Eigen::VectorXd mean;      // D
  Eigen::MatrixXd matching;  // D x D: covariance of the differences of matching pairs
  Eigen::MatrixXd spread;    // D x D: determines the principal axes; see SpreadOf. Empty: kNothing
};

// The descriptors whose mean is computed: the pairs' queries, with weights, or all of `rows`.
enum class CentreOf { kQueries, kRows };
// kRows: the scatter of `rows` about the mean, not divided by their number. kScenes: the covariance of the
// differences of all pairs of `rows` with different scenes.
enum class SpreadOf { kNothing, kRows, kScenes };

// rows: descriptors used in addition to the pairs. scenes: one per descriptor; only needed for kScenes.
// Throws Error as CheckPairs does, if a descriptor is not finite, and for kScenes if there is only one scene.
WhiteningStatistics StatisticsOf(const IndexedDescriptors& descriptors, const MatchingPairs& pairs,
                                 const std::vector<int64_t>& rows, CentreOf centre, SpreadOf spread,
                                 const std::vector<int64_t>& scenes = {});

}  // namespace vantage::numerics

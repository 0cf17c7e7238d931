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

// Descriptors, floats or doubles, that are taken by their numbers, as doubles.
struct IndexedDescriptors {
  int64_t size = 0;
  int64_t dimension = 0;
  // Throws Error for a row that is not finite.
  std::function<DoubleRows(std::span<const int64_t> rows)> gather;
};

// Throws Error where there are none, or they name descriptors that are not there.
void CheckPairs(const MatchingPairs& pairs, int64_t descriptors);

// Throws Error that names the first of `rows` whose values are not finite.
void CheckFiniteRows(const DoubleRows& values, std::span<const int64_t> rows);

// A view: the matrix must outlive it.
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

// Calls use(first, count) for consecutive parts of `size` rows, of 32 MiB of doubles at most.
template <typename Use>
void ForEachPart(size_t size, int64_t dimension, const Use& use) {
  constexpr int64_t kPartValues = int64_t{1} << 22;
  const auto part = ToIndex(std::max<int64_t>(1, kPartValues / std::max<int64_t>(1, dimension)));
  for (size_t first = 0; first < size; first += part) use(first, std::min(part, size - first));
}

// What a whitening is learned from, added up part by part: a few D x D doubles, however many descriptors and
// pairs there are.
struct WhiteningStatistics {
  Eigen::VectorXd mean;      // D
  Eigen::MatrixXd matching;  // D x D: covariance of the differences of matching pairs
  Eigen::MatrixXd spread;    // D x D: what is rotated to its principal axes; empty: not asked for
};

enum class CentreOf { kQueries, kRows };
// Of `rows`: of all of them about the mean, or of the pairs among them with different `scenes`.
enum class SpreadOf { kNothing, kRows, kScenes };

// rows: descriptors that take part beside the pairs. scenes: one a descriptor; empty where the spread does
// not ask for them. Throws Error where CheckPairs does, and for the spread of one scene.
WhiteningStatistics StatisticsOf(const IndexedDescriptors& descriptors, const MatchingPairs& pairs,
                                 const std::vector<int64_t>& rows, CentreOf centre, SpreadOf spread,
                                 const std::vector<int64_t>& scenes = {});

}  // namespace vantage::numerics

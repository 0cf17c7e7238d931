// SPDX-License-Identifier: BSD-3-Clause
#include "numerics/whitening_statistics.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "util/check.h"
#include "util/index.h"

namespace vantage::numerics {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

// Weighted sums over rows or pairs.
class Weights {
 public:
  // values: one a row; empty: all 1.
  Weights(const std::vector<double>& values, size_t size) : values_(values), size_(size) {}

  void MultiplyBySquareRoots(DoubleRows& rows, size_t first) const {
    if (!values_.empty()) rows.array().colwise() *= Of(first, rows.rows()).sqrt();
  }
  VectorXd Sum(const DoubleRows& rows, size_t first) const {
    if (values_.empty()) return rows.colwise().sum().transpose();
    return rows.transpose() * Of(first, rows.rows()).matrix();
  }
  double total() const { return values_.empty() ? static_cast<double>(size_) : Of(0, Count()).sum(); }

 private:
  Index Count() const { return static_cast<Index>(size_); }
  Eigen::Map<const Eigen::ArrayXd> Of(size_t first, Index count) const {
    return {values_.data() + first, count};
  }

  const std::vector<double>& values_;
  size_t size_;
};

VectorXd MeanOfRows(const IndexedDescriptors& descriptors, std::span<const int64_t> rows,
                    const std::vector<double>& weights) {
  VANTAGE_CHECK(!rows.empty(), "whitening: no descriptors");
  const Weights of_rows(weights, rows.size());
  VectorXd sum = VectorXd::Zero(descriptors.dimension);
  ForEachPart(rows.size(), descriptors.dimension, [&](size_t first, size_t count) {
    sum += of_rows.Sum(descriptors.gather(rows.subspan(first, count)), first);
  });
  return sum / of_rows.total();
}

MatrixXd CovarianceOfPairs(const IndexedDescriptors& descriptors, const MatchingPairs& pairs) {
  const Weights weights(pairs.weights, pairs.queries.size());
  const std::span<const int64_t> queries(pairs.queries);
  const std::span<const int64_t> positives(pairs.positives);
  MatrixXd sum = MatrixXd::Zero(descriptors.dimension, descriptors.dimension);
  ForEachPart(queries.size(), descriptors.dimension, [&](size_t first, size_t count) {
    DoubleRows differences = descriptors.gather(queries.subspan(first, count));
    differences -= descriptors.gather(positives.subspan(first, count));
    weights.MultiplyBySquareRoots(differences, first);
    sum.noalias() += differences.transpose() * differences;
  });
  sum /= weights.total();
  return sum;
}

MatrixXd ScatterAbout(const VectorXd& mean, const IndexedDescriptors& descriptors,
                      std::span<const int64_t> rows) {
  MatrixXd sum = MatrixXd::Zero(descriptors.dimension, descriptors.dimension);
  ForEachPart(rows.size(), descriptors.dimension, [&](size_t first, size_t count) {
    const DoubleRows centred = descriptors.gather(rows.subspan(first, count)).rowwise() - mean.transpose();
    sum.noalias() += centred.transpose() * centred;
  });
  return sum;
}

// Sums the rows of each scene, and adds the outer products of the sums. Rows must come scene by scene.
class SceneSums {
 public:
  explicit SceneSums(int64_t dimension) : sums_(kHeld, dimension), total_(VectorXd::Zero(dimension)) {}

  void Add(const DoubleRows& row, int64_t scene, MatrixXd& products) {
    if (held_ == 0 || scene != scene_) {
      if (held_ == kHeld) Flush(products);
      sums_.row(held_++).setZero();
      scene_ = scene;
    }
    sums_.row(held_ - 1) += row;
    total_ += row.transpose();
  }
  void Flush(MatrixXd& products) {
    products.noalias() += sums_.topRows(held_).transpose() * sums_.topRows(held_);
    held_ = 0;
  }
  const VectorXd& total() const { return total_; }

 private:
  static constexpr Index kHeld = 1024;
  DoubleRows sums_;
  VectorXd total_;
  Index held_ = 0;
  int64_t scene_ = 0;
};

// The covariance of the differences of all pairs of rows of different scenes, each pair once. For N rows x, n
// of them in the scene of x, the sum of outer products is sum (N - n) x x^T - s s^T + sum over scenes s_k
// s_k^T, where s is the sum of all rows and s_k the sum of scene k.
MatrixXd CovarianceBetweenScenes(const VectorXd& mean, const IndexedDescriptors& descriptors,
                                 const std::vector<int64_t>& rows, const std::vector<int64_t>& scenes) {
  const auto scene_of = [&](int64_t row) { return scenes[ToIndex(row)]; };
  std::map<int64_t, double> members;
  for (const int64_t row : rows) members[scene_of(row)] += 1;
  VANTAGE_CHECK(members.size() >= 2, "whitening: one scene only makes no pairs that do not match");
  const auto pairs_of = [](double count) { return count * (count - 1) / 2; };
  const auto all = static_cast<double>(rows.size());
  double pairs = pairs_of(all);
  for (const auto& [scene, count] : members) pairs -= pairs_of(count);

  std::vector<int64_t> by_scene = rows;
  std::stable_sort(by_scene.begin(), by_scene.end(),
                   [&](int64_t a, int64_t b) { return scene_of(a) < scene_of(b); });
  MatrixXd sum = MatrixXd::Zero(descriptors.dimension, descriptors.dimension);
  SceneSums sums(descriptors.dimension);
  ForEachPart(rows.size(), descriptors.dimension, [&](size_t first, size_t count) {
    DoubleRows centred =
        descriptors.gather(std::span(by_scene).subspan(first, count)).rowwise() - mean.transpose();
    for (size_t i = 0; i < count; ++i) {
      const auto at = static_cast<Index>(i);
      const int64_t scene = scene_of(by_scene[first + i]);
      sums.Add(centred.row(at), scene, sum);
      centred.row(at) *= std::sqrt(all - members[scene]);
    }
    sum.noalias() += centred.transpose() * centred;
  });
  sums.Flush(sum);
  sum.noalias() -= sums.total() * sums.total().transpose();
  sum /= pairs;
  return sum;
}

}  // namespace

void CheckPairs(const MatchingPairs& pairs, int64_t descriptors) {
  VANTAGE_CHECK(!pairs.queries.empty() && pairs.queries.size() == pairs.positives.size(),
                "whitening: ", pairs.queries.size(), " queries and ", pairs.positives.size(),
                " positives make no pairs");
  VANTAGE_CHECK(pairs.weights.empty() || pairs.weights.size() == pairs.queries.size(),
                "whitening: ", pairs.weights.size(), " weights of ", pairs.queries.size(), " pairs");
  for (const double weight : pairs.weights) {
    VANTAGE_CHECK(std::isfinite(weight) && weight > 0, "whitening: a pair's weight of ", weight);
  }
  for (const auto* rows : {&pairs.queries, &pairs.positives}) {
    for (const int64_t row : *rows) {
      VANTAGE_CHECK(row >= 0 && row < descriptors, "whitening: a pair names descriptor ", row, " of ",
                    descriptors);
    }
  }
}

void CheckFiniteRows(const DoubleRows& values, std::span<const int64_t> rows) {
  if (values.allFinite()) return;
  for (size_t i = 0; i < rows.size(); ++i) {
    VANTAGE_CHECK(values.row(static_cast<Index>(i)).allFinite(), "whitening: descriptor ", rows[i],
                  " is not finite");
  }
}

WhiteningStatistics StatisticsOf(const IndexedDescriptors& descriptors, const MatchingPairs& pairs,
                                 const std::vector<int64_t>& rows, CentreOf centre, SpreadOf spread,
                                 const std::vector<int64_t>& scenes) {
  CheckPairs(pairs, descriptors.size);
  WhiteningStatistics statistics;
  statistics.mean = centre == CentreOf::kRows ? MeanOfRows(descriptors, rows, {})
                                              : MeanOfRows(descriptors, pairs.queries, pairs.weights);
  statistics.matching = CovarianceOfPairs(descriptors, pairs);
  if (spread == SpreadOf::kRows) statistics.spread = ScatterAbout(statistics.mean, descriptors, rows);
  if (spread == SpreadOf::kScenes) {
    statistics.spread = CovarianceBetweenScenes(statistics.mean, descriptors, rows, scenes);
  }
  return statistics;
}

}  // namespace vantage::numerics

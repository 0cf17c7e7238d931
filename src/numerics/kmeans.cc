// SPDX-License-Identifier: BSD-3-Clause
#include "numerics/kmeans.h"

#include <algorithm>
#include <limits>
#include <numeric>

#include "numerics/single_threaded_blas.h"
#include "util/check.h"
#include "util/index.h"
#include "util/parallel.h"
#include "util/random.h"

// Not FAISS's k-means: it needs OpenMP and a second BLAS, and its sums depend on the number of threads.
namespace vantage::numerics {
namespace {

constexpr int64_t kPointsPerBlock = 1024;

using Points = Eigen::Ref<const DescriptorMatrix>;

struct Assignment {
  std::vector<int64_t> cluster;  // of each point
  std::vector<double> squared_distance;
};

// Calls work(first, count) for blocks of points, in parallel.
template <typename Work>
void ForEachBlock(const Points& points, const RunContext& context, const Work& work) {
  ParallelFor((points.rows() + kPointsPerBlock - 1) / kPointsPerBlock, context.ThreadCount(),
              [&](int64_t block) {
                const SingleThreadedBlas in_worker;
                context.CheckCancelled();
                const int64_t first = block * kPointsPerBlock;
                work(first, std::min(kPointsPerBlock, points.rows() - first));
              });
}

// The nearest centre of each point; the first of equally near ones.
Assignment Assign(const Points& points, const DescriptorMatrix& centers, const RunContext& context) {
  Assignment assignment{std::vector<int64_t>(ToIndex(points.rows())),
                        std::vector<double>(ToIndex(points.rows()))};
  const Eigen::RowVectorXf half_norms = 0.5F * centers.rowwise().squaredNorm().transpose();
  ForEachBlock(points, context, [&](int64_t first, int64_t count) {
    DescriptorMatrix scores = points.middleRows(first, count) * centers.transpose();
    scores.rowwise() -= half_norms;
    for (int64_t i = 0; i < count; ++i) {
      const auto point = ToIndex(first + i);
      Eigen::Index nearest = 0;
      scores.row(i).maxCoeff(&nearest);
      assignment.cluster[point] = nearest;
      assignment.squared_distance[point] =
          (points.row(first + i) - centers.row(nearest)).cast<double>().squaredNorm();
    }
  });
  return assignment;
}

DescriptorMatrix FirstCenters(const Points& points, const KMeansOptions& options, const RunContext& context) {
  RandomStream random(options.seed, "k-means++");
  DescriptorMatrix centers(options.clusters, points.cols());
  std::vector<double> squared(ToIndex(points.rows()), std::numeric_limits<double>::infinity());
  auto chosen = static_cast<Eigen::Index>(random.Below(static_cast<uint64_t>(points.rows())));
  for (int k = 0; k < options.clusters; ++k) {
    centers.row(k) = points.row(chosen);
    ForEachBlock(points, context, [&](int64_t first, int64_t count) {
      for (int64_t i = first; i < first + count; ++i) {
        double& nearest = squared[ToIndex(i)];
        nearest = std::min<double>(nearest, (points.row(i) - centers.row(k)).squaredNorm());
      }
    });
    // Draws the next centre with a probability proportional to its squared distance; uniformly if all are 0.
    const double sum = std::accumulate(squared.begin(), squared.end(), 0.0);
    double left = random.Uniform() * sum;
    chosen = static_cast<Eigen::Index>(random.Below(static_cast<uint64_t>(points.rows())));
    for (size_t i = 0; sum > 0 && i < squared.size(); ++i) {
      if (squared[i] == 0) continue;
      chosen = static_cast<Eigen::Index>(i);
      left -= squared[i];
      if (left < 0) break;
    }
  }
  return centers;
}

// The means of the clusters' points.
DescriptorMatrix Means(const Points& points, Assignment& assignment, int64_t clusters,
                       std::vector<int64_t>& sizes) {
  Eigen::MatrixXd sums = Eigen::MatrixXd::Zero(points.cols(), clusters);
  sizes.assign(ToIndex(clusters), 0);
  const auto add = [&](size_t point, int64_t cluster, int sign) {
    sums.col(cluster) += sign * points.row(static_cast<Eigen::Index>(point)).transpose().cast<double>();
    sizes[ToIndex(cluster)] += sign;
  };
  for (size_t i = 0; i < assignment.cluster.size(); ++i) add(i, assignment.cluster[i], 1);
  for (int64_t k = 0; k < clusters; ++k) {
    if (sizes[ToIndex(k)] > 0) continue;
    // The farthest point of a cluster that has two or more; there is one, since there are more points than
    // clusters.
    size_t farthest = 0;
    double most = -1;
    for (size_t i = 0; i < assignment.cluster.size(); ++i) {
      const int64_t size = sizes[ToIndex(assignment.cluster[i])];
      if (size < 2 || assignment.squared_distance[i] <= most) continue;
      most = assignment.squared_distance[i];
      farthest = i;
    }
    add(farthest, assignment.cluster[farthest], -1);
    add(farthest, k, 1);
    assignment.cluster[farthest] = k;
    assignment.squared_distance[farthest] = 0;
  }
  DescriptorMatrix means(clusters, points.cols());
  for (int64_t k = 0; k < clusters; ++k) {
    means.row(k) = (sums.col(k) / static_cast<double>(sizes[ToIndex(k)])).transpose().cast<float>();
  }
  return means;
}

}  // namespace

KMeansResult KMeans(const Eigen::Ref<const DescriptorMatrix>& points, const KMeansOptions& options,
                    const RunContext& context) {
  VANTAGE_CHECK(options.clusters >= 1 && points.rows() >= options.clusters, "k-means of ", points.rows(),
                " points into ", options.clusters, " clusters");
  VANTAGE_CHECK(options.iterations >= 1, "k-means of ", options.iterations, " iterations");
  const SingleThreadedBlas one_thread_a_block;
  KMeansResult result;
  DescriptorMatrix centers = FirstCenters(points, options, context);
  std::vector<int64_t> sizes;
  Assignment assignment;
  for (int i = 0; i < options.iterations; ++i) {
    Assignment next = Assign(points, centers, context);
    const bool is_same = next.cluster == assignment.cluster;
    assignment = std::move(next);
    centers = Means(points, assignment, options.clusters, sizes);
    result.iterations = i + 1;
    context.Report({"k-means", i + 1, options.iterations, ""});
    if (is_same) break;
  }
  assignment = Assign(points, centers, context);
  sizes.assign(sizes.size(), 0);
  for (size_t i = 0; i < assignment.cluster.size(); ++i) {
    ++sizes[ToIndex(assignment.cluster[i])];
    result.mean_squared_distance += assignment.squared_distance[i] / static_cast<double>(points.rows());
  }
  std::vector<size_t> order(sizes.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return sizes[a] > sizes[b]; });
  result.centers.resize(centers.rows(), centers.cols());
  for (size_t k = 0; k < order.size(); ++k) {
    result.centers.row(static_cast<Eigen::Index>(k)) = centers.row(static_cast<Eigen::Index>(order[k]));
    result.sizes.push_back(sizes[order[k]]);
  }
  return result;
}

}  // namespace vantage::numerics

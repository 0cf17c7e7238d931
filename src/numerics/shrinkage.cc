// SPDX-License-Identifier: BSD-3-Clause
#include "vantage/whitening.h"

#include <Eigen/QR>
#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <limits>
#include <nlohmann/json.hpp>
#include <numeric>
#include <set>
#include <span>
#include <utility>

#include "numerics/symmetric_eigen.h"
#include "numerics/whitening_statistics.h"
#include "util/check.h"
#include "util/index.h"
#include "util/random.h"
#include "util/rethrow.h"
#include "util/string.h"
#include "vantage/run_context.h"

namespace vantage::numerics {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

constexpr int64_t kMostFolds = 5;
constexpr int64_t kMostDimensionsToTruncate = 1024;
constexpr double kNormEpsilon = 1e-6;  // the same as in ApplyWhitening
// Shrinkages are multiples of 1 / kSteps.
constexpr int kSteps = 20;
constexpr int kCoarse = 4;
double AtStep(int step) { return static_cast<double>(step) / kSteps; }
double FromUsual(int step) { return std::abs(AtStep(step) - kUsualShrinkage); }

struct TrialQuery {
  int64_t row = 0;
  int64_t scene = 0;
  std::vector<int64_t> positives;
};

// Draws queries from the scenes in turn, in random order within a scene.
std::vector<TrialQuery> DrawQueries(const MatchingPairs& pairs, const std::vector<int64_t>& scenes,
                                    int64_t most) {
  std::map<int64_t, std::map<int64_t, TrialQuery>> by_scene;
  for (size_t i = 0; i < pairs.queries.size(); ++i) {
    const int64_t row = pairs.queries[i];
    const int64_t scene = scenes[ToIndex(row)];
    TrialQuery& query = by_scene[scene][row];
    query.row = row;
    query.scene = scene;
    query.positives.push_back(pairs.positives[i]);
  }
  std::vector<std::vector<TrialQuery>> of_scenes;
  for (auto& [scene, queries] : by_scene) {
    std::vector<TrialQuery> shuffled;
    for (auto& [row, query] : queries) shuffled.push_back(std::move(query));
    RandomStream(0, "shrinkage: queries", {static_cast<uint64_t>(scene)}).Shuffle(shuffled);
    of_scenes.push_back(std::move(shuffled));
  }
  RandomStream(0, "shrinkage: scenes").Shuffle(of_scenes);
  std::vector<TrialQuery> drawn;
  for (size_t turn = 0; std::ssize(drawn) < most; ++turn) {
    const size_t before = drawn.size();
    for (std::vector<TrialQuery>& queries : of_scenes) {
      if (turn >= queries.size() || std::ssize(drawn) == most) continue;
      drawn.push_back(std::move(queries[turn]));
    }
    if (drawn.size() == before) break;
  }
  return drawn;
}

// The fold of each scene that has pairs. Scenes are dealt to the folds by decreasing number of pairs.
std::map<int64_t, int64_t> DealScenes(const MatchingPairs& pairs, const std::vector<int64_t>& scenes) {
  std::map<int64_t, int64_t> counts;
  for (const int64_t query : pairs.queries) ++counts[scenes[ToIndex(query)]];
  std::vector<std::pair<int64_t, int64_t>> order;
  for (const auto& [scene, count] : counts) order.emplace_back(-count, scene);
  std::sort(order.begin(), order.end());
  const int64_t folds = std::min<int64_t>(kMostFolds, std::ssize(order));
  std::map<int64_t, int64_t> fold_of;
  for (size_t i = 0; i < order.size(); ++i) fold_of[order[i].second] = static_cast<int64_t>(i) % folds;
  return fold_of;
}

// Precision averaged over positives. Another photo as near as a positive ranks before it.
double AveragePrecision(std::vector<float> positives, const std::vector<float>& others) {
  std::sort(positives.begin(), positives.end(), std::greater<>());
  std::vector<int64_t> before(positives.size(), 0);
  for (const float other : others) {
    const auto first =
        std::partition_point(positives.begin(), positives.end(), [&](float mine) { return mine > other; });
    if (first != positives.end()) ++before[ToIndex(first - positives.begin())];
  }
  double sum = 0;
  int64_t wrong = 0;
  for (size_t i = 0; i < positives.size(); ++i) {
    wrong += before[i];
    const auto right = static_cast<double>(i + 1);
    sum += right / (right + static_cast<double>(wrong));
  }
  return sum / static_cast<double>(positives.size());
}

// The queries of the scenes left out, and the rows that they search.
class Trial {
 public:
  Trial(std::vector<TrialQuery> queries, const std::vector<int64_t>& photos,
        const std::vector<int64_t>& scenes)
      : queries_(std::move(queries)) {
    std::set<int64_t> rows(photos.begin(), photos.end());
    for (const TrialQuery& query : queries_) {
      rows.insert(query.row);
      rows.insert(query.positives.begin(), query.positives.end());
    }
    rows_.assign(rows.begin(), rows.end());
    for (const int64_t row : rows_) scenes_.push_back(scenes[ToIndex(row)]);
  }

  const std::vector<TrialQuery>& queries() const { return queries_; }
  // Rows of the descriptors, in increasing order.
  const std::vector<int64_t>& rows() const { return rows_; }

  // Average precision of each query. values: a descriptor of unit length for each of rows().
  std::vector<double> AveragePrecisions(const DescriptorMatrix& values) const {
    std::vector<double> precisions;
    constexpr size_t kAtATime = 256;
    for (size_t first = 0; first < queries_.size(); first += kAtATime) {
      const size_t count = std::min(kAtATime, queries_.size() - first);
      DescriptorMatrix asked(static_cast<Index>(count), values.cols());
      for (size_t i = 0; i < count; ++i)
        asked.row(static_cast<Index>(i)) = values.row(PlaceOf(queries_[first + i].row));
      const DescriptorMatrix scores = asked * values.transpose();
      for (size_t i = 0; i < count; ++i) {
        const TrialQuery& query = queries_[first + i];
        const auto at = static_cast<Index>(i);
        std::vector<float> positives;
        for (const int64_t row : query.positives) positives.push_back(scores(at, PlaceOf(row)));
        std::vector<float> others;
        for (size_t j = 0; j < rows_.size(); ++j) {
          if (scenes_[j] != query.scene) others.push_back(scores(at, static_cast<Index>(j)));
        }
        precisions.push_back(AveragePrecision(std::move(positives), others));
      }
    }
    return precisions;
  }

 private:
  Index PlaceOf(int64_t row) const {
    return std::lower_bound(rows_.begin(), rows_.end(), row) - rows_.begin();
  }

  std::vector<TrialQuery> queries_;
  std::vector<int64_t> rows_;
  std::vector<int64_t> scenes_;
};

void ScaleToUnitLength(DescriptorMatrix& values) {
  for (Index i = 0; i < values.rows(); ++i) {
    values.row(i) /= values.row(i).norm() + static_cast<float>(kNormEpsilon);
  }
}

// For N descriptors of more than N dimensions: their coordinates in the space that they span, N x N. Inner
// products stay the same.
DescriptorMatrix CoordinatesInSpan(const Eigen::Ref<const DescriptorMatrix>& descriptors) {
  std::vector<int64_t> rows(ToIndex(descriptors.rows()));
  std::iota(rows.begin(), rows.end(), 0);
  // X^T = Q R, so that X Q = R^T.
  const Eigen::HouseholderQR<MatrixXd> factors(Indexed(descriptors).gather(rows).transpose());
  const MatrixXd upper = factors.matrixQR().topRows(descriptors.rows()).triangularView<Eigen::Upper>();
  return upper.transpose().cast<float>();
}

// The whitening statistics learned without one fold's scenes.
class Fold {
 public:
  // dimension: that of the descriptors before CoordinatesInSpan.
  Fold(const IndexedDescriptors& descriptors, int64_t dimension, const MatchingPairs& learned_from,
       const std::vector<int64_t>& rows_learned_from, const std::vector<int64_t>& scenes,
       const ShrinkageOptions& options, Trial trial)
      : kept_(options.dimension), trial_(std::move(trial)) {
    std::set<int64_t> scenes_learned_from;
    for (const int64_t row : rows_learned_from) scenes_learned_from.insert(scenes[ToIndex(row)]);
    const bool truncates = kept_ > 0 && kept_ < descriptors.dimension &&
                           descriptors.dimension <= kMostDimensionsToTruncate &&
                           (!options.is_of_paper || scenes_learned_from.size() > 1);
    if (!truncates) kept_ = 0;
    WhiteningStatistics statistics = StatisticsOf(descriptors, learned_from, rows_learned_from,
                                                  options.is_of_paper ? CentreOf::kRows : CentreOf::kQueries,
                                                  !truncates            ? SpreadOf::kNothing
                                                  : options.is_of_paper ? SpreadOf::kScenes
                                                                        : SpreadOf::kRows,
                                                  scenes);
    SymmetricEigen eigen = SolveSymmetric(statistics.matching, "whitening: the eigenvalues did not converge");
    mean_ = std::move(statistics.mean);
    axes_ = std::move(eigen.vectors);
    variances_ = eigen.values.cwiseMax(0);
    if (!(variances_.maxCoeff() > 0)) variances_.setOnes();  // both photos of each pair are equal
    if (truncates) spread_ = axes_.transpose() * statistics.spread * axes_;
    const double rounding = static_cast<double>(variances_.size()) * std::numeric_limits<double>::epsilon();
    mean_variance_ = variances_.sum() / static_cast<double>(dimension);
    is_regular_ =
        variances_.size() == dimension && eigen.values.minCoeff() > rounding * variances_.maxCoeff();
  }

  const Trial& trial() const { return trial_; }
  bool is_regular() const { return is_regular_; }

  // Descriptors of the trial, unchanged.
  DescriptorMatrix Plain(const IndexedDescriptors& descriptors) const {
    return OfTrial(descriptors, [](const DoubleRows& rows) { return rows; });
  }
  // Descriptors of the trial, along the axes of the covariance.
  DescriptorMatrix Rotated(const IndexedDescriptors& descriptors) const {
    return OfTrial(descriptors, [this](const DoubleRows& rows) {
      return DoubleRows((rows.rowwise() - mean_.transpose()) * axes_);
    });
  }

  // Whitens rotated descriptors. The result is rotated too, which keeps lengths and angles.
  DescriptorMatrix Whitened(const DescriptorMatrix& rotated, double shrinkage) const {
    const VectorXd deviations = ((1 - shrinkage) * variances_.array() + shrinkage * mean_variance_).sqrt();
    const VectorXd scales = deviations.cwiseInverse();
    DescriptorMatrix values = rotated * scales.cast<float>().asDiagonal();
    if (kept_ > 0) {
      const SymmetricEigen eigen = SolveSymmetric(scales.asDiagonal() * spread_ * scales.asDiagonal(),
                                                  "whitening: the eigenvalues did not converge");
      values = (values * eigen.vectors.rightCols(kept_).cast<float>()).eval();
    }
    ScaleToUnitLength(values);
    return values;
  }

 private:
  template <typename Change>
  DescriptorMatrix OfTrial(const IndexedDescriptors& descriptors, const Change& change) const {
    const std::span<const int64_t> rows(trial_.rows());
    DescriptorMatrix values(static_cast<Index>(rows.size()), descriptors.dimension);
    ForEachPart(rows.size(), descriptors.dimension, [&](size_t first, size_t count) {
      values.middleRows(static_cast<Index>(first), static_cast<Index>(count)) =
          change(descriptors.gather(rows.subspan(first, count))).template cast<float>();
    });
    return values;
  }

  int64_t kept_;
  Trial trial_;
  VectorXd mean_;
  VectorXd variances_;  // variances of matching pairs' differences, along the axes
  double mean_variance_ = 0;
  MatrixXd axes_;    // columns
  MatrixXd spread_;  // along the axes; empty if kept_ is 0
  bool is_regular_ = false;
};

// Average precisions, by scenes.
class SceneScores {
 public:
  void Add(const std::vector<TrialQuery>& queries, const std::vector<double>& precisions) {
    for (size_t i = 0; i < queries.size(); ++i) {
      auto& [sum, count] = sums_[queries[i].scene];
      sum += precisions[i];
      count += 1;
    }
  }
  VectorXd Means() const {
    VectorXd means(static_cast<Index>(sums_.size()));
    Index at = 0;
    for (const auto& [scene, sum] : sums_) means[at++] = sum.first / sum.second;
    return means;
  }

 private:
  std::map<int64_t, std::pair<double, double>> sums_;
};

// The 97.5 % quantile of Student's t, within 0.01 for more than ten degrees of freedom.
double StudentQuantile(Index degrees) {
  constexpr std::array<double, 10> kFirst{12.706, 4.303, 3.182, 2.776, 2.571,
                                          2.447,  2.365, 2.306, 2.262, 2.228};
  if (degrees <= static_cast<Index>(kFirst.size())) return kFirst.at(ToIndex(degrees - 1));
  return 1.96 + 2.6 / static_cast<double>(degrees);
}

// Half the width of the 95 % interval of the mean. differences: one of each scene, at least two.
double HalfWidth(const VectorXd& differences) {
  const auto count = static_cast<double>(differences.size());
  const double variance = (differences.array() - differences.mean()).square().sum() / (count - 1);
  return StudentQuantile(differences.size() - 1) * std::sqrt(variance / count);
}

class Chooser {
 public:
  // dimension: as in Fold.
  Chooser(const Eigen::Ref<const DescriptorMatrix>& descriptors, int64_t dimension,
          const MatchingPairs& pairs, const std::vector<int64_t>& scenes, const ShrinkageOptions& options,
          const RunContext& context)
      : descriptors_(Indexed(descriptors)), context_(context) {
    const std::map<int64_t, int64_t> fold_of = DealScenes(pairs, scenes);
    const auto fold_of_row = [&](int64_t row) {
      const auto found = fold_of.find(scenes[ToIndex(row)]);
      return found == fold_of.end() ? -1 : found->second;
    };
    const std::vector<TrialQuery> queries = DrawQueries(pairs, scenes, options.queries);
    query_count_ = std::ssize(queries);
    const std::vector<int64_t> photos =
        RandomStream(0, "shrinkage: photos").Sample(descriptors.rows(), options.photos);
    const int64_t count = std::min<int64_t>(kMostFolds, std::ssize(fold_of));
    for (int64_t fold = 0; fold < count; ++fold) {
      Report(fold, count);
      MatchingPairs learned_from;
      for (size_t i = 0; i < pairs.queries.size(); ++i) {
        if (fold_of_row(pairs.queries[i]) == fold) continue;
        learned_from.queries.push_back(pairs.queries[i]);
        learned_from.positives.push_back(pairs.positives[i]);
        if (!pairs.weights.empty()) learned_from.weights.push_back(pairs.weights[i]);
      }
      std::vector<int64_t> rows;
      for (int64_t row = 0; row < descriptors.rows(); ++row) {
        if (fold_of_row(row) != fold) rows.push_back(row);
      }
      std::vector<TrialQuery> asked;
      for (const TrialQuery& query : queries) {
        if (fold_of_row(query.row) == fold) asked.push_back(query);
      }
      folds_.emplace_back(descriptors_, dimension, learned_from, rows, scenes, options,
                          Trial(std::move(asked), photos, scenes));
    }
  }

  ShrinkageChoice Choose() {
    MeasureUnwhitened();
    std::vector<int> steps;
    for (int step = 0; step <= kSteps; step += kCoarse) {
      if (step > 0 || AreRegular()) steps.push_back(step);
    }
    steps.push_back(static_cast<int>(std::lround(kUsualShrinkage * kSteps)));
    Measure(steps);
    for (int width = kCoarse / 2; width > 0; width /= 2) {
      const int best = Best();
      steps.clear();
      for (const int step : {best - width, best + width}) {
        if (step > 0 && step < kSteps) steps.push_back(step);
      }
      Measure(steps);
    }
    return Result();
  }

 private:
  bool AreRegular() const {
    return std::all_of(folds_.begin(), folds_.end(), [](const Fold& fold) { return fold.is_regular(); });
  }

  void Report(int64_t fold, int64_t folds) const {
    context_.CheckCancelled();
    context_.Report({"choosing the shrinkage", fold, folds, ""});
  }

  void MeasureUnwhitened() {
    SceneScores scores;
    for (const Fold& fold : folds_) {
      scores.Add(fold.trial().queries(), fold.trial().AveragePrecisions(fold.Plain(descriptors_)));
    }
    unwhitened_ = scores.Means();
  }

  void Measure(const std::vector<int>& steps) {
    std::map<int, SceneScores> scores;
    for (size_t f = 0; f < folds_.size(); ++f) {
      Report(static_cast<int64_t>(f), std::ssize(folds_));
      const Fold& fold = folds_[f];
      const DescriptorMatrix rotated = fold.Rotated(descriptors_);
      for (const int step : steps) {
        context_.CheckCancelled();
        scores[step].Add(fold.trial().queries(),
                         fold.trial().AveragePrecisions(fold.Whitened(rotated, AtStep(step))));
      }
    }
    for (const auto& [step, of_scenes] : scores) curve_[step] = of_scenes.Means();
  }

  // The best step; of equally good ones the nearest to the usual shrinkage.
  int Best() const {
    constexpr double kAlike = 1e-9;
    int best = curve_.begin()->first;
    for (const auto& [step, means] : curve_) {
      const double gain = means.mean() - curve_.at(best).mean();
      if (gain > kAlike || (gain > -kAlike && FromUsual(step) < FromUsual(best))) best = step;
    }
    return best;
  }

  ShrinkageChoice Result() const {
    const auto best = curve_.find(Best());
    const auto is_alike = [&](const VectorXd& means) {
      const VectorXd loss = best->second - means;
      const bool loses_its_gain =
          means.mean() < unwhitened_.mean() && best->second.mean() >= unwhitened_.mean();
      return loss.mean() <= HalfWidth(loss) && !loses_its_gain;
    };
    auto least = best;
    while (least != curve_.begin() && is_alike(std::prev(least)->second)) --least;
    auto most = best;
    while (std::next(most) != curve_.end() && is_alike(std::next(most)->second)) ++most;
    auto chosen = least;
    for (auto step = least; step != std::next(most); ++step) {
      if (FromUsual(step->first) < FromUsual(chosen->first)) chosen = step;
    }
    ShrinkageChoice choice;
    choice.shrinkage = AtStep(chosen->first);
    choice.is_measured = true;
    choice.map = chosen->second.mean();
    choice.best = AtStep(best->first);
    choice.unwhitened_map = unwhitened_.mean();
    choice.gain_half_width = HalfWidth(chosen->second - unwhitened_);
    choice.least_alike = AtStep(least->first);
    choice.most_alike = AtStep(most->first);
    choice.folds = std::ssize(folds_);
    choice.scenes = unwhitened_.size();
    choice.queries = query_count_;
    for (const auto& [step, means] : curve_) choice.curve[AtStep(step)] = means.mean();
    return choice;
  }

  IndexedDescriptors descriptors_;
  const RunContext& context_;
  std::vector<Fold> folds_;
  int64_t query_count_ = 0;
  VectorXd unwhitened_;            // mean average precision of each scene
  std::map<int, VectorXd> curve_;  // means of the scenes, by step
};

}  // namespace
}  // namespace vantage::numerics

namespace vantage {

ShrinkageChoice ChooseShrinkage(const Eigen::Ref<const DescriptorMatrix>& descriptors,
                                const MatchingPairs& pairs, const std::vector<int64_t>& scenes,
                                const ShrinkageOptions& options, const RunContext& context) try {
  VANTAGE_CHECK(options.queries >= 2 && options.photos >= 1 && options.dimension >= 0,
                "whitening: queries = ", options.queries, " must be at least 2, photos = ", options.photos,
                " at least 1 and dimension = ", options.dimension, " at least 0");
  VANTAGE_CHECK(static_cast<Eigen::Index>(scenes.size()) == descriptors.rows(), "whitening: ", scenes.size(),
                " scenes of ", descriptors.rows(), " descriptors");
  numerics::CheckPairs(pairs, descriptors.rows());
  std::set<int64_t> with_pairs;
  for (const int64_t query : pairs.queries) with_pairs.insert(scenes[ToIndex(query)]);
  if (with_pairs.size() < 2) return {};
  if (descriptors.rows() >= descriptors.cols()) {
    return numerics::Chooser(descriptors, descriptors.cols(), pairs, scenes, options, context).Choose();
  }
  const DescriptorMatrix coordinates = numerics::CoordinatesInSpan(descriptors);
  return numerics::Chooser(coordinates, descriptors.cols(), pairs, scenes, options, context).Choose();
} catch (...) {
  RethrowAsError();
}

}  // namespace vantage

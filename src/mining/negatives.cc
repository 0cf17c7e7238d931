// SPDX-License-Identifier: BSD-3-Clause
#include "vantage/mining.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <mutex>
#include <span>

#include "mining/similarities.h"
#include "nn/intra_op_threads.h"
#include "util/check.h"
#include "util/index.h"
#include "util/parallel.h"
#include "util/rethrow.h"

namespace vantage {
namespace {

// A thread holds 128 x 2048 similarities at a time: 1 MiB.
constexpr int64_t kQueriesPerBlock = 128;
constexpr int64_t kPoolPerBlock = 2048;
constexpr float kDistanceEpsilon = 1e-6F;

struct Pick {
  float similarity = 0;
  int64_t row = 0;
};

bool Better(const Pick& a, const Pick& b) {
  return a.similarity > b.similarity || (a.similarity == b.similarity && a.row < b.row);
}

// The first place from `begin` on whose similarity is above the bound, or the size. Most similarities are
// below it, so groups are tested first, in a loop that the compiler vectorises.
size_t FirstAbove(std::span<const float> similarities, size_t begin, float bound) {
  constexpr size_t kGroup = 64;
  size_t i = begin;
  for (; i + kGroup <= similarities.size(); i += kGroup) {
    int above = 0;
    for (size_t j = 0; j < kGroup; ++j) above |= similarities[i + j] > bound ? 1 : 0;
    if (above != 0) break;
  }
  while (i < similarities.size() && !(similarities[i] > bound)) ++i;
  return i;
}

// The best picks of one query so far, best first: at most `count`, none of the query's scene, and for the
// variant n2 at most one of each other scene.
class BestPicks {
 public:
  BestPicks(int count, NegativeVariant variant, SceneId own_scene, const std::vector<SceneId>& pool_scenes)
      : count_(ToIndex(count)), variant_(variant), own_scene_(own_scene), pool_scenes_(pool_scenes) {}

  // Offers consecutive rows of the pool. Rows must be offered in increasing order: of equal similarities the
  // first row wins.
  void OfferRows(std::span<const float> similarities, int64_t first_row) {
    const auto bound = [&] {
      return picks_.size() == count_ ? picks_.back().similarity : -std::numeric_limits<float>::infinity();
    };
    for (size_t i = 0; (i = FirstAbove(similarities, i, bound())) < similarities.size(); ++i) {
      // Descriptors that are not finite are never picked.
      if (std::isfinite(similarities[i])) Offer({similarities[i], first_row + static_cast<int64_t>(i)});
    }
  }

  const std::vector<Pick>& picks() const { return picks_; }

 private:
  SceneId SceneOf(const Pick& pick) const { return pool_scenes_[ToIndex(pick.row)]; }

  void Offer(const Pick& pick) {
    const SceneId scene = SceneOf(pick);
    if (scene == own_scene_) return;
    if (variant_ == NegativeVariant::kN2) {
      const auto same = std::find_if(picks_.begin(), picks_.end(),
                                     [&](const Pick& other) { return SceneOf(other) == scene; });
      if (same != picks_.end()) {
        if (!Better(pick, *same)) return;
        picks_.erase(same);
      }
    }
    picks_.insert(std::upper_bound(picks_.begin(), picks_.end(), pick, Better), pick);
    if (picks_.size() > count_) picks_.pop_back();
  }

  size_t count_;
  NegativeVariant variant_;
  SceneId own_scene_;
  const std::vector<SceneId>& pool_scenes_;
  std::vector<Pick> picks_;
};

}  // namespace

NegativeVariant ParseNegativeVariant(const std::string& name) {
  if (name == "n1") return NegativeVariant::kN1;
  if (name == "n2") return NegativeVariant::kN2;
  throw UsageError(StrCat("unknown choice of negatives '", name, "'; known are n1, n2"));
}

MinedNegatives MineNegatives(const Eigen::Ref<const DescriptorMatrix>& queries,
                             const std::vector<SceneId>& query_scenes,
                             const Eigen::Ref<const DescriptorMatrix>& pool,
                             const std::vector<SceneId>& pool_scenes, int count, NegativeVariant variant,
                             const RunContext& context) try {
  VANTAGE_CHECK(queries.rows() == std::ssize(query_scenes) && pool.rows() == std::ssize(pool_scenes),
                "mining: the numbers of descriptors and scenes differ");
  VANTAGE_CHECK(count >= 0, "mining of ", count, " negatives");
  VANTAGE_CHECK(queries.cols() == pool.cols(), "mining: queries of ", queries.cols(),
                " dimensions in a pool of ", pool.cols());
  std::vector<BestPicks> best;
  for (const SceneId scene : query_scenes) best.emplace_back(count, variant, scene, pool_scenes);
  const int64_t blocks = count > 0 ? (queries.rows() + kQueriesPerBlock - 1) / kQueriesPerBlock : 0;
  std::mutex mutex;
  int64_t done = 0;
  const nn::IntraOpThreads one_thread_a_block(1);
  ParallelFor(blocks, context.ThreadCount(), [&](int64_t block) {
    one_thread_a_block.Enter();
    const int64_t first_query = block * kQueriesPerBlock;
    const int64_t query_count = std::min(kQueriesPerBlock, queries.rows() - first_query);
    DescriptorMatrix similarities;
    for (int64_t first = 0; first < pool.rows(); first += kPoolPerBlock) {
      context.CheckCancelled();
      const int64_t pool_count = std::min(kPoolPerBlock, pool.rows() - first);
      mining::Similarities(queries.middleRows(first_query, query_count), pool.middleRows(first, pool_count),
                           similarities);
      for (int64_t q = 0; q < query_count; ++q) {
        best[ToIndex(first_query + q)].OfferRows({similarities.row(q).data(), ToIndex(pool_count)}, first);
      }
    }
    const std::scoped_lock lock(mutex);
    done += query_count;
    context.Report({"finding negatives", done, queries.rows(), ""});
  });

  MinedNegatives mined;
  double distance_sum = 0;
  int64_t picked = 0;
  for (size_t q = 0; q < best.size(); ++q) {
    std::vector<int64_t>& rows = mined.rows.emplace_back();
    std::vector<double>& distances = mined.distances.emplace_back();
    for (const Pick& pick : best[q].picks()) {
      rows.push_back(pick.row);
      const auto difference = queries.row(static_cast<Eigen::Index>(q)) - pool.row(pick.row);
      distances.push_back((difference.array() + kDistanceEpsilon).matrix().norm());
      distance_sum += distances.back();
      ++picked;
    }
  }
  mined.average_distance =
      picked == 0 ? std::numeric_limits<double>::quiet_NaN() : distance_sum / static_cast<double>(picked);
  return mined;
} catch (...) {
  RethrowAsError();
}

}  // namespace vantage

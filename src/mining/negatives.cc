// SPDX-License-Identifier: BSD-3-Clause
#include "vantage/mining/negatives.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "vantage/util/error.h"
#include "vantage/util/parallel.h"

namespace vantage {
namespace {

constexpr int64_t kQueriesPerBlock = 256;
// Similarities held at a time: 32 MiB.
constexpr int64_t kPoolPerBlock = (int64_t{1} << 23) / kQueriesPerBlock;
constexpr float kDistanceEpsilon = 1e-6F;

struct Pick {
  float similarity = 0;
  int64_t row = 0;
};

bool Better(const Pick& a, const Pick& b) {
  return a.similarity > b.similarity || (a.similarity == b.similarity && a.row < b.row);
}

// The best picks of one query so far, best first: at most `count`, and at most one of a scene where `variant`
// says so. Picks must be offered in the order of their rows.
class BestPicks {
 public:
  BestPicks(int count, NegativeVariant variant) : count_(static_cast<size_t>(count)), variant_(variant) {}

  void Offer(const Pick& pick, const std::vector<SceneId>& pool_scenes) {
    if (picks_.size() == count_ && !Better(pick, picks_.back())) return;
    if (variant_ == NegativeVariant::kN2) {
      const SceneId scene = pool_scenes[static_cast<size_t>(pick.row)];
      const auto same = std::find_if(picks_.begin(), picks_.end(), [&](const Pick& other) {
        return pool_scenes[static_cast<size_t>(other.row)] == scene;
      });
      if (same != picks_.end()) {
        if (!Better(pick, *same)) return;
        picks_.erase(same);
      }
    }
    picks_.insert(std::upper_bound(picks_.begin(), picks_.end(), pick, Better), pick);
    if (picks_.size() > count_) picks_.pop_back();
  }

  const std::vector<Pick>& picks() const { return picks_; }

 private:
  size_t count_;
  NegativeVariant variant_;
  std::vector<Pick> picks_;
};

}  // namespace

NegativeVariant ParseNegativeVariant(const std::string& name) {
  if (name == "n1") return NegativeVariant::kN1;
  if (name == "n2") return NegativeVariant::kN2;
  throw UsageError(StrCat("unknown choice of negatives '", name, "'; known are n1, n2"));
}

MinedNegatives MineNegatives(const DescriptorMatrix& queries, const std::vector<SceneId>& query_scenes,
                             const DescriptorMatrix& pool, const std::vector<SceneId>& pool_scenes, int count,
                             NegativeVariant variant, const RunContext& context) {
  VANTAGE_CHECK(queries.rows() == static_cast<int64_t>(query_scenes.size()) &&
                    pool.rows() == static_cast<int64_t>(pool_scenes.size()),
                "mining: the numbers of descriptors and scenes differ");
  std::vector<BestPicks> best(query_scenes.size(), BestPicks(count, variant));
  DescriptorMatrix similarities;
  for (int64_t first_query = 0; first_query < queries.rows() && count > 0; first_query += kQueriesPerBlock) {
    const int64_t query_count = std::min(kQueriesPerBlock, queries.rows() - first_query);
    for (int64_t first = 0; first < pool.rows(); first += kPoolPerBlock) {
      context.CheckCancelled();
      const int64_t pool_count = std::min(kPoolPerBlock, pool.rows() - first);
      similarities.noalias() =
          queries.middleRows(first_query, query_count) * pool.middleRows(first, pool_count).transpose();
      ParallelFor(query_count, context.ThreadCount(), [&](int64_t q) {
        const auto query = static_cast<size_t>(first_query + q);
        for (int64_t i = 0; i < pool_count; ++i) {
          if (pool_scenes[static_cast<size_t>(first + i)] == query_scenes[query]) continue;
          best[query].Offer({similarities(q, i), first + i}, pool_scenes);
        }
      });
    }
  }

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
}

}  // namespace vantage

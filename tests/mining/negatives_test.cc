// SPDX-License-Identifier: BSD-3-Clause
#include "vantage/mining/negatives.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <set>

#include "testing/files.h"
#include "vantage/serialize/npy.h"
#include "vantage/util/file.h"
#include "vantage/util/random.h"

namespace vantage {
namespace {

using ::testing::HasSubstr;
using vantage::testing::ErrorOf;
using vantage::testing::SharedFolder;

struct Problem {
  DescriptorMatrix queries;
  DescriptorMatrix pool;
  std::vector<SceneId> query_scenes;
  std::vector<SceneId> pool_scenes;
};

Problem RandomProblem(int64_t queries, int64_t pool, int64_t scenes, uint64_t seed) {
  RandomStream random(seed, "mining");
  const auto fill = [&](int64_t count, DescriptorMatrix& rows, std::vector<SceneId>& scene_of) {
    rows.resize(count, 8);
    for (int64_t i = 0; i < count; ++i) {
      for (int64_t j = 0; j < 8; ++j) rows(i, j) = static_cast<float>(random.Normal());
      scene_of.push_back(SceneId{static_cast<int64_t>(random.Below(static_cast<uint64_t>(scenes)))});
    }
    NormalizeRows(rows);
  };
  Problem problem;
  fill(queries, problem.queries, problem.query_scenes);
  fill(pool, problem.pool, problem.pool_scenes);
  return problem;
}

// cirtorch's way: sort the whole pool, walk down and take what is allowed.
std::vector<int64_t> WalkDown(const Problem& problem, int64_t query, size_t count, bool one_per_scene) {
  std::vector<std::pair<float, int64_t>> order;
  for (int64_t i = 0; i < problem.pool.rows(); ++i) {
    order.emplace_back(-problem.queries.row(query).dot(problem.pool.row(i)), i);
  }
  std::sort(order.begin(), order.end());
  std::set<SceneId> taken = {problem.query_scenes[static_cast<size_t>(query)]};
  std::vector<int64_t> picks;
  for (const auto& [distance, row] : order) {
    const SceneId scene = problem.pool_scenes[static_cast<size_t>(row)];
    if (picks.size() == count || taken.count(scene) == 1) continue;
    picks.push_back(row);
    if (one_per_scene) taken.insert(scene);
  }
  return picks;
}

TEST(MineNegatives, PicksWhatCirtorchPicks) {
  VANTAGE_REQUIRE_SHARED("reference/mining/cirtorch_tuples.json");
  const auto folder = SharedFolder() / "reference/mining";
  const auto expected = nlohmann::json::parse(ReadFile(folder / "cirtorch_tuples.json"));
  const NpyArray array = ReadNpy(folder / "cirtorch_vecs_300x32.npy");
  const std::vector<float> values = array.As<float>();
  const DescriptorMatrix all =
      Eigen::Map<const DescriptorMatrix>(values.data(), array.shape[0], array.shape[1]);
  const std::vector<int64_t> clusters = ReadNpy(folder / "cirtorch_clusters_i64.npy").As<int64_t>();
  const auto take = [&](const std::vector<int64_t>& rows, DescriptorMatrix& matrix,
                        std::vector<SceneId>& scenes) {
    matrix = all(rows, Eigen::all);
    for (const int64_t row : rows) scenes.push_back(SceneId{clusters[static_cast<size_t>(row)]});
  };
  const std::vector<int64_t> draws = expected["pool_permutation"];
  Problem problem;
  take(expected["qidxs"], problem.queries, problem.query_scenes);
  take(draws, problem.pool, problem.pool_scenes);
  MinedNegatives mined = MineNegatives(problem.queries, problem.query_scenes, problem.pool,
                                       problem.pool_scenes, expected["nnum"], NegativeVariant::kN2);
  for (auto& rows : mined.rows) {
    for (int64_t& row : rows) row = draws[static_cast<size_t>(row)];
  }
  EXPECT_EQ(mined.rows, expected["nidxs"].get<std::vector<std::vector<int64_t>>>());
  EXPECT_NEAR(mined.average_distance, expected["average_negative_distance"].get<double>(), 1e-5);
}

TEST(MineNegatives, AgreesWithWalkingDownTheSortedPool) {
  for (uint64_t seed = 0; seed < 20; ++seed) {
    const Problem problem = RandomProblem(12, 150, 3 + static_cast<int64_t>(seed), seed);
    for (const auto variant : {NegativeVariant::kN1, NegativeVariant::kN2}) {
      const MinedNegatives mined =
          MineNegatives(problem.queries, problem.query_scenes, problem.pool, problem.pool_scenes, 5, variant);
      for (int64_t q = 0; q < 12; ++q) {
        EXPECT_EQ(mined.rows[static_cast<size_t>(q)],
                  WalkDown(problem, q, 5, variant == NegativeVariant::kN2));
      }
    }
  }
}

TEST(MineNegatives, BlocksAndThreadsDoNotChangeThePicks) {
  // More queries than a block holds, and more pool rows.
  const Problem problem = RandomProblem(300, 40000, 500, 1);
  RunContext one;
  one.threads = 1;
  RunContext three;
  three.threads = 3;
  const auto mine = [&](const RunContext& context) {
    return MineNegatives(problem.queries, problem.query_scenes, problem.pool, problem.pool_scenes, 5,
                         NegativeVariant::kN2, context)
        .rows;
  };
  const auto rows = mine(three);
  EXPECT_EQ(mine(one), rows);
  for (const int64_t q : {0, 255, 256, 299})
    EXPECT_EQ(rows[static_cast<size_t>(q)], WalkDown(problem, q, 5, true));
}

TEST(MineNegatives, TooFewScenesGiveWhatThereIs) {
  const Problem problem = RandomProblem(6, 40, 3, 4);
  const MinedNegatives mined = MineNegatives(problem.queries, problem.query_scenes, problem.pool,
                                             problem.pool_scenes, 5, NegativeVariant::kN2);
  for (const auto& rows : mined.rows) EXPECT_EQ(rows.size(), 2U);
  const std::vector<SceneId> one_scene(40, problem.query_scenes[0]);
  const MinedNegatives none = MineNegatives(problem.queries.topRows(1), {problem.query_scenes[0]},
                                            problem.pool, one_scene, 5, NegativeVariant::kN2);
  EXPECT_TRUE(none.rows[0].empty());
  EXPECT_TRUE(std::isnan(none.average_distance));
}

TEST(MineNegatives, WrongUseIsAnError) {
  EXPECT_THAT(ErrorOf([] { ParseNegativeVariant("n3"); }), HasSubstr("known are n1, n2"));
  EXPECT_THAT(ErrorOf([] {
                MineNegatives(DescriptorMatrix(1, 2), {}, DescriptorMatrix(0, 2), {}, 5,
                              NegativeVariant::kN1);
              }),
              HasSubstr("numbers of descriptors and scenes differ"));
}

}  // namespace
}  // namespace vantage

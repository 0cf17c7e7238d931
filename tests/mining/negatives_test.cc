// SPDX-License-Identifier: BSD-3-Clause
#include "vantage/mining.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>

#include "serialize/npy.h"
#include "testing/files.h"
#include "util/file.h"
#include "util/random.h"

namespace vantage::mining {
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
  const serialize::NpyArray array = serialize::ReadNpy(folder / "cirtorch_vecs_300x32.npy");
  const std::vector<float> values = array.As<float>();
  const DescriptorMatrix all =
      Eigen::Map<const DescriptorMatrix>(values.data(), array.shape[0], array.shape[1]);
  const std::vector<int64_t> clusters =
      serialize::ReadNpy(folder / "cirtorch_clusters_i64.npy").As<int64_t>();
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

// Small whole numbers: products are exact in whatever order they are summed, and many are equal.
Problem TiedProblem(RandomStream& random) {
  const auto number = [&](uint64_t most) { return static_cast<int64_t>(1 + random.Below(most)); };
  Problem problem;
  const int64_t dimension = number(12);
  const auto scenes = static_cast<uint64_t>(number(60));
  const auto fill = [&](int64_t count, DescriptorMatrix& rows, std::vector<SceneId>& scene_of) {
    rows.resize(count, dimension);
    for (int64_t i = 0; i < count; ++i) {
      for (int64_t j = 0; j < dimension; ++j) rows(i, j) = static_cast<float>(random.Below(5)) - 2;
      scene_of.push_back(SceneId{static_cast<int64_t>(random.Below(scenes))});
    }
  };
  fill(number(300), problem.queries, problem.query_scenes);
  fill(random.Chance(0.2) ? number(5000) : number(300), problem.pool, problem.pool_scenes);
  return problem;
}

TEST(MineNegatives, AgreesWithWalkingDownForAnySizesTiesAndThreads) {
  RandomStream random(3, "ties");
  for (int round = 0; round < 60; ++round) {
    const Problem problem = TiedProblem(random);
    const auto count = static_cast<int>(1 + random.Below(8));
    const bool one_per_scene = random.Chance(0.5);
    RunContext context;
    context.threads = static_cast<int>(1 + random.Below(5));
    const MinedNegatives mined =
        MineNegatives(problem.queries, problem.query_scenes, problem.pool, problem.pool_scenes, count,
                      one_per_scene ? NegativeVariant::kN2 : NegativeVariant::kN1, context);
    for (int64_t q = 0; q < problem.queries.rows(); q += 7) {
      ASSERT_EQ(mined.rows[static_cast<size_t>(q)],
                WalkDown(problem, q, static_cast<size_t>(count), one_per_scene))
          << "round " << round << ", query " << q;
    }
  }
}

TEST(MineNegatives, ThePoolMayBeRowsOfALargerMatrix) {
  const Problem problem = RandomProblem(5, 50, 10, 2);
  DescriptorMatrix larger = DescriptorMatrix::Constant(60, 11, 9);
  larger.block(4, 2, 50, 8) = problem.pool;
  const auto mine = [&](const Eigen::Ref<const DescriptorMatrix>& pool) {
    return MineNegatives(problem.queries, problem.query_scenes, pool, problem.pool_scenes, 3,
                         NegativeVariant::kN2)
        .rows;
  };
  EXPECT_EQ(mine(larger.block(4, 2, 50, 8)), mine(problem.pool));
}

TEST(MineNegatives, DescriptorsThatAreNotFiniteAreNeverPicked) {
  Problem problem = RandomProblem(4, 60, 12, 5);
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const float infinity = std::numeric_limits<float>::infinity();
  Problem clean = problem;
  const std::vector<std::pair<int64_t, float>> bad = {{0, nan}, {7, infinity}, {30, -infinity}, {59, nan}};
  for (const auto& [row, value] : bad) {
    problem.pool(row, row % 8) = value;
    clean.pool.row(row).setZero();  // and left out of what is expected
  }
  problem.queries(2, 3) = nan;
  for (const auto variant : {NegativeVariant::kN1, NegativeVariant::kN2}) {
    const MinedNegatives mined =
        MineNegatives(problem.queries, problem.query_scenes, problem.pool, problem.pool_scenes, 50, variant);
    EXPECT_TRUE(mined.rows[2].empty());
    EXPECT_TRUE(std::isfinite(mined.average_distance));
    for (const int64_t q : {0, 1, 3}) {
      std::vector<int64_t> expected = WalkDown(clean, q, 60, false);
      std::set<SceneId> taken;
      std::erase_if(expected, [&](int64_t row) {
        if (row == 0 || row == 7 || row == 30 || row == 59) return true;
        return variant == NegativeVariant::kN2 &&
               !taken.insert(problem.pool_scenes[static_cast<size_t>(row)]).second;
      });
      expected.resize(std::min<size_t>(expected.size(), 50));
      EXPECT_EQ(mined.rows[static_cast<size_t>(q)], expected);
    }
  }
}

TEST(MineNegatives, TellsHowFarItIsAndStopsWhenAsked) {
  const Problem problem = RandomProblem(500, 30, 5, 6);
  RunContext context;
  context.threads = 3;
  int64_t before = 0;
  context.on_progress = [&](const Progress& progress) {
    EXPECT_EQ(progress.task, "finding negatives");
    EXPECT_EQ(progress.total, 500);
    EXPECT_GT(progress.done, before);
    before = progress.done;
  };
  const auto mine = [&] {
    MineNegatives(problem.queries, problem.query_scenes, problem.pool, problem.pool_scenes, 5,
                  NegativeVariant::kN2, context);
  };
  mine();
  EXPECT_EQ(before, 500);
  context.is_cancelled = [] { return true; };
  EXPECT_THROW(mine(), Interrupted);
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
  EXPECT_THAT(ErrorOf([] {
                MineNegatives(DescriptorMatrix(1, 2), {SceneId{0}}, DescriptorMatrix(0, 3), {}, 5,
                              NegativeVariant::kN1);
              }),
              HasSubstr("queries of 2 dimensions in a pool of 3"));
}

}  // namespace
}  // namespace vantage::mining

// SPDX-License-Identifier: BSD-3-Clause
#include "vantage/mining.h"

#include <algorithm>
#include <cstdio>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "serialize/npy.h"
#include "testing/files.h"
#include "util/file.h"
#include "util/random.h"

namespace vantage::mining {
namespace {

using vantage::testing::ErrorOf;
using vantage::testing::SharedFolder;

struct Problem {
  DescriptorMatrix descriptors;
  std::vector<SceneId> classes;
};

Problem RandomProblem(int64_t rows, uint64_t classes, uint64_t seed) {
  RandomStream random(seed, "triplets");
  Problem problem;
  problem.descriptors.resize(rows, 6);
  std::map<uint64_t, Eigen::RowVectorXf> centres;
  for (int64_t i = 0; i < rows; ++i) {
    const uint64_t own = random.Below(classes);
    Eigen::RowVectorXf& centre = centres[own];
    if (centre.size() == 0) {
      centre.resize(6);
      for (float& value : centre) value = static_cast<float>(random.Normal());
    }
    for (int64_t j = 0; j < 6; ++j)
      problem.descriptors(i, j) = centre[j] + 0.7F * static_cast<float>(random.Normal());
    problem.classes.push_back(SceneId{static_cast<int64_t>(own)});
  }
  NormalizeRows(problem.descriptors);
  return problem;
}

constexpr double kMargin = 0.1;

DifficultyMiningOptions Open() {
  return {.round = {.lowest_loss = -10, .highest_loss = 10, .one_per_class = false, .triplets = 1 << 30},
          .rank_threshold = 1 << 30};
}

std::vector<std::array<int64_t, 3>> RowsOf(const MinedTriplets& mined) {
  std::vector<std::array<int64_t, 3>> rows;
  for (const Triplet& triplet : mined.triplets)
    rows.push_back({triplet.anchor, triplet.positive, triplet.negative});
  return rows;
}

void ExpectCounted(const MinedTriplets& mined) {
  const TripletStatistics& s = mined.statistics;
  EXPECT_EQ(s.anchors, s.no_negative + s.no_positive + s.behind_threshold + s.outside_window + s.same_class +
                           s.beyond_count + s.semi_hard + s.hard);
  EXPECT_EQ(s.semi_hard + s.hard, static_cast<int64_t>(mined.triplets.size()));
  int64_t judged = 0;
  for (const int64_t count : s.losses) judged += count;
  EXPECT_EQ(judged, s.outside_window + s.same_class + s.beyond_count + s.semi_hard + s.hard);
}

TEST(MineTriplets, PicksWhatThePapersCodePicks) {
  VANTAGE_REQUIRE_SHARED("reference/mining/vaccaro_triplets.json");
  const auto folder = SharedFolder() / "reference/mining";
  const serialize::NpyArray array = serialize::ReadNpy(folder / "vaccaro_feats_400x24.npy");
  const std::vector<float> values = array.As<float>();
  const DescriptorMatrix descriptors =
      Eigen::Map<const DescriptorMatrix>(values.data(), array.shape[0], array.shape[1]);
  std::vector<SceneId> classes;
  for (const int64_t label : serialize::ReadNpy(folder / "vaccaro_labels_i64.npy").As<int64_t>())
    classes.push_back(SceneId{label});
  const auto expected = nlohmann::json::parse(ReadFile(folder / "vaccaro_triplets.json"));
  ASSERT_EQ(expected.size(), 8U);
  for (const auto& [name, triplets] : expected.items()) {
    DifficultyMiningOptions options;
    ASSERT_EQ(std::sscanf(name.c_str(), "semi_hard_prob=%lf;threshold=%d;loss_window=%lf,%lf",
                          &options.semi_hard_probability, &options.rank_threshold, &options.round.lowest_loss,
                          &options.round.highest_loss),
              4)
        << name;
    const MinedTriplets mined = MineTriplets(descriptors, classes, kMargin, options);
    EXPECT_EQ(nlohmann::json(RowsOf(mined)), triplets) << name;
    ExpectCounted(mined);
  }
}

// The whole ranking, sorted.
std::vector<int64_t> RankingOf(const Problem& problem, int64_t anchor) {
  const Eigen::VectorXf similarities = problem.descriptors * problem.descriptors.row(anchor).transpose();
  std::vector<int64_t> order;
  for (int64_t i = 0; i < problem.descriptors.rows(); ++i) {
    if (i != anchor) order.push_back(i);
  }
  std::stable_sort(order.begin(), order.end(),
                   [&](int64_t a, int64_t b) { return similarities[a] > similarities[b]; });
  return order;
}

TEST(MineTriplets, TakesThePositivesNextToTheFirstNegative) {
  for (const uint64_t seed : {1, 2, 3}) {
    const Problem problem = RandomProblem(150, 12, seed);
    for (const double probability : {0.0, 1.0}) {
      for (const int threshold : {1 << 30, 7}) {
        DifficultyMiningOptions options = Open();
        options.semi_hard_probability = probability;
        options.rank_threshold = threshold;
        std::vector<std::array<int64_t, 3>> expected;
        for (int64_t anchor = 0; anchor < 150; ++anchor) {
          const auto is_same = [&](int64_t row) {
            return problem.classes[static_cast<size_t>(row)] == problem.classes[static_cast<size_t>(anchor)];
          };
          const std::vector<int64_t> order = RankingOf(problem, anchor);
          const auto negative = std::find_if_not(order.begin(), order.end(), is_same);
          ASSERT_NE(negative, order.end());
          if (probability == 1 && negative != order.begin()) {
            expected.push_back({anchor, *(negative - 1), *negative});
            continue;
          }
          const auto positive = std::find_if(negative, order.end(), is_same);
          if (positive == order.end() || positive - negative >= threshold) continue;
          expected.push_back({anchor, *positive, *negative});
        }
        const MinedTriplets mined = MineTriplets(problem.descriptors, problem.classes, kMargin, options);
        EXPECT_EQ(RowsOf(mined), expected);
        ExpectCounted(mined);
      }
    }
  }
}

TEST(MineTriplets, KeepsToWindowClassAndCount) {
  const Problem problem = RandomProblem(300, 20, 4);
  DifficultyMiningOptions options = Open();
  options.round.lowest_loss = 0;
  options.round.highest_loss = 0.2;
  const MinedTriplets in_window = MineTriplets(problem.descriptors, problem.classes, kMargin, options);
  ASSERT_GT(in_window.triplets.size(), 20U);
  EXPECT_GT(in_window.statistics.outside_window, 0);
  for (const Triplet& triplet : in_window.triplets) {
    const auto row = [&](int64_t i) { return problem.descriptors.row(i); };
    EXPECT_NEAR(triplet.positive_distance, (row(triplet.anchor) - row(triplet.positive)).norm(), 1e-6);
    const double loss = 0.1 + (row(triplet.anchor) - row(triplet.positive)).squaredNorm() -
                        (row(triplet.anchor) - row(triplet.negative)).squaredNorm();
    EXPECT_GT(loss, -1e-6);
    EXPECT_LT(loss, 0.2 + 1e-6);
  }
  options.round.one_per_class = true;
  const MinedTriplets of_classes = MineTriplets(problem.descriptors, problem.classes, kMargin, options);
  std::set<SceneId> seen;
  std::vector<std::array<int64_t, 3>> firsts;
  for (const auto& rows : RowsOf(in_window)) {
    if (seen.insert(problem.classes[static_cast<size_t>(rows[0])]).second) firsts.push_back(rows);
  }
  EXPECT_EQ(RowsOf(of_classes), firsts);
  options.round.triplets = 5;
  const MinedTriplets five = MineTriplets(problem.descriptors, problem.classes, kMargin, options);
  firsts.resize(5);
  EXPECT_EQ(RowsOf(five), firsts);
  EXPECT_GT(five.statistics.beyond_count, 0);
  ExpectCounted(five);
}

TEST(MineTriplets, MixesKindsByTheSeedWhateverTheThreads) {
  const Problem problem = RandomProblem(500, 8, 5);
  RunContext many;
  many.threads = 3;
  const auto mine = [&](uint64_t seed, uint64_t round, const RunContext& context) {
    return MineTriplets(problem.descriptors, problem.classes, kMargin, Open(), seed, round, context);
  };
  const MinedTriplets mined = mine(7, 1, {});
  EXPECT_EQ(RowsOf(mine(7, 1, many)), RowsOf(mined));
  EXPECT_NE(RowsOf(mine(7, 2, {})), RowsOf(mined));
  EXPECT_NE(RowsOf(mine(8, 1, {})), RowsOf(mined));
  EXPECT_GT(mined.statistics.semi_hard, 50);
  EXPECT_GT(mined.statistics.hard, 50);
}

TEST(MineTriplets, DrawsAtRandomWhereToldTo) {
  const Problem problem = RandomProblem(60, 5, 8);
  const RandomMiningOptions options{.round = Open().round};
  std::map<int64_t, std::set<int64_t>> negatives;
  std::map<int64_t, std::set<int64_t>> positives;
  for (uint64_t round = 0; round < 400; ++round) {
    const MinedTriplets mined =
        DrawTriplets(problem.descriptors, problem.classes, kMargin, options, 1, round);
    ASSERT_EQ(mined.triplets.size(), 60U);
    for (const Triplet& triplet : mined.triplets) {
      const auto class_of = [&](int64_t row) { return problem.classes[static_cast<size_t>(row)]; };
      ASSERT_NE(triplet.anchor, triplet.positive);
      ASSERT_EQ(class_of(triplet.anchor), class_of(triplet.positive));
      ASSERT_NE(class_of(triplet.anchor), class_of(triplet.negative));
      positives[triplet.anchor].insert(triplet.positive);
      negatives[triplet.anchor].insert(triplet.negative);
    }
  }
  // Every photo that may be drawn is drawn.
  for (int64_t anchor = 0; anchor < 60; ++anchor) {
    const auto same = std::count(problem.classes.begin(), problem.classes.end(),
                                 problem.classes[static_cast<size_t>(anchor)]);
    EXPECT_EQ(positives[anchor].size(), static_cast<size_t>(same - 1));
    EXPECT_EQ(negatives[anchor].size(), static_cast<size_t>(60 - same));
  }
  EXPECT_EQ(RowsOf(DrawTriplets(problem.descriptors, problem.classes, kMargin, options, 1, 3)),
            RowsOf(DrawTriplets(problem.descriptors, problem.classes, kMargin, options, 1, 3)));
  EXPECT_NE(RowsOf(DrawTriplets(problem.descriptors, problem.classes, kMargin, options, 1, 3)),
            RowsOf(DrawTriplets(problem.descriptors, problem.classes, kMargin, options, 2, 3)));
}

TEST(MineTriplets, LeavesOutWhatIsNotFiniteAndSaysWhatIsMissing) {
  Problem problem = RandomProblem(40, 4, 6);
  problem.descriptors(3, 2) = std::numeric_limits<float>::quiet_NaN();
  MinedTriplets mined = MineTriplets(problem.descriptors, problem.classes, kMargin, Open());
  EXPECT_EQ(mined.statistics.no_negative, 1);  // row 3 itself
  for (const auto& rows : RowsOf(mined)) EXPECT_EQ(std::count(rows.begin(), rows.end(), 3), 0);
  for (SceneId& own : problem.classes) own = SceneId{0};
  mined = MineTriplets(problem.descriptors, problem.classes, kMargin, Open());
  EXPECT_EQ(mined.statistics.no_negative, 40);
  for (size_t i = 0; i < problem.classes.size(); ++i) problem.classes[i] = SceneId{static_cast<int64_t>(i)};
  mined = MineTriplets(problem.descriptors, problem.classes, kMargin, Open());
  EXPECT_EQ(mined.statistics.no_positive, 39);
  ExpectCounted(mined);
  problem.classes.pop_back();
  EXPECT_THAT(ErrorOf([&] { MineTriplets(problem.descriptors, problem.classes, kMargin, Open()); }),
              ::testing::HasSubstr("numbers of descriptors and classes differ"));
}

TEST(MineTriplets, RefusesOptionsThatMeanNothing) {
  EXPECT_THAT(ErrorOf([] { MineTriplets(DescriptorMatrix(), {}, kMargin, {.rank_threshold = 0}); }),
              ::testing::HasSubstr("'rank_threshold' = 0"));
}

}  // namespace
}  // namespace vantage::mining

// SPDX-License-Identifier: BSD-3-Clause
#include "mining/tuple_miner.h"
#include "vantage/mining.h"

#include <set>

#include "testing/files.h"
#include "testing/photos.h"
#include "util/file.h"
#include "vantage/describer.h"

namespace vantage::mining {
namespace {

using ::testing::HasSubstr;
using vantage::testing::ErrorOf;
using vantage::testing::MakeFormulaModel;
using vantage::testing::TemporaryFolder;
using vantage::testing::WritePhotosAndSet;

const ExtractOptions kSmall{LongestSide(64), false};

TEST(MineRound, TuplesAreWhatTheyShouldBe) {
  const TemporaryFolder folder;
  const TrainingSet set = WritePhotosAndSet(folder.path(), 5, 6, 0);
  const nn::ModelParts model = MakeFormulaModel();
  MiningOptions options;
  options.miner = NegativeMiningOptions{.negatives = 3, .queries = 8};
  const MinedTuples mined =
      MineRound(set, Split::kTrain, PhotosOfSet(set, folder.path()), model.net, kSmall, options, 1, {0});
  EXPECT_EQ(mined.tuples.size(), 8U);
  EXPECT_EQ(mined.short_tuples, 0);
  EXPECT_GT(mined.average_negative_distance, 0);
  std::set<PhotoId> queries;
  double distance_sum = 0;
  for (const Tuple& tuple : mined.tuples) {
    const SceneId scene = set.photos[IndexOf(tuple.query)].scene;
    EXPECT_TRUE(queries.insert(tuple.query).second);
    EXPECT_EQ(set.photos[IndexOf(tuple.positive)].scene, scene);
    EXPECT_NE(tuple.positive, tuple.query);
    std::set<SceneId> scenes = {scene};
    for (const PhotoId negative : tuple.negatives) {
      EXPECT_TRUE(scenes.insert(set.photos[IndexOf(negative)].scene).second);
    }
    EXPECT_EQ(tuple.negatives.size(), 3U);
    ASSERT_EQ(tuple.negative_distances.size(), 3U);
    for (size_t i = 0; i < 3; ++i) {
      // Sorted by similarity: as distances but for rounding.
      EXPECT_GE(tuple.negative_distances[i] + 1e-5, tuple.negative_distances[i == 0 ? 0 : i - 1]);
      distance_sum += tuple.negative_distances[i];
    }
  }
  EXPECT_NEAR(mined.average_negative_distance, distance_sum / 24, 1e-12);
}

// The rounds of an epoch share its queries, none twice, and its pool.
TEST(MineRound, RoundsSplitTheQueriesOfAnEpoch) {
  const TemporaryFolder folder;
  const TrainingSet set = WritePhotosAndSet(folder.path(), 5, 6, 0);
  const nn::ModelParts model = MakeFormulaModel();
  MiningOptions options;
  options.miner = NegativeMiningOptions{.queries = 8, .redraw_positives = true};
  const auto mine = [&](int64_t round) {
    return MineRound(set, Split::kTrain, PhotosOfSet(set, folder.path()), model.net, kSmall, options, 1,
                     {4, round})
        .tuples;
  };
  const std::vector<Tuple> whole = mine(0);
  EXPECT_THAT(ErrorOf([&] { mine(1); }), HasSubstr("round 1 of 1"));
  options.rounds = 3;
  std::vector<Tuple> parts;
  for (int64_t round = 0; round < 3; ++round) {
    const std::vector<Tuple> part = mine(round);
    EXPECT_THAT(part.size(), ::testing::AnyOf(2U, 3U));
    parts.insert(parts.end(), part.begin(), part.end());
  }
  ASSERT_EQ(parts.size(), whole.size());
  for (size_t i = 0; i < parts.size(); ++i) {  // by a network that has not changed: the same tuples
    EXPECT_EQ(parts[i].query, whole[i].query);
    EXPECT_EQ(parts[i].positive, whole[i].positive);
    EXPECT_EQ(parts[i].negatives, whole[i].negatives);
  }
  options.rounds = 20;  // most of which have no query
  EXPECT_TRUE(mine(0).empty());
  EXPECT_EQ(mine(19).size(), 1U);
}

TEST(MineRound, PositiveDistanceIsThatOfTheirDescriptors) {
  const TemporaryFolder folder;
  const TrainingSet set = WritePhotosAndSet(folder.path(), 4, 6, 0);
  const nn::ModelParts model = MakeFormulaModel();
  const MinedTuples mined =
      MineRound(set, Split::kTrain, PhotosOfSet(set, folder.path()), model.net, kSmall, {}, 1, {0});
  ASSERT_FALSE(mined.tuples.empty());
  for (const Tuple& tuple : mined.tuples) {
    const DescriptorMatrix pair =
        ExtractDescriptors(Describer(model.net, kSmall),
                           PhotoFiles(std::vector{PhotoPath(set, tuple.query, folder.path()),
                                                  PhotoPath(set, tuple.positive, folder.path())}))
            .values;
    EXPECT_GT(tuple.positive_distance, 0);
    EXPECT_NEAR(tuple.positive_distance, (pair.row(0) - pair.row(1)).norm(), 1e-5);
  }
}

TEST(MineRound, DependsOnSeedAndEpochOnly) {
  const TemporaryFolder folder;
  const TrainingSet set = WritePhotosAndSet(folder.path(), 4, 8, 0);
  const nn::ModelParts model = MakeFormulaModel();
  MiningOptions options;
  options.miner = NegativeMiningOptions{.queries = 6, .pool = 20, .redraw_positives = true};
  const auto mine = [&](int64_t seed, int64_t epoch, int threads) {
    RunContext context;
    context.threads = threads;
    std::vector<PhotoId> photos;
    for (const Tuple& tuple : MineRound(set, Split::kTrain, PhotosOfSet(set, folder.path()), model.net,
                                        kSmall, options, seed, {epoch}, context)
                                  .tuples) {
      photos.push_back(tuple.query);
      photos.push_back(tuple.positive);
      photos.insert(photos.end(), tuple.negatives.begin(), tuple.negatives.end());
    }
    return photos;
  };
  EXPECT_EQ(mine(1, 2, 1), mine(1, 2, 3));
  EXPECT_NE(mine(1, 2, 1), mine(1, 3, 1));
  EXPECT_NE(mine(1, 2, 1), mine(2, 2, 1));
}

// Losses of epochs can only be compared where they are of the same tuples.
TEST(MineRound, ValidationIsTheSameInEveryEpochWhateverTrainingDraws) {
  const TemporaryFolder folder;
  const TrainingSet set = WritePhotosAndSet(folder.path(), 6, 8, 3);
  const nn::ModelParts model = MakeFormulaModel();
  MiningOptions options;
  options.miner = NegativeMiningOptions{.queries = 2, .pool = 3, .redraw_positives = true};
  const auto mine = [&](int64_t seed, int64_t epoch) {
    std::vector<PhotoId> photos;
    for (const Tuple& tuple : MineRound(set, Split::kVal, PhotosOfSet(set, folder.path()), model.net, kSmall,
                                        ForValidation(options), seed, {epoch})
                                  .tuples) {
      photos.push_back(tuple.query);
      photos.push_back(tuple.positive);
      photos.insert(photos.end(), tuple.negatives.begin(), tuple.negatives.end());
    }
    return photos;
  };
  const std::vector<PhotoId> all = mine(1, 0);
  EXPECT_EQ(all.size(), 12U * 4) << "4 queries of each scene, each with a negative of both others";
  EXPECT_EQ(mine(1, 1), all);
  EXPECT_EQ(mine(1, 7), all);
  options.miner.As<NegativeMiningOptions>().val_queries = 5;
  const std::vector<PhotoId> some = mine(1, 0);
  EXPECT_EQ(some.size(), 5U * 4);
  EXPECT_EQ(mine(1, 7), some);
  EXPECT_NE(mine(2, 7), some);
}

TEST(MineRound, GoesOnWithoutPhotosThatCannotBeRead) {
  const TemporaryFolder folder;
  const TrainingSet set = WritePhotosAndSet(folder.path(), 4, 6, 0);
  WriteFile(folder / set.photos[0].path, "no photo");
  const nn::ModelParts model = MakeFormulaModel();
  const MinedTuples mined =
      MineRound(set, Split::kTrain, PhotosOfSet(set, folder.path()), model.net, kSmall, {}, 1, {0});
  ASSERT_EQ(mined.failed.size(), 1U);
  EXPECT_THAT(mined.failed[0], HasSubstr("0.jpg: not a JPEG"));
  for (const Tuple& tuple : mined.tuples) {
    EXPECT_NE(tuple.query, PhotoId{0});
    EXPECT_NE(tuple.positive, PhotoId{0});
    for (const PhotoId negative : tuple.negatives) EXPECT_NE(negative, PhotoId{0});
  }
}

TEST(MineRound, FewScenesMakeShortTuplesAndOneSceneIsAnError) {
  const TemporaryFolder folder;
  const nn::ModelParts model = MakeFormulaModel();
  const TrainingSet three = WritePhotosAndSet(folder.path(), 3, 4, 0);
  const MinedTuples mined =
      MineRound(three, Split::kTrain, PhotosOfSet(three, folder.path()), model.net, kSmall, {}, 1, {0});
  EXPECT_EQ(mined.short_tuples, static_cast<int64_t>(mined.tuples.size()));
  const TrainingSet one = WritePhotosAndSet(folder.path(), 1, 4, 0);
  EXPECT_THAT(ErrorOf([&] { CheckMinable(one, Split::kTrain); }), HasSubstr("one scene only"));
  EXPECT_THAT(ErrorOf([&] { CheckMinable(one, Split::kVal); }), HasSubstr("no query in the split 'val'"));
}

TEST(MineRound, AllPhotosGoneIsAnError) {
  const TemporaryFolder folder;
  const TrainingSet set = WritePhotosAndSet(folder.path(), 3, 4, 0);
  const nn::ModelParts model = MakeFormulaModel();
  EXPECT_THAT(ErrorOf([&] {
                MineRound(set, Split::kTrain, PhotosOfSet(set, folder / "elsewhere"), model.net, kSmall, {},
                          1, {0});
              }),
              HasSubstr("could the photos be read? The first that failed: "));
}

TEST(MineRound, RefusesOptionsThatMeanNothing) {
  const TrainingSet set;
  const nn::ModelParts model = MakeFormulaModel();
  const auto error = [&](const MiningOptions& options) {
    return testing::ErrorOf(
        [&] { MineRound(set, Split::kTrain, PhotosOfSet(set, ""), model.net, kSmall, options, 1, {0}); });
  };
  EXPECT_THAT(error({.miner = NegativeMiningOptions{.negatives = -1}}),
              HasSubstr("'negatives.negatives' = -1 must be in [1, 100]"));
  EXPECT_THAT(error({.miner = NegativeMiningOptions{.queries = 0}}), HasSubstr("'negatives.queries' = 0"));
  EXPECT_THAT(error({.miner = NegativeMiningOptions{.pool = 0}}), HasSubstr("'negatives.pool' = 0"));
  EXPECT_THAT(error({.rounds = 0}), HasSubstr("'rounds' = 0"));
}

}  // namespace
}  // namespace vantage::mining

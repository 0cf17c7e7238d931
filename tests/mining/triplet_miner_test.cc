// SPDX-License-Identifier: BSD-3-Clause
#include <functional>
#include <set>

#include "mining/tuple_miner.h"
#include "testing/files.h"
#include "testing/photos.h"
#include "util/random.h"
#include "vantage/mining.h"

namespace vantage::mining {
namespace {

using ::testing::HasSubstr;
using vantage::testing::ErrorOf;
using vantage::testing::TemporaryFolder;
using vantage::testing::WritePhotosAndSet;

// Makes descriptors from photo paths: each scene is around its own direction. Fails if a call describes a
// photo twice.
class FakeDescriptors {
 public:
  ExtractedDescriptors operator()(const PhotoSource& photos, const RunContext&) {
    ExtractedDescriptors extracted;
    extracted.values.resize(static_cast<Eigen::Index>(photos.size()), 16);
    std::set<std::string> seen;
    for (int64_t i = 0; i < photos.size(); ++i) {
      const std::string path = photos.name(i);
      EXPECT_TRUE(seen.insert(path).second) << path;
      RandomStream of_scene(1, std::filesystem::path(path).parent_path().filename().string());
      RandomStream of_photo(1, path.substr(path.find("photos/")));
      for (int64_t j = 0; j < 16; ++j) {
        extracted.values(static_cast<Eigen::Index>(i), j) =
            static_cast<float>(of_scene.Normal() + 0.9 * of_photo.Normal());
      }
      if (path.ends_with(broken)) extracted.failed.push_back({i, path + ": broken"});
    }
    NormalizeRows(extracted.values);
    described.push_back(static_cast<size_t>(photos.size()));
    return extracted;
  }

  std::string broken = "none";
  std::vector<size_t> described;  // photos of each call
};

constexpr double kMargin = 0.1;

TripletRoundOptions& RoundOf(MiningOptions& options) {
  return options.miner.As<DifficultyMiningOptions>().round;
}

MiningOptions ByDifficulty() {
  MiningOptions options;
  options.miner =
      DifficultyMiningOptions{.round = {.pool = 40, .per_class = 5, .lowest_loss = -1, .highest_loss = 1}};
  return options;
}

TEST(MineTripletRound, TakesPhotosOfScenesAsClasses) {
  const TemporaryFolder folder;
  const TrainingSet set = WritePhotosAndSet(folder.path(), 12, 8, 2);
  FakeDescriptors fake;
  MiningOptions options = ByDifficulty();
  options.rounds = 3;
  const auto mine = [&](int64_t seed, int64_t epoch, int64_t round) {
    return MineRound(set, Split::kTrain, PhotosOfSet(set, folder.path()), DescribePhotos(std::ref(fake)),
                     options, seed, {epoch, round, kMargin});
  };
  const MinedTuples mined = mine(1, 1, 0);
  EXPECT_EQ(fake.described, (std::vector<size_t>{40}));
  ASSERT_TRUE(mined.triplets);
  EXPECT_EQ(mined.triplets->anchors, 40);
  EXPECT_EQ(mined.triplets->semi_hard + mined.triplets->hard, static_cast<int64_t>(mined.tuples.size()));
  EXPECT_GT(mined.tuples.size(), 2U);
  EXPECT_LE(mined.tuples.size(), 8U);  // classes
  double distance_sum = 0;
  for (const Tuple& tuple : mined.tuples) {
    const auto scene = [&](PhotoId photo) { return set.photos[IndexOf(photo)].scene; };
    EXPECT_EQ(set.SplitOf(tuple.query), Split::kTrain);
    EXPECT_NE(tuple.query, tuple.positive);
    EXPECT_EQ(scene(tuple.query), scene(tuple.positive));
    ASSERT_EQ(tuple.negatives.size(), 1U);
    EXPECT_NE(scene(tuple.query), scene(tuple.negatives[0]));
    const double loss = 0.1 + tuple.positive_distance * tuple.positive_distance -
                        tuple.negative_distances[0] * tuple.negative_distances[0];
    EXPECT_GT(loss, -1);
    EXPECT_LT(loss, 1);
    distance_sum += tuple.negative_distances[0];
  }
  EXPECT_NEAR(mined.average_negative_distance, distance_sum / static_cast<double>(mined.tuples.size()),
              1e-12);

  const auto queries = [](const MinedTuples& of) {
    std::vector<PhotoId> photos;
    for (const Tuple& tuple : of.tuples) photos.push_back(tuple.query);
    return photos;
  };
  EXPECT_EQ(queries(mine(1, 1, 0)), queries(mined));
  EXPECT_NE(queries(mine(1, 1, 1)), queries(mined));
  EXPECT_NE(queries(mine(1, 2, 0)), queries(mined));
  EXPECT_NE(queries(mine(2, 1, 0)), queries(mined));
}

TEST(MineTripletRound, ValidatesOnTheHardTripletOfEachPhoto) {
  const TemporaryFolder folder;
  const TrainingSet set = WritePhotosAndSet(folder.path(), 12, 8, 6);
  FakeDescriptors fake;
  MiningOptions options = ByDifficulty();
  RoundOf(options).pool = 1000;
  RoundOf(options).per_class = 1000;
  RoundOf(options).lowest_loss = 0.0999;
  RoundOf(options).highest_loss = 0.1001;
  const auto mine = [&](int64_t epoch) {
    return MineRound(set, Split::kVal, PhotosOfSet(set, folder.path()), DescribePhotos(std::ref(fake)),
                     ForValidation(options), 1, {epoch, 0, kMargin});
  };
  const MinedTuples mined = mine(0);
  EXPECT_EQ(mined.triplets->anchors, 48);
  EXPECT_EQ(mined.triplets->hard, 48 - mined.triplets->no_positive);
  EXPECT_EQ(mine(5).tuples.size(), mined.tuples.size());
  for (const Tuple& tuple : mined.tuples) EXPECT_GE(tuple.positive_distance, tuple.negative_distances[0]);
}

TEST(MineTripletRound, LeavesOutWhatCannotBeReadAndSaysWhyNothingIsLeft) {
  const TemporaryFolder folder;
  const TrainingSet set = WritePhotosAndSet(folder.path(), 6, 8, 0);
  FakeDescriptors fake;
  fake.broken = "/3.jpg";
  MiningOptions options = ByDifficulty();
  RoundOf(options).per_class = 8;
  RoundOf(options).pool = 48;
  const auto mine = [&] {
    return MineRound(set, Split::kTrain, PhotosOfSet(set, folder.path()), DescribePhotos(std::ref(fake)),
                     options, 1, {1, 0, kMargin});
  };
  const MinedTuples mined = mine();
  EXPECT_EQ(mined.failed.size(), 6U);
  EXPECT_EQ(mined.triplets->anchors, 42);
  for (const Tuple& tuple : mined.tuples) {
    for (const PhotoId photo : {tuple.query, tuple.positive, tuple.negatives[0]})
      EXPECT_FALSE(set.photos[IndexOf(photo)].path.ends_with("/3.jpg"));
  }
  RoundOf(options).lowest_loss = 9;
  RoundOf(options).highest_loss = 10;
  EXPECT_THAT(ErrorOf(mine), HasSubstr("outside the loss window"));
  options.rounds = 2;  // others may have some
  EXPECT_TRUE(mine().tuples.empty());
}

TEST(MineTripletRound, NeedsALossWithAMargin) {
  const TemporaryFolder folder;
  const TrainingSet set = WritePhotosAndSet(folder.path(), 6, 8, 0);
  FakeDescriptors fake;
  for (const MinerChoice& miner :
       {MinerChoice(DifficultyMiningOptions{}), MinerChoice(RandomMiningOptions{})}) {
    EXPECT_THAT(ErrorOf([&] {
                  MineRound(set, Split::kTrain, PhotosOfSet(set, folder.path()),
                            DescribePhotos(std::ref(fake)), {.miner = miner}, 1, {1});
                }),
                HasSubstr("this loss has none"));
  }
  EXPECT_TRUE(fake.described.empty());
}

}  // namespace
}  // namespace vantage::mining

// SPDX-License-Identifier: BSD-3-Clause
#include "vantage/train/learn_whitening.h"

#include "testing/files.h"
#include "testing/photos.h"
#include "vantage/extract/describer.h"
#include "vantage/util/file.h"

namespace vantage {
namespace {

using ::testing::HasSubstr;
using vantage::testing::ErrorOf;
using vantage::testing::MakeFormulaModel;
using vantage::testing::TemporaryFolder;
using vantage::testing::WritePhotosAndSet;

const ExtractOptions kSmall{64, false};

TEST(LearnWhiteningFromTuples, IsTheWhiteningOfItsPairs) {
  const TemporaryFolder folder;
  const TrainingSet set = WritePhotosAndSet(folder.path(), 4, 6, 1);
  const Model model = MakeFormulaModel();
  LearnWhiteningOptions options;
  options.max_scale_change = 1.25;  // two of a query's three candidates
  const LearnedWhitening learned = LearnWhiteningFromTuples(model.net, set, folder.path(), kSmall, options);
  EXPECT_EQ(learned.photos, 24);
  EXPECT_EQ(learned.pairs, 24);

  std::vector<PhotoRequest> requests;
  for (size_t i = 0; i < set.photos.size(); ++i) {
    requests.push_back({PhotoPath(set, PhotoId{static_cast<int64_t>(i)}, folder.path()), std::nullopt});
  }
  std::vector<int64_t> queries;
  std::vector<int64_t> positives;
  for (const TrainingQuery& query : set.queries) {
    for (size_t c = 0; c < 2; ++c) {
      queries.push_back(static_cast<int64_t>(query.photo));
      positives.push_back(static_cast<int64_t>(query.candidates[c].photo));
    }
  }
  const Whitening expected = LearnWhitening(
      ExtractDescriptors(Describer(model.net, kSmall), requests).values.cast<double>(), queries, positives);
  EXPECT_EQ(learned.whitening.single_scale->mean, expected.mean);
  EXPECT_EQ(learned.whitening.single_scale->projection, expected.projection);
}

TEST(LearnWhiteningFromTuples, LearnsAtOneScaleAndAtSeveral) {
  const TemporaryFolder folder;
  const TrainingSet set = WritePhotosAndSet(folder.path(), 4, 6, 1);
  const Model model = MakeFormulaModel();
  ExtractOptions several = kSmall;
  several.scales = {1, 0.7};
  LearnWhiteningOptions options;
  options.dimension = 20;
  const auto learn = [&](const ExtractOptions& extract) {
    return LearnWhiteningFromTuples(model.net, set, folder.path(), extract, options).whitening;
  };
  const ModelWhitening both = learn(several);
  const ModelWhitening one = learn(kSmall);
  EXPECT_FALSE(one.multi_scale);
  EXPECT_EQ(both.single_scale->projection, one.single_scale->projection);
  EXPECT_EQ(both.single_scale->projection.rows(), 20);
  EXPECT_EQ(both.multi_scale->projection.rows(), 20);
  EXPECT_NE(both.multi_scale->projection, one.single_scale->projection);
  options.dimension = 513;
  EXPECT_THAT(ErrorOf([&] { learn(kSmall); }), HasSubstr("of 513 dimensions: the network has 512"));
}

TEST(LearnWhiteningFromTuples, ThePapersVariantTakesScenesFromTheSet) {
  const TemporaryFolder folder;
  const TrainingSet set = WritePhotosAndSet(folder.path(), 4, 6, 1);
  const Model model = MakeFormulaModel();
  LearnWhiteningOptions options;
  options.method = "learned-paper";
  const LearnedWhitening learned = LearnWhiteningFromTuples(model.net, set, folder.path(), kSmall, options);
  EXPECT_EQ(learned.pairs, 36);  // three candidates of each of twelve queries
  std::vector<PhotoRequest> requests;
  std::vector<int64_t> scenes;
  for (size_t i = 0; i < set.photos.size(); ++i) {
    requests.push_back({PhotoPath(set, PhotoId{static_cast<int64_t>(i)}, folder.path()), std::nullopt});
    scenes.push_back(static_cast<int64_t>(i / 6));
  }
  std::vector<int64_t> queries;
  std::vector<int64_t> positives;
  for (const TrainingQuery& query : set.queries) {
    for (const CandidatePositive& candidate : query.candidates) {
      queries.push_back(static_cast<int64_t>(query.photo));
      positives.push_back(static_cast<int64_t>(candidate.photo));
    }
  }
  const Whitening expected =
      LearnWhiteningOfPaper(ExtractDescriptors(Describer(model.net, kSmall), requests).values.cast<double>(),
                            queries, positives, scenes);
  EXPECT_EQ(learned.whitening.single_scale->projection, expected.projection);
}

TEST(LearnWhiteningFromTuples, LeavesOutPhotosThatCannotBeRead) {
  const TemporaryFolder folder;
  const TrainingSet set = WritePhotosAndSet(folder.path(), 3, 4, 0);
  WriteFile(folder / set.photos[1].path, "");
  const LearnedWhitening learned =
      LearnWhiteningFromTuples(MakeFormulaModel().net, set, folder.path(), kSmall, {.method = "pca"});
  EXPECT_EQ(learned.photos, 11);
  ASSERT_EQ(learned.failed.size(), 1U);
  EXPECT_THAT(learned.failed[0], HasSubstr("the file is empty"));
  EXPECT_TRUE(learned.whitening.single_scale->projection.allFinite());
}

TEST(LearnWhiteningFromTuples, WithoutPairsIsAnError) {
  const TemporaryFolder folder;
  const TrainingSet set = WritePhotosAndSet(folder.path(), 3, 4, 0);
  EXPECT_THAT(ErrorOf([&] {
                LearnWhiteningFromTuples(MakeFormulaModel().net, set, folder.path(), kSmall,
                                         {.min_overlap = 0.9});
              }),
              HasSubstr("no pair to learn a whitening from"));
}

}  // namespace
}  // namespace vantage

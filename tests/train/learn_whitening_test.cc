// SPDX-License-Identifier: BSD-3-Clause
#include "train/learn_whitening.h"
#include "vantage/training.h"

#include <Eigen/Eigenvalues>

#include "testing/files.h"
#include "testing/photos.h"
#include "testing/tensors.h"
#include "util/file.h"
#include "util/string.h"
#include "vantage/describer.h"

namespace vantage::train {
namespace {

using ::testing::HasSubstr;
using vantage::testing::ErrorOf;
using vantage::testing::FillByFormula;
using vantage::testing::MakeFormulaModel;
using vantage::testing::TemporaryFolder;
using vantage::testing::WritePhotosAndSet;

const ExtractOptions kSmall{LongestSide(64), false};

TEST(LearnWhiteningFromTuples, IsTheWhiteningOfItsPairs) {
  const TemporaryFolder folder;
  const TrainingSet set = WritePhotosAndSet(folder.path(), 4, 6, 1);
  const nn::ModelParts model = MakeFormulaModel();
  LearnWhiteningOptions options;
  options.max_scale_change = 1.25;  // two of a query's three candidates
  options.pairs_per_query = 0;
  options.shrinkage = "0";
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
      ExtractDescriptors(Describer(model.net, kSmall), PhotoFiles(requests)).values.cast<double>(), queries,
      positives);
  EXPECT_EQ(learned.whitening.single_scale->mean, expected.mean);
  EXPECT_EQ(learned.whitening.single_scale->projection, expected.projection);
}

TEST(LearnWhiteningFromTuples, LearnsAtOneScaleAndAtSeveral) {
  const TemporaryFolder folder;
  const TrainingSet set = WritePhotosAndSet(folder.path(), 4, 6, 1);
  const nn::ModelParts model = MakeFormulaModel();
  ExtractOptions several = kSmall;
  several.scales = {1, 0.7};
  LearnWhiteningOptions options;
  options.shrinkage = "0.5";
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
  const nn::ModelParts model = MakeFormulaModel();
  LearnWhiteningOptions options;
  options.method = "learned-paper";
  options.pairs_per_query = 0;
  options.shrinkage = "0";
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
  const Whitening expected = LearnWhiteningOfPaper(
      ExtractDescriptors(Describer(model.net, kSmall), PhotoFiles(requests)).values.cast<double>(), queries,
      positives, scenes);
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

TEST(LearnWhiteningFromTuples, TakesChosenPositivesWhereNothingIsKnownOfOverlap) {
  const TemporaryFolder folder;
  TrainingSet set = WritePhotosAndSet(folder.path(), 4, 6, 1);
  TrainingSet chosen_alone = set;
  for (size_t q = 0; q < set.queries.size(); ++q) {
    const PhotoId positive = set.queries[q].positive;
    set.queries[q].candidates = {{positive, 0, 0, 0, 0}};             // as of cirtorch's sets
    chosen_alone.queries[q].candidates = {{positive, 9, 0.9, 1, 0}};  // the equivalent with candidates
  }
  const nn::ModelParts model = MakeFormulaModel();
  const LearnWhiteningOptions options{.shrinkage = "0.5"};
  const LearnedWhitening learned = LearnWhiteningFromTuples(model.net, set, folder.path(), kSmall, options);
  EXPECT_EQ(learned.pairs, static_cast<int64_t>(set.queries.size()));
  const LearnedWhitening expected =
      LearnWhiteningFromTuples(model.net, chosen_alone, folder.path(), kSmall, options);
  EXPECT_EQ(learned.whitening.single_scale->projection, expected.whitening.single_scale->projection);
  for (TrainingQuery& query : set.queries) query.candidates.clear();
  EXPECT_EQ(LearnWhiteningFromTuples(model.net, set, folder.path(), kSmall, options).pairs, learned.pairs);
}

TEST(LearnWhiteningFromTuples, TakesFewCandidatesOfAQueryAndWeighsQueriesAlike) {
  const TemporaryFolder folder;
  TrainingSet set = WritePhotosAndSet(folder.path(), 4, 6, 1);
  set.queries[0].candidates.resize(1);  // the others keep three
  const nn::ModelParts model = MakeFormulaModel();
  const auto learn = [&](int most) {
    return LearnWhiteningFromTuples(model.net, set, folder.path(), kSmall,
                                    {.pairs_per_query = most, .shrinkage = "0.5"});
  };
  const auto queries = static_cast<int64_t>(set.queries.size());
  EXPECT_EQ(learn(2).pairs, 2 * queries - 1);
  const LearnedWhitening all_alike = learn(0);
  const LearnedWhitening weighted = learn(10);
  EXPECT_EQ(all_alike.pairs, 3 * queries - 2);
  EXPECT_EQ(weighted.pairs, all_alike.pairs);
  // The first query's pair has three times the weight, as if it were repeated three times.
  set.queries[0].candidates.resize(3, set.queries[0].candidates[0]);
  const Whitening expected = *learn(0).whitening.single_scale;
  const Whitening actual = *weighted.whitening.single_scale;
  EXPECT_LT((actual.mean - expected.mean).norm(), 1e-9);
  const auto inverse = [](const Whitening& w) -> Eigen::MatrixXd {
    return w.projection.transpose() * w.projection;
  };
  EXPECT_LT((inverse(actual) - inverse(expected)).norm(), 1e-6 * inverse(expected).norm());
  EXPECT_GT((inverse(actual) - inverse(*all_alike.whitening.single_scale)).norm(),
            1e-3 * inverse(expected).norm());
}

TEST(LearnWhiteningFromTuples, ChoosesTheShrinkageByItsOwnPairs) {
  const TemporaryFolder folder;
  const TrainingSet set = WritePhotosAndSet(folder.path(), 4, 6, 1);
  const nn::ModelParts model = MakeFormulaModel();
  const LearnedWhitening learned = LearnWhiteningFromTuples(model.net, set, folder.path(), kSmall, {});
  ASSERT_TRUE(learned.single_scale_shrinkage);
  const ShrinkageChoice& choice = *learned.single_scale_shrinkage;
  EXPECT_TRUE(choice.is_measured);
  EXPECT_EQ(choice.scenes, 4);
  EXPECT_EQ(choice.queries, static_cast<int64_t>(set.queries.size()));
  EXPECT_FALSE(learned.multi_scale_shrinkage);
  const LearnedWhitening named = LearnWhiteningFromTuples(model.net, set, folder.path(), kSmall,
                                                          {.shrinkage = FormatShortest(choice.shrinkage)});
  EXPECT_EQ(learned.whitening.single_scale->projection, named.whitening.single_scale->projection);
  EXPECT_FALSE(named.single_scale_shrinkage);
}

TEST(LearnWhiteningFromTuples, AnUnknownShrinkageIsAnErrorBeforePhotosAreRead) {
  const TemporaryFolder folder;
  const TrainingSet set = WritePhotosAndSet(folder.path(), 3, 4, 0);
  std::filesystem::remove_all(folder / "photos");
  for (const char* shrinkage : {"1.5", "-0.1", "nan", "some", ""}) {
    EXPECT_THAT(ErrorOf([&] {
                  LearnWhiteningFromTuples(MakeFormulaModel().net, set, folder.path(), kSmall,
                                           {.shrinkage = shrinkage});
                }),
                HasSubstr("is neither auto nor a number in [0, 1]"))
        << shrinkage;
  }
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

// NetVLAD of MVA 2022 that pools with two windows: descriptors of 4,096 or, with 80 clusters, 10,240
// dimensions, far more than there are photos.
nn::DescriptorNet MakeMultiSizeNetVlad(int clusters) {
  DescriptorNetOptions options{"squeezenet1_1"};
  options.head = NetVladHeadOptions{.locals = {.windows = {2, 3}, .dimension = 128}, .clusters = clusters};
  nn::DescriptorNet net(options);
  net.Visit(
      [](const std::string& name, const at::Tensor& tensor, nn::TensorRole) { FillByFormula(name, tensor); });
  return net;
}

DescriptorMatrix DescribeAll(const nn::DescriptorNet& net, const TrainingSet& set,
                             const std::filesystem::path& root, const ExtractOptions& extract) {
  std::vector<PhotoRequest> requests;
  for (size_t i = 0; i < set.photos.size(); ++i) {
    requests.push_back({PhotoPath(set, PhotoId{static_cast<int64_t>(i)}, root), std::nullopt});
  }
  return ExtractDescriptors(Describer(net, extract), PhotoFiles(requests)).values;
}

// With all components, similarities of centred descriptors do not change; with fewer, PCA keeps most of their
// variance.
TEST(LearnWhiteningFromTuples, ReducesMultiSizeNetVladByARotation) {
  const TemporaryFolder folder;
  const TrainingSet set = WritePhotosAndSet(folder.path(), 4, 6, 1);
  const nn::DescriptorNet net = MakeMultiSizeNetVlad(32);
  ExtractOptions several = kSmall;
  several.scales = {1, 0.7};
  for (const int dimension : {23, 8}) {
    const ModelWhitening learned =
        LearnWhiteningFromTuples(net, set, folder.path(), several,
                                 {.method = "pca-rotation", .dimension = dimension})
            .whitening;
    for (const bool is_multi : {false, true}) {
      const Whitening& pca = is_multi ? *learned.multi_scale : *learned.single_scale;
      ASSERT_EQ(pca.projection.rows(), dimension);
      ASSERT_EQ(pca.dimension(), 4096);
      const Eigen::MatrixXd x =
          DescribeAll(net, set, folder.path(), is_multi ? several : kSmall).cast<double>();
      const Eigen::MatrixXd centred = x.rowwise() - pca.mean.transpose();
      EXPECT_LT(centred.colwise().mean().norm(), 1e-6);
      const Eigen::MatrixXd rotated = centred * pca.projection.transpose();
      const Eigen::VectorXd variances =
          Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd>(centred * centred.transpose())
              .eigenvalues()
              .reverse()
              .head(dimension);
      const Eigen::VectorXd kept = rotated.colwise().squaredNorm();
      EXPECT_LT((kept - variances).cwiseAbs().maxCoeff(), 1e-5 * variances[0]);
      if (dimension == 23) {  // all directions of 24 photos
        EXPECT_LT((rotated * rotated.transpose() - centred * centred.transpose()).cwiseAbs().maxCoeff(),
                  1e-5);
      }
    }
  }
}

TEST(LearnWhiteningFromTuples, WhitensMultiSizeNetVlad) {
  const TemporaryFolder folder;
  const TrainingSet set = WritePhotosAndSet(folder.path(), 4, 6, 1);
  const nn::DescriptorNet net = MakeMultiSizeNetVlad(32);
  const Whitening pca =
      *LearnWhiteningFromTuples(net, set, folder.path(), kSmall, {.method = "pca", .dimension = 10})
           .whitening.single_scale;
  const Eigen::MatrixXd x = DescribeAll(net, set, folder.path(), kSmall).cast<double>();
  const Eigen::MatrixXd white = (x.rowwise() - pca.mean.transpose()) * pca.projection.transpose();
  const Eigen::MatrixXd covariance = white.transpose() * white / 24;
  EXPECT_LT((covariance - Eigen::MatrixXd::Identity(10, 10)).cwiseAbs().maxCoeff(), 1e-4);
}

TEST(LearnWhiteningFromTuples, LongDescriptorsNeedPcaToANamedDimension) {
  const TemporaryFolder folder;
  const TrainingSet set = WritePhotosAndSet(folder.path(), 3, 4, 0);
  const nn::DescriptorNet net = MakeMultiSizeNetVlad(80);
  const auto learn = [&](const LearnWhiteningOptions& options) {
    return LearnWhiteningFromTuples(net, set, folder.path(), kSmall, options).whitening;
  };
  for (const char* method : {"learned", "learned-paper"}) {
    EXPECT_THAT(ErrorOf([&] { learn({.method = method, .dimension = 4}); }),
                HasSubstr("of 10240 dimensions: more than 8192"));
  }
  EXPECT_THAT(ErrorOf([&] { learn({.method = "pca"}); }),
              HasSubstr("can be whitened only by pca, with a dimension"));
  EXPECT_THAT(ErrorOf([&] { learn({.method = "pca", .dimension = 12}); }),
              HasSubstr("12 components of descriptors that vary in 11 directions"));
  EXPECT_EQ(learn({.method = "pca", .dimension = 4}).single_scale->projection.rows(), 4);
}

// 60 photos of 10,240 dimensions take 2.4 MiB.
TEST(LearnWhiteningFromTuples, PcaOfDescriptorsOnDiskIsThatOfThoseInMemory) {
  const TemporaryFolder folder;
  const TrainingSet set = WritePhotosAndSet(folder.path(), 10, 6, 1);
  WriteFile(folder / set.photos[2].path, "");
  const nn::DescriptorNet net = MakeMultiSizeNetVlad(80);
  LearnWhiteningOptions options{.method = "pca-rotation", .dimension = 12};
  const LearnedWhitening in_memory = LearnWhiteningFromTuples(net, set, folder.path(), kSmall, options);
  options.memory = 1;
  options.scratch = (folder / "scratch").string();
  ExtractOptions several = kSmall;
  several.scales = {1, 0.7};
  const LearnedWhitening on_disk = LearnWhiteningFromTuples(net, set, folder.path(), several, options);
  EXPECT_EQ(on_disk.photos, 59);
  EXPECT_EQ(on_disk.failed.size(), 1U);
  EXPECT_EQ(on_disk.whitening.single_scale->mean, in_memory.whitening.single_scale->mean);
  EXPECT_EQ(on_disk.whitening.single_scale->projection, in_memory.whitening.single_scale->projection);
  EXPECT_EQ(on_disk.whitening.multi_scale->projection.rows(), 12);
  EXPECT_FALSE(std::filesystem::exists(folder / "scratch"));
}

}  // namespace
}  // namespace vantage::train

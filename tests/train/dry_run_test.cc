// SPDX-License-Identifier: BSD-3-Clause
#include "vantage/training.h"

#include "testing/files.h"
#include "testing/photos.h"
#include "util/file.h"
#include "vantage/error.h"

namespace vantage::train {
namespace {

using ::testing::HasSubstr;
using vantage::testing::ErrorOf;
using vantage::testing::FilesBelow;
using vantage::testing::MakeFormulaModel;
using vantage::testing::TemporaryFolder;
using vantage::testing::WritePhotosAndSet;

class DryRunOf : public ::testing::Test {
 protected:
  void SetUp() override {
    set_ = WritePhotosAndSet(folder_.path(), 5, 6, 2);
    nn::ModelParts model = MakeFormulaModel();
    nn::WriteModel(model, folder_ / "start.pth");
    options_.model.net = {"squeezenet1_1"};
    options_.model.weights = (folder_ / "start.pth").string();
    options_.data.training_set = (folder_ / "set.db").string();
    options_.data.image_size = 64;
    options_.data.test_size = 64;
    options_.mining.miner = NegativeMiningOptions{.negatives = 2};
    options_.tuples_per_step = 2;
    options_.epochs = 3;
  }

  TemporaryFolder folder_;
  TrainingSet set_;
  TrainOptions options_;
};

TEST_F(DryRunOf, TellsWhatARunWouldBeAndWritesNothing) {
  options_.model.freeze = {"features.0."};
  const std::vector<std::string> before = FilesBelow(folder_.path());
  const DryRunReport report = DryRun(options_);
  EXPECT_EQ(FilesBelow(folder_.path()), before);
  EXPECT_EQ(report.train.queries, 9);
  EXPECT_EQ(report.val.photos, 12);
  EXPECT_EQ(report.sampled_photos, 30);
  EXPECT_TRUE(report.failed.empty());
  EXPECT_EQ(report.dimension, 512);
  EXPECT_EQ(report.parameters - report.trained_parameters, 64 * 3 * 3 * 3 + 64);
  EXPECT_EQ(report.tuples_of_epoch, 9);
  EXPECT_EQ(report.steps_of_epoch, 5);
  EXPECT_EQ(report.mined_photos_of_epoch, 18);
  EXPECT_GT(report.seconds_of_step, 0);
  EXPECT_GT(report.seconds_of_epoch, 5 * report.seconds_of_step);
  EXPECT_EQ(report.seconds_of_run, 3 * report.seconds_of_epoch);
  EXPECT_GT(report.peak_bytes, 1 << 20);
}

TEST_F(DryRunOf, CountsTheRoundsOfAnEpoch) {
  options_.mining.rounds = 3;
  DryRunReport report = DryRun(options_);
  EXPECT_EQ(report.tuples_of_epoch, 9);
  EXPECT_EQ(report.steps_of_epoch, 6) << "three tuples a round, in steps of two";
  EXPECT_EQ(report.mined_photos_of_epoch, 3 * 18);
  options_.drop_last = true;
  EXPECT_EQ(DryRun(options_).steps_of_epoch, 3);
}

TEST_F(DryRunOf, NamesPhotosThatCannotBeRead) {
  WriteFile(folder_ / set_.photos[3].path, "no photo");
  const DryRunReport report = DryRun(options_);
  ASSERT_EQ(report.failed.size(), 1U);
  EXPECT_THAT(report.failed[0], HasSubstr("photos/scene0/3.jpg"));
  for (const TrainingPhoto& photo : set_.photos) WriteFile(folder_ / photo.path, "no photo");
  EXPECT_THAT(ErrorOf([&] { DryRun(options_); }), HasSubstr("none of 30 sampled photos could be read"));
}

TEST_F(DryRunOf, FindsWhatTrainingWouldStumbleOver) {
  options_.model.freeze = {"no.such.layer"};
  EXPECT_THAT(ErrorOf([&] { DryRun(options_); }), HasSubstr("no.such.layer"));
  options_.model.freeze.clear();
  options_.model.net.head = CirtorchHeadOptions{.pooling = "mac"};
  EXPECT_THAT(ErrorOf([&] { DryRun(options_); }), HasSubstr("asked for is cirtorch:pooling=mac"));
  options_.model.net.head = CirtorchHeadOptions{};
  options_.evaluation.data = (folder_ / "nowhere").string();
  options_.evaluation.every_epochs = 1;
  EXPECT_THAT(ErrorOf([&] { DryRun(options_); }), HasSubstr("nowhere"));
}

}  // namespace
}  // namespace vantage::train

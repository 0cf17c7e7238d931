// SPDX-License-Identifier: BSD-3-Clause
#include "train/run_log.h"

#include "report/metrics.h"
#include "report/run_examples.h"
#include "testing/files.h"
#include "util/file.h"

namespace vantage::train {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using vantage::testing::ErrorOf;
using vantage::testing::FilesBelow;
using vantage::testing::FileSizeLimit;
using vantage::testing::TemporaryFolder;

void AddSteps(RunLog& log, int64_t first, int64_t last, int64_t epoch) {
  for (int64_t step = first; step <= last; ++step) {
    log.Add(StepMetrics{.step = step, .epoch = epoch, .loss = 1 / static_cast<double>(step), .tuples = 5});
  }
}

std::string Steps(const fs::path& run) { return ReadFile(run / "steps.csv"); }

TEST(RunLog, AResumedRunLeavesTheLinesOfAnUnbrokenOne) {
  const TemporaryFolder whole;
  {
    RunLog log(whole.path(), 1, 0);
    log.Add(EpochMetrics{.epoch = 0, .val_loss = 3});
    AddSteps(log, 1, 4, 1);
    log.Add(EpochMetrics{.epoch = 1, .val_loss = 2});
    AddSteps(log, 5, 8, 2);
    log.Add(EpochMetrics{.epoch = 2, .val_loss = 1});
    EXPECT_EQ(log.epochs().size(), 3U);
  }
  const TemporaryFolder broken;
  {
    RunLog log(broken.path(), 1, 0);
    log.Add(EpochMetrics{.epoch = 0, .val_loss = 3});
    AddSteps(log, 1, 4, 1);
    log.Add(EpochMetrics{.epoch = 1, .val_loss = 2});
    AddSteps(log, 5, 6, 2);
    log.Flush();  // with a checkpoint
    AddSteps(log, 7, 8, 2);
    log.Add(EpochMetrics{.epoch = 2, .val_loss = 99});
  }
  WriteFile(broken / "steps.csv", Steps(broken.path()) + "9,2,0.");  // cut in the middle of a line
  {
    RunLog log(broken.path(), 7, 2);
    ASSERT_EQ(log.epochs().size(), 2U);
    EXPECT_EQ(log.epochs()[1].val_loss, 2);
    AddSteps(log, 7, 8, 2);
    log.Add(EpochMetrics{.epoch = 2, .val_loss = 1});
  }
  EXPECT_EQ(Steps(broken.path()), Steps(whole.path()));
  EXPECT_EQ(ReadFile(broken / "metrics.csv"), ReadFile(whole / "metrics.csv"));
  EXPECT_EQ(report::ReadMetrics<StepMetrics>(broken / "steps.csv").size(), 8U);
}

TEST(RunLog, StepsAreWrittenByFlush) {
  const TemporaryFolder folder;
  RunLog log(folder.path(), 1, 0);
  AddSteps(log, 1, 3, 1);
  EXPECT_EQ(Steps(folder.path()), report::MetricsHeader<StepMetrics>());
  log.Flush();
  EXPECT_EQ(report::ReadMetrics<StepMetrics>(folder / "steps.csv").size(), 3U);
}

TEST(RunLog, EachProcessAddsFilesOfTensorBoard) {
  const TemporaryFolder folder;
  for (int i = 0; i < 2; ++i) {
    RunLog log(folder.path(), 1, 0);
    log.Add(EpochMetrics{});
  }
  EXPECT_EQ(FilesBelow(folder / "tensorboard/steps").size(), 2U);
  EXPECT_EQ(FilesBelow(folder / "tensorboard/epochs").size(), 2U);
}

TEST(RunLog, ANewRunBeginsAnewWhateverLiesThere) {
  const TemporaryFolder folder;
  WriteFile(folder / "steps.csv", "nonsense\n");
  WriteFile(folder / "metrics.csv", "nonsense\n");
  WriteFile(report::ExamplesPath(folder.path(), 0), "nonsense\n");
  const RunLog log(folder.path(), 1, 0);
  EXPECT_EQ(Steps(folder.path()), report::MetricsHeader<StepMetrics>());
  EXPECT_FALSE(fs::exists(report::ExamplesPath(folder.path(), 0)));
}

TEST(RunLog, ADamagedLineOfAnEarlierProcessIsAnErrorThatNamesIt) {
  const TemporaryFolder folder;
  WriteFile(folder / "steps.csv", "step,loss\n1,0.5\n2,?\n3,0.5\n");
  EXPECT_THAT(ErrorOf([&] { RunLog(folder.path(), 3, 1); }),
              HasSubstr((folder / "steps.csv").string() + ":3: "));
}

TEST(RunLog, AFullDiskIsAnErrorAfterWhichTheRunGoesOn) {
  const TemporaryFolder folder;
  {
    RunLog log(folder.path(), 1, 0);
    AddSteps(log, 1, 10, 1);
    log.Flush();
    AddSteps(log, 11, 500, 1);
    const FileSizeLimit limit(fs::file_size(folder / "steps.csv") + 1000);
    EXPECT_THAT(ErrorOf([&] { log.Flush(); }),
                HasSubstr((folder / "steps.csv").string() + ": cannot be written: "));
  }
  EXPECT_GT(report::ReadMetrics<StepMetrics>(folder / "steps.csv").size(), 10U);
  const RunLog log(folder.path(), 11, 0);
  EXPECT_EQ(report::ReadMetrics<StepMetrics>(folder / "steps.csv").size(), 10U);
}

TEST(RunLog, ExamplesAreOfTheSameQueriesInEachEpoch) {
  const TemporaryFolder folder;
  TrainingSet set;
  set.scenes = {{"one"}, {"two"}};
  std::vector<mining::Tuple> tuples;
  for (int64_t i = 0; i < 100; ++i) set.photos.push_back({std::to_string(i) + ".jpg", 0, 0, SceneId{i / 50}});
  for (int64_t i = 0; i < 40; ++i) {
    tuples.push_back({PhotoId{i}, PhotoId{i + 1}, {PhotoId{60}, PhotoId{70}}, {0.5, 0.75}, 0.25});
  }
  RunLog log(folder.path(), 1, 0);
  log.AddExamples(1, set, folder / "photos", tuples, 6);
  std::reverse(tuples.begin(), tuples.end());
  log.AddExamples(2, set, folder / "photos", tuples, 6);
  EXPECT_THAT(report::EpochsWithExamples(folder.path()), ElementsAre(1, 2));
  const report::RunExamples first = report::ReadRunExamples(folder.path(), 1);
  const report::RunExamples second = report::ReadRunExamples(folder.path(), 2);
  ASSERT_EQ(first.examples.size(), 6U);
  ASSERT_EQ(second.examples.size(), 6U);
  for (size_t i = 0; i < 6; ++i) EXPECT_EQ(first.examples[i].query.path, second.examples[i].query.path);
  EXPECT_EQ(first.examples[0].positive.distance, 0.25);
  EXPECT_EQ(first.examples[0].negatives[1].path, "70.jpg");
  EXPECT_EQ(first.examples[0].negatives[1].distance, 0.75);
  EXPECT_EQ(first.examples[0].negatives[1].scene, "two");
  // Examples of the resumed epoch may have been mined before; later epochs are mined again.
  const RunLog resumed(folder.path(), 7, 1);
  EXPECT_THAT(report::EpochsWithExamples(folder.path()), ElementsAre(1));
}

}  // namespace
}  // namespace vantage::train

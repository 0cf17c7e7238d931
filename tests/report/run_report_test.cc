// SPDX-License-Identifier: BSD-3-Clause
#include "report/run_report.h"

#include "report/metrics.h"
#include "report/run_examples.h"
#include "testing/files.h"
#include "testing/photos.h"
#include "util/file.h"
#include "vantage/metrics.h"

namespace vantage::report {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;
using vantage::testing::ErrorOf;
using vantage::testing::TemporaryFolder;
using vantage::testing::WritePhotosAndSet;

// A run of three epochs over photos of three scenes, whose examples are of epochs 1 and 3.
class RunReport : public ::testing::Test {
 protected:
  RunReport() : set_(WritePhotosAndSet(folder_.path(), 3, 2, 0)) {
    WriteEpochs(-1);
    std::string steps = MetricsHeader<StepMetrics>();
    for (int64_t step = 1; step <= 5; ++step) {
      steps += MetricsLine(StepMetrics{
          .step = step, .loss = 1 / static_cast<double>(step), .photos = 10, .photos_with_gradient = 4});
    }
    WriteFile(Run() / "steps.csv", steps);
    WriteFile(Run() / "config.toml", "epochs = 3 # <&>\n");
    WriteExamples(1, {0, 2});
    WriteExamples(2, {0, 2});
    WriteExamples(3, {4, 2});
  }

  std::filesystem::path Run() const { return folder_ / "run"; }

  void WriteEpochs(int64_t best) const {
    std::string lines = MetricsHeader<EpochMetrics>();
    for (int64_t epoch = 0; epoch <= 3; ++epoch) {
      lines += MetricsLine(EpochMetrics{.epoch = epoch,
                                        .val_loss = epoch == 2 ? 0.125 : 0.5,
                                        .seconds = 10,
                                        .photos = 10 * epoch,
                                        .photos_with_gradient = 4 * epoch,
                                        .mining_seconds = 2,
                                        .forward_seconds = 3,
                                        .best_epoch = best});
    }
    WriteFile(Run() / "metrics.csv", lines);
  }

  void WriteExamples(int64_t epoch, const std::vector<size_t>& queries) const {
    RunExamples examples{.epoch = epoch, .photo_root = folder_.path()};
    for (const size_t query : queries) {
      examples.examples.push_back({.query = {set_.photos[query].path, "s"},
                                   .positive = {set_.photos[query + 1].path, "s", 0.5},
                                   .negatives = {{set_.photos[(query + 2) % 6].path, "t", 0.75}}});
    }
    WriteRunExamples(examples, Run());
  }

  RunReportSummary Write() const { return WriteRunReport(Run(), options_, folder_ / "page.html"); }
  std::string Page() const { return ReadFile(folder_ / "page.html"); }

  TemporaryFolder folder_;
  TrainingSet set_;
  RunReportOptions options_;
};

TEST_F(RunReport, HoldsWhatTheRunLogged) {
  const RunReportSummary summary = Write();
  EXPECT_EQ(summary.epochs, 4);
  EXPECT_EQ(summary.steps, 5);
  EXPECT_EQ(summary.queries, 2);
  EXPECT_EQ(summary.photos, 5);  // 2, 3, 4, 5, 0
  EXPECT_THAT(summary.unreadable, IsEmpty());
  EXPECT_THAT(summary.notes, IsEmpty());
  const std::string page = Page();
  EXPECT_EQ(summary.bytes, static_cast<int64_t>(page.size()));
  EXPECT_THAT(page, HasSubstr("<title>run · training run</title>"));
  EXPECT_THAT(page, HasSubstr("validation, epoch 2: 0.125"));
  EXPECT_THAT(page, HasSubstr("<title>step 3: 0.33333</title>"));
  EXPECT_THAT(page, HasSubstr("epochs = 3 # &lt;&amp;&gt;"));
  EXPECT_THAT(page, HasSubstr("60&#8239;%</b><span>photos without gradient"));
  // Half of the 40 s is in no phase.
  EXPECT_THAT(page, HasSubstr("mining</span></th><td>20.0&#8239;%</td><td>8.0 s"));
  EXPECT_THAT(page, HasSubstr("other</span></th><td>50.0&#8239;%</td><td>20 s"));
  // Queries that both epochs drew come first.
  EXPECT_LT(page.find("<h4>Epoch 1</h4>"), page.find("<h4>Epoch 3</h4>"));
  EXPECT_EQ(page.find("<h4>Epoch 1</h4>"), page.rfind("<h4>Epoch 1</h4>"));
  EXPECT_THAT(page, Not(HasSubstr("<h4>Epoch 2</h4>")));
  Write();
  EXPECT_EQ(Page(), page);
}

TEST_F(RunReport, BestIsWhatTheRunSaysOrTheLowestValidationLoss) {
  Write();
  EXPECT_THAT(Page(), HasSubstr("The best epoch is 2."));
  WriteEpochs(3);
  Write();
  EXPECT_THAT(Page(), HasSubstr("The best epoch is 3."));
}

TEST_F(RunReport, ShowsAsManyExamplesAsAskedFor) {
  options_.queries = 1;
  options_.negatives = 0;
  const RunReportSummary summary = Write();
  EXPECT_EQ(summary.queries, 1);
  EXPECT_EQ(summary.photos, 2);
}

TEST_F(RunReport, PhotosMayLieElsewhere) {
  std::filesystem::create_directories(folder_ / "moved");
  for (const TrainingPhoto& photo : set_.photos) {
    std::filesystem::create_directories((folder_ / "moved" / photo.path).parent_path());
    std::filesystem::rename(folder_ / photo.path, folder_ / "moved" / photo.path);
  }
  EXPECT_EQ(Write().unreadable.size(), 5U);
  options_.photo_root = folder_ / "moved";
  EXPECT_THAT(Write().unreadable, IsEmpty());
}

TEST_F(RunReport, NotesSayWhatIsMissingOrDamaged) {
  std::filesystem::remove_all(Run() / "examples");
  std::filesystem::remove(Run() / "config.toml");
  WriteFile(Run() / "steps.csv", "step,loss\n1,?\n");
  const RunReportSummary summary = Write();
  EXPECT_THAT(summary.notes, ElementsAre(StartsWith("No curves by step: "), StartsWith("No configuration: "),
                                         StartsWith("No examples: ")));
  EXPECT_THAT(summary.notes[0], HasSubstr("steps.csv:2: loss"));
  EXPECT_THAT(Page(), HasSubstr("No configuration: "));
  WriteFile(Run() / "metrics.csv", MetricsHeader<EpochMetrics>());
  EXPECT_THAT(Write().notes[0], HasSubstr("No epoch"));
}

TEST_F(RunReport, WithoutMetricsThereIsNoPage) {
  WriteFile(Run() / "metrics.csv", "epoch,val_loss\n0,1\nx,2\n");
  EXPECT_THAT(ErrorOf([&] { Write(); }), HasSubstr("metrics.csv:3: epoch"));
  std::filesystem::remove(Run() / "metrics.csv");
  EXPECT_THAT(ErrorOf([&] { Write(); }), HasSubstr("run: has no metrics.csv"));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "page.html"));
}

}  // namespace
}  // namespace vantage::report

// SPDX-License-Identifier: BSD-3-Clause
// Training by several processes on this machine, through the command.
#include <chrono>
#include <cmath>
#include <csignal>
#include <map>
#include <nlohmann/json.hpp>

#include "command/run_vantage.h"
#include "nn/model_file.h"
#include "testing/files.h"
#include "testing/photos.h"
#include "testing/processes.h"
#include "util/file.h"
#include "util/string.h"
#include "vantage/training_set.h"

namespace vantage {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using vantage::testing::FilesBelow;
using vantage::testing::MakeFormulaModel;
using vantage::testing::RunGroup;
using vantage::testing::TemporaryFolder;
using vantage::testing::VantageJson;
using vantage::testing::WritePhotosAndSet;
using Results = std::vector<std::pair<int, std::string>>;

constexpr int kKilled = 128 + SIGKILL;

// ||a - b|| / ||b - start|| and ||a - b|| / ||b|| over all parameters.
struct Difference {
  double of_change = 0;
  double of_weights = 0;
};

Difference Compare(const std::filesystem::path& a, const std::filesystem::path& b,
                   const std::filesystem::path& start) {
  std::map<std::string, at::Tensor> expected;
  std::map<std::string, at::Tensor> before;
  const auto read = [](const std::filesystem::path& path, std::map<std::string, at::Tensor>& tensors) {
    nn::ModelParts model = nn::ReadModel(path);
    model.net.Visit([&](const std::string& name, const at::Tensor& tensor, nn::TensorRole role) {
      if (role != nn::TensorRole::kBuffer) tensors[name] = tensor.to(at::kDouble);
    });
  };
  read(b, expected);
  read(start, before);
  double difference = 0;
  double change = 0;
  double weights = 0;
  nn::ModelParts model = nn::ReadModel(a);
  model.net.Visit([&](const std::string& name, const at::Tensor& tensor, nn::TensorRole role) {
    if (role == nn::TensorRole::kBuffer) return;
    const at::Tensor& other = expected.at(name);
    const auto square = [](const at::Tensor& x) { return x.square().sum().item<double>(); };
    difference += square(tensor.to(at::kDouble).sub(other));
    change += square(before.at(name).sub(other));
    weights += square(other);
  });
  return {std::sqrt(difference / change), std::sqrt(difference / weights)};
}

class ManyProcesses : public ::testing::Test {
 protected:
  void SetUp() override {
    WritePhotosAndSet(folder_.path(), 5, 6, 2);
    nn::ModelParts model = MakeFormulaModel();
    nn::WriteModel(model, folder_ / "model.pth");
    WriteFile(folder_ / "train.toml",
              "epochs = 2\ntuples_per_step = 3\n[model]\narchitecture = 'squeezenet1_1'\nweights = '" +
                  Path("model.pth") + "'\n[data]\ntraining_set = '" + Path("set.db") +
                  "'\nimage_size = 64\ntest_size = 64\n[mining.negatives]\nnegatives = 2\n"
                  "[optimizer]\nlearning_rate = 1e-4\n");
  }

  std::string Path(const std::string& name) const { return (folder_ / name).string(); }

  std::vector<std::string> Train(const std::string& run, std::vector<std::string> more = {}) const {
    std::vector<std::string> command = {VANTAGE_PROGRAM, "train", Path("train.toml"), "-o", Path(run),
                                        "--threads",     "1"};
    command.insert(command.end(), more.begin(), more.end());
    return command;
  }

  Results TrainWith(size_t size, const std::string& run, const std::vector<std::string>& more = {}) const {
    return RunGroup(std::vector<std::vector<std::string>>(size, Train(run, more)));
  }

  // Train(run, more), which gets the signal a moment after it has trained two epochs. Ends with its code. The
  // file "signalled" is as old as the signal.
  std::vector<std::string> EndedBy(const std::string& signal, const std::string& run,
                                   const std::vector<std::string>& more) const {
    // -m: without job control, programs in the background ignore SIGINT.
    constexpr const char* kScript =
        "metrics=$1 signal=$2 signalled=$3; shift 3; \"$@\" & pid=$!\n"
        "until [ \"$(cat \"$metrics\" 2>/dev/null | wc -l)\" -gt 3 ] || ! kill -0 $pid; do sleep 0.1; done\n"
        "sleep 0.3; touch \"$signalled\"; kill -s $signal $pid; wait $pid";
    std::vector<std::string> command = {
        "bash", "-mc", kScript, "bash", Path(run + "/metrics.csv"), signal, Path("signalled")};
    for (const std::string& word : Train(run, more)) command.push_back(word);
    return command;
  }

  // Names of files, those of TensorBoard's without host and time.
  std::vector<std::string> FileKinds(const std::string& run) const {
    std::vector<std::string> names = FilesBelow(folder_ / run);
    for (std::string& name : names) name = name.substr(0, name.find("tfevents"));
    return names;
  }

  // Fields of the lines of metrics.csv.
  std::vector<std::vector<std::string>> Metrics(const std::string& run) const {
    std::vector<std::vector<std::string>> lines;
    for (const std::string& line : SplitText(ReadFile(folder_ / run / "metrics.csv"), '\n')) {
      if (!line.empty()) lines.push_back(SplitText(line, ','));
    }
    return lines;
  }

  TemporaryFolder folder_;
};

TEST_F(ManyProcesses, TwoAndThreeGiveTheResultOfOne) {
  VantageJson({"train", Path("train.toml"), "-o", Path("one"), "--threads", "1"});
  for (const size_t size : {2, 3}) {
    const std::string run = StrCat("run", size);
    const Results results = TrainWith(size, run);
    for (const auto& [code, output] : results) ASSERT_EQ(code, 0) << output;
    EXPECT_THAT(results[0].second, HasSubstr("best epoch"));
    EXPECT_EQ(results[1].second, "");  // only the first process prints
    EXPECT_EQ(FileKinds(run), FileKinds("one"));
    const Difference difference =
        Compare(folder_ / run / "last.pth", folder_ / "one/last.pth", folder_ / "model.pth");
    EXPECT_LT(difference.of_weights, 1e-5);
    EXPECT_LT(difference.of_change,
              0.05);  // Adam magnifies the rounding of gradients near 0
    const auto one = Metrics("one");
    const auto many = Metrics(run);
    ASSERT_EQ(many.size(), one.size());
    EXPECT_EQ(many[0], one[0]);
    for (size_t line = 1; line < one.size(); ++line) {
      ASSERT_EQ(many[line].size(), one[line].size());
      for (size_t i = 0; i < one[line].size(); ++i) {
        const std::string& name = one[0][i];
        if (name.find("seconds") != name.npos || name.find("per_second") != name.npos) continue;
        if (one[line][i] == many[line][i]) continue;
        const double expected = ParseDouble(one[line][i], name);
        EXPECT_NEAR(ParseDouble(many[line][i], name), expected, 1e-4 * std::abs(expected)) << name;
      }
    }
  }
}

// All get the same rows of the teacher: each describes a part of the photos, and the first reduces them.
TEST_F(ManyProcesses, ShareTheWorkOfTheTeacher) {
  nn::ModelParts model = MakeFormulaModel("efficientnet_lite0");
  nn::WriteModel(model, folder_ / "teacher.pth");
  const std::vector<std::string> more = {"--set", "loss.kind=distillation",
                                         "--set", "loss.distillation.teacher=" + Path("teacher.pth"),
                                         "--set", "epochs=1"};
  EXPECT_EQ(RunGroup({Train("one", more)})[0].first, 0);
  for (const auto& [code, output] : TrainWith(2, "two", more)) ASSERT_EQ(code, 0) << output;
  EXPECT_EQ(FileKinds("two"), FileKinds("one"));
  EXPECT_LT(Compare(folder_ / "two/last.pth", folder_ / "one/last.pth", folder_ / "model.pth").of_weights,
            1e-5);
}

// The rate is 0: otherwise Adam makes full steps along gradients near 0, whose sign depends on rounding, and
// other weights have other statistics.
TEST_F(ManyProcesses, BatchStatisticsAreThoseOfAll) {
  nn::ModelParts model = MakeFormulaModel("resnet18");
  nn::WriteModel(model, folder_ / "norms.pth");
  const std::vector<std::string> more = {"--set", "model.architecture=resnet18",
                                         "--set", "model.weights=" + Path("norms.pth"),
                                         "--set", "model.batch_norm=trained",
                                         "--set", "optimizer.learning_rate=0",
                                         "--set", "epochs=1"};
  EXPECT_EQ(RunGroup({Train("one", more)})[0].first, 0);
  for (const auto& [code, output] : TrainWith(2, "two", more)) ASSERT_EQ(code, 0) << output;
  const auto buffers = [&](const std::string& file) {
    std::map<std::string, at::Tensor> found;
    nn::ModelParts read = nn::ReadModel(folder_ / file);
    read.net.Visit([&](const std::string& name, const at::Tensor& tensor, nn::TensorRole role) {
      if (role == nn::TensorRole::kBuffer) found[name] = tensor.to(at::kDouble);
    });
    return found;
  };
  const auto before = buffers("norms.pth");
  const auto one = buffers("one/last.pth");
  const auto two = buffers("two/last.pth");
  constexpr std::string_view kMean = "running_mean";
  for (const auto& [name, expected] : one) {
    EXPECT_GT(before.at(name).sub(expected).abs().max().item<double>(), 0) << name;
    // Sums have another order. The error is relative to the terms; the terms of a mean are as large as their
    // deviation.
    at::Tensor size = expected.abs();
    if (name.ends_with(kMean))
      size = size + one.at(name.substr(0, name.size() - kMean.size()) + "running_var").sqrt();
    EXPECT_LT(two.at(name).sub(expected).abs().div(size).max().item<double>(), 1e-6) << name;
  }
}

TEST_F(ManyProcesses, ARunGoesOnWithAnotherNumber) {
  VantageJson({"train", Path("train.toml"), "-o", Path("one"), "--threads", "1"});
  // Three processes, then two, at last one.
  for (const auto& [code, output] : TrainWith(3, "run", {"--set", "epochs=1"})) ASSERT_EQ(code, 0) << output;
  for (const auto& [code, output] : TrainWith(2, "run", {"--resume"})) ASSERT_EQ(code, 0) << output;
  EXPECT_EQ(Metrics("run").size(), Metrics("one").size());
  EXPECT_LT(Compare(folder_ / "run/last.pth", folder_ / "one/last.pth", folder_ / "model.pth").of_weights,
            1e-5);
  VantageJson(
      {"train", Path("train.toml"), "-o", Path("run"), "--threads", "1", "--resume", "--set", "epochs=3"});
  EXPECT_EQ(Metrics("run").size(), Metrics("one").size() + 1);
}

TEST_F(ManyProcesses, RoundsAreMinedByAllAndARunKilledInOneResumes) {
  const std::vector<std::string> rounds = {"--set", "mining.rounds=3", "--set", "epochs=1"};
  for (const auto& [code, output] : TrainWith(1, "one", rounds)) ASSERT_EQ(code, 0) << output;
  for (const auto& [code, output] : TrainWith(2, "two", rounds)) ASSERT_EQ(code, 0) << output;
  EXPECT_LT(Compare(folder_ / "two/last.pth", folder_ / "one/last.pth", folder_ / "model.pth").of_weights,
            1e-5);
  // Killed somewhere, mostly between two rounds or in one: each step and each round begins with a checkpoint.
  std::vector<std::string> epochs = {"--set", "mining.rounds=3", "--set", "checkpoint.every_minutes=1e-9"};
  std::vector<std::string> endless = epochs;
  endless.insert(endless.end(), {"--set", "epochs=1000"});
  const Results results = RunGroup({EndedBy("KILL", "cut", endless), Train("cut", endless)});
  EXPECT_EQ(results[0].first, kKilled);
  const size_t done = Metrics("cut").size();
  ASSERT_GT(done, 2U);
  epochs.insert(epochs.end(), {"--set", StrCat("epochs=", done)});
  for (const auto& [code, output] : TrainWith(2, "whole", epochs)) ASSERT_EQ(code, 0) << output;
  epochs.emplace_back("--resume");
  for (const auto& [code, output] : TrainWith(2, "cut", epochs)) ASSERT_EQ(code, 0) << output;
  EXPECT_EQ(Compare(folder_ / "cut/last.pth", folder_ / "whole/last.pth", folder_ / "model.pth").of_weights,
            0);
}

TEST_F(ManyProcesses, AKilledPeerEndsTheOthersWithACheckpoint) {
  const std::vector<std::string> epochs = {"--set", "epochs=1000"};
  const Results results = RunGroup({Train("run", epochs), EndedBy("KILL", "run", epochs)});
  const auto since =
      std::filesystem::file_time_type::clock::now() - std::filesystem::last_write_time(folder_ / "signalled");
  EXPECT_EQ(results[1].first, kKilled);
  EXPECT_EQ(results[0].first, 1);
  EXPECT_THAT(results[0].second, HasSubstr("process 1 of 2 is gone"));
  EXPECT_THAT(results[0].second, HasSubstr("--resume"));
  EXPECT_LT(since, std::chrono::seconds(60));
  EXPECT_EQ(VantageJson({"info", Path("run/last.pth")})["architecture"], "squeezenet1_1");
}

TEST_F(ManyProcesses, AfterTheFirstWasKilledTheRunGoesOnFromItsCheckpoint) {
  const std::vector<std::string> epochs = {"--set", "epochs=1000", "--set", "checkpoint.every_minutes=1e-9"};
  const Results results = RunGroup({EndedBy("KILL", "run", epochs), Train("run", epochs)});
  EXPECT_EQ(results[0].first, kKilled);
  EXPECT_EQ(results[1].first, 1);
  EXPECT_THAT(results[1].second, HasSubstr("process 0 of 2 is gone"));
  const size_t done = Metrics("run").size();
  ASSERT_GT(done, 2U) << "a heading, epoch 0 and what was trained";
  for (const auto& [code, output] : TrainWith(2, "run", {"--resume", "--set", StrCat("epochs=", done)}))
    ASSERT_EQ(code, 0) << output;
  for (const auto& [code, output] : TrainWith(2, "whole", {"--set", StrCat("epochs=", done)}))
    ASSERT_EQ(code, 0) << output;
  EXPECT_EQ(Metrics("run").size(), Metrics("whole").size());
  // The same processes add in the same order.
  EXPECT_EQ(Compare(folder_ / "run/last.pth", folder_ / "whole/last.pth", folder_ / "model.pth").of_weights,
            0);
}

TEST_F(ManyProcesses, AnInterruptOfOneEndsAll) {
  const std::vector<std::string> epochs = {"--set", "epochs=1000"};
  const Results results = RunGroup({Train("run", epochs), EndedBy("INT", "run", epochs)});
  for (const auto& [code, output] : results) {
    EXPECT_EQ(code, 130) << output;
    EXPECT_THAT(output, HasSubstr("interrupted; to resume, add --resume"));
  }
}

TEST_F(ManyProcesses, OnlyTheFirstNeedsFolderAndWeights) {
  const Results results =
      RunGroup({Train("run", {"--set", "epochs=1"}),
                Train("nowhere/else", {"--set", "epochs=1", "--set", "model.weights=missing.pth"})});
  for (const auto& [code, output] : results) EXPECT_EQ(code, 0) << output;
  EXPECT_FALSE(std::filesystem::exists(folder_ / "nowhere"));
}

TEST_F(ManyProcesses, WhatDiffersIsNamedInAll) {
  const Results options = RunGroup({Train("run"), Train("run", {"--set", "loss.contrastive.margin=0.5"})});
  EXPECT_EQ(options[1].first, 2);
  EXPECT_THAT(options[1].second,
              HasSubstr("process 1 has loss.contrastive.margin = 0.5, process 0 has 0.85"));
  EXPECT_EQ(options[0].first, 1);
  EXPECT_THAT(options[0].second,
              HasSubstr("process 1 of 2 failed: process 1 has loss.contrastive.margin = 0.5"));

  const Results missing = RunGroup({Train("run"), Train("run", {"--set", "data.training_set=none.db"})});
  EXPECT_THAT(missing[0].second, HasSubstr("process 1 of 2 failed: none.db: no such file"));

  TrainWith(2, "run", {"--set", "epochs=1"});
  const Results again = TrainWith(2, "run");
  EXPECT_EQ(again[0].first, 2);
  EXPECT_THAT(again[0].second, HasSubstr("holds a run already"));
  EXPECT_THAT(again[1].second, HasSubstr("process 0 of 2 failed: "));
}

TEST_F(ManyProcesses, ALossThatIsNotFiniteEndsAllAndIsDumped) {
  const Results results = TrainWith(2, "run", {"--set", "optimizer.learning_rate=1", "--set", "epochs=30"});
  for (const auto& [code, output] : results) EXPECT_EQ(code, 1) << output;
  EXPECT_THAT(results[0].second,
              ::testing::AnyOf(HasSubstr("failed-step.json"), HasSubstr("its descriptor is not finite"),
                               HasSubstr("the validation loss is")));
}

TEST_F(ManyProcesses, WrongVariablesNeverStartARun) {
  std::vector<std::string> command = Train("run");
  command.insert(command.begin(), {"env", "WORLD_SIZE=two"});
  const Results results = RunGroup({command});
  EXPECT_EQ(results[0].first, 2);
  EXPECT_THAT(results[0].second, HasSubstr("variable WORLD_SIZE is 'two'"));
}

}  // namespace
}  // namespace vantage

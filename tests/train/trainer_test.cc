// SPDX-License-Identifier: BSD-3-Clause
#include "vantage/training.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/ones_like.h>
#include <ATen/ops/zeros_like.h>

#include <atomic>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <set>

#include "nn/model_file.h"
#include "nn/named_tensors.h"
#include "testing/files.h"
#include "testing/photos.h"
#include "train/small_run.h"
#include "util/file.h"
#include "util/hash.h"
#include "util/stopwatch.h"
#include "util/string.h"
#include "util/subprocess.h"
#include "vantage/run_context.h"

namespace vantage::train {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsSupersetOf;
using ::testing::Not;
using vantage::testing::ErrorOf;
using vantage::testing::FilesBelow;
using vantage::testing::MakeFormulaModel;
using vantage::testing::OneThread;
using vantage::testing::SmallRun;
using vantage::testing::TemporaryFolder;
using vantage::testing::WritePhotosAndSet;

class Training : public ::testing::Test {
 protected:
  void SetUp() override {
    WritePhotosAndSet(folder_.path(), 5, 6, 2);
    nn::ModelParts model = MakeFormulaModel();
    nn::WriteModel(model, folder_ / "start.pth");
    options_ = SmallRun(folder_.path());
    options_.epochs = 3;
  }

  std::string BestHash(const std::string& run) const { return Sha256OfFile(folder_ / run / "best.pth"); }
  std::string WeightsOf(const std::string& file) const {
    nn::ModelParts model = nn::ReadModel(folder_ / file);
    return nn::WeightsSha256(model.net);
  }
  std::string LastHash(const std::string& run) const { return Sha256OfFile(folder_ / run / "last.pth"); }

  // A table without the columns of times.
  static std::string WithoutSeconds(const std::filesystem::path& path) {
    std::string kept;
    std::vector<bool> keep;
    for (const std::string& line : SplitText(ReadFile(path), '\n')) {
      const std::vector<std::string> fields = SplitText(line, ',');
      if (keep.empty()) {
        for (const std::string& name : fields)
          keep.push_back(name.find("seconds") == name.npos && name != "images_per_second");
      }
      for (size_t i = 0; i < fields.size(); ++i) kept += keep[i] ? fields[i] + "," : "";
      kept += "\n";
    }
    return kept;
  }

  // Photos this small gain nothing from a second thread.
  TemporaryFolder folder_;
  TrainOptions options_;
};

TEST_F(Training, LowersTheLossAndKeepsItsBooks) {
  options_.epochs = 5;
  std::vector<double> losses;
  const TrainResult result =
      Train(options_, folder_ / "run", false, OneThread(),
            [&](const EpochMetrics& metrics) { losses.push_back(metrics.train_loss); });
  ASSERT_EQ(result.epochs.size(), 6U);
  EXPECT_TRUE(std::isnan(losses[0]));
  EXPECT_LT(result.epochs[5].train_loss, result.epochs[1].train_loss);
  EXPECT_EQ(result.epochs[5].tuples, 9);
  EXPECT_NEAR(result.epochs[2].learning_rate, 1e-4 * std::exp(-0.01), 1e-12);
  EXPECT_NE(result.epochs[5].exponent, 3.0);
  double best = result.epochs[0].val_loss;
  for (const EpochMetrics& epoch : result.epochs) best = std::min(best, epoch.val_loss);
  EXPECT_EQ(result.best_score, best);
  EXPECT_EQ(result.epochs[static_cast<size_t>(result.best_epoch)].val_loss, best);
  const std::vector<std::string> files = FilesBelow(folder_ / "run");
  EXPECT_THAT(files, IsSupersetOf({"best.pth", "config.toml", "examples/epoch-0001.json", "last.pth",
                                   "metrics.csv", "steps.csv"}));
  for (const std::string& file : files) EXPECT_THAT(file, Not(EndsWith(".partial")));
  EXPECT_THAT(ReadFile(folder_ / "run/metrics.csv"), HasSubstr("epoch,learning_rate,train_loss,val_loss"));
  EXPECT_THAT(nn::ReadModel(folder_ / "run/best.pth").origin, HasSubstr("training_set_sha256"));
}

// Validation compares networks: a network that never changes has a constant loss, whatever training draws.
TEST_F(Training, TheSameNetworkHasTheSameValidationLossInEveryEpoch) {
  options_.optimizer.learning_rate = 0;
  const NegativeMiningOptions negatives{
      .negatives = 2, .queries = 2, .pool = 7, .redraw_positives = true};  // of 9; there are 6 to validate on
  options_.epochs = 4;
  const DifficultyMiningOptions difficulty{.round = {.lowest_loss = -10, .highest_loss = 10}};
  for (const MinerChoice& miner : {MinerChoice(negatives), MinerChoice(difficulty)}) {
    options_.mining.miner = miner;
    options_.loss = miner.If<NegativeMiningOptions>() != nullptr ? LossOptions() : TripletLossOptions{};
    const std::string& strategy = miner.kind();
    const TrainResult result = Train(options_, folder_ / strategy, false, OneThread());
    ASSERT_EQ(result.epochs.size(), 5U);
    for (const EpochMetrics& epoch : result.epochs) {
      EXPECT_EQ(epoch.val_loss, result.epochs[0].val_loss) << strategy << ", epoch " << epoch.epoch;
      EXPECT_EQ(epoch.val_negative_distance, result.epochs[0].val_negative_distance) << strategy;
    }
    EXPECT_EQ(result.best_epoch, 0) << strategy;
  }
}

// The epochs' seconds add up to no more than the run's.
TEST_F(Training, BooksNoSecondTwice) {
  options_.epochs = 2;
  options_.mining.miner.As<NegativeMiningOptions>().queries = 1;  // mining is most of it
  const auto start = std::chrono::steady_clock::now();
  const TrainResult result = Train(options_, folder_ / "run", false, OneThread());
  const double elapsed = SecondsSince(start);
  double booked = 0;
  for (const EpochMetrics& epoch : result.epochs) {
    booked += epoch.seconds;
    if (epoch.epoch == 0) continue;
    EXPECT_GE(epoch.seconds, epoch.mining_seconds + epoch.data_wait_seconds + epoch.forward_seconds +
                                 epoch.backward_seconds + epoch.optimizer_seconds + epoch.validation_seconds);
  }
  EXPECT_LE(booked, elapsed);
}

TEST_F(Training, IsTheSameEachTime) {
  Train(options_, folder_ / "a", false, OneThread());
  Train(options_, folder_ / "b", false, OneThread());
  EXPECT_EQ(BestHash("a"), BestHash("b"));
  options_.seed = 1;
  Train(options_, folder_ / "c", false, OneThread());
  EXPECT_NE(BestHash("a"), BestHash("c"));
}

TEST_F(Training, IsTheSameOnAnyNumberOfThreads) {
  options_.epochs = 1;
  Train(options_, folder_ / "one", false, OneThread());
  RunContext three;
  three.threads = 3;
  Train(options_, folder_ / "three", false, three);
  EXPECT_EQ(BestHash("one"), BestHash("three"));
  EXPECT_EQ(LastHash("one"), LastHash("three"));
}

TEST_F(Training, ResumedAfterAnInterruptEndsInTheSameBytes) {
  Train(options_, folder_ / "whole", false, OneThread());
  // Cancelled later and later: in mining, in the steps, in validation.
  std::set<std::pair<std::string, int64_t>> went_on_at;
  for (int calls = 3; calls < 420; calls += 29) {
    const std::string run = StrCat("cut", calls);
    RunContext context = OneThread();
    int seen = 0;
    context.is_cancelled = [&] { return ++seen > calls; };
    try {
      Train(options_, folder_ / run, false, context);
    } catch (const Interrupted&) {
      // Expected.
    }
    RunContext resumed = OneThread();
    if (calls % 2 == 0) resumed.threads = 2;
    std::pair<std::string, int64_t> first;
    resumed.on_progress = [&](const Progress& progress) {
      if (first.first.empty()) first = {progress.task, progress.done};
    };
    Train(options_, folder_ / run, true, resumed);
    went_on_at.insert(first);
    EXPECT_EQ(BestHash(run), BestHash("whole")) << calls;
    EXPECT_EQ(LastHash(run), LastHash("whole")) << calls;
    EXPECT_EQ(WithoutSeconds(folder_ / run / "metrics.csv"), WithoutSeconds(folder_ / "whole/metrics.csv"));
    EXPECT_EQ(WithoutSeconds(folder_ / run / "steps.csv"), WithoutSeconds(folder_ / "whole/steps.csv"));
  }
  EXPECT_GT(went_on_at.size(), 5U);  // in mining, in the middle of an epoch, in validation
}

// Mined descriptors are kept until the checkpoint that contains their tuples.
TEST_F(Training, MiningThatWasInterruptedDescribesNoPhotoTwice) {
  options_.epochs = 1;
  options_.mining.rounds = 2;
  const std::string mining = "epoch 1: mining round 2 of 2";
  RunContext context = OneThread();
  std::atomic<int64_t> seen = 0;
  context.on_progress = [&](const Progress& progress) {
    if (progress.task == mining) seen = progress.done;
  };
  context.is_cancelled = [&] { return seen > 5; };
  EXPECT_THROW(Train(options_, folder_ / "cut", false, context), Interrupted);
  EXPECT_THAT(FilesBelow(folder_ / "cut"), Contains("descriptors.partial"));
  Progress first;
  RunContext resumed = OneThread();
  resumed.on_progress = [&](const Progress& progress) {
    if (first.task.empty()) first = progress;
  };
  Train(options_, folder_ / "cut", true, resumed);
  EXPECT_EQ(first.task, mining);
  EXPECT_GT(first.done, 5);
  EXPECT_THAT(FilesBelow(folder_ / "cut"), Not(Contains("descriptors.partial")));
}

// TPAMI 2019 mines three times an epoch, each time with the current network.
TEST_F(Training, RoundsOfAnEpochAreMinedWithTheNetworkAsItIs) {
  options_.epochs = 1;
  options_.mining.rounds = 3;
  options_.optimizer.learning_rate = 0;
  const TrainResult still = Train(options_, folder_ / "still", false, OneThread());
  options_.mining.rounds = 1;
  const TrainResult whole = Train(options_, folder_ / "whole", false, OneThread());
  // With a network that never changes, one round and three give the same tuples.
  EXPECT_EQ(still.epochs[1].tuples, 9);
  EXPECT_NEAR(still.epochs[1].train_loss, whole.epochs[1].train_loss, 1e-9);
  EXPECT_NEAR(still.epochs[1].train_negative_distance, whole.epochs[1].train_negative_distance, 1e-9);
  // No step spans two rounds: three of three tuples are two steps each.
  const auto steps = [&](const std::string& run) {
    return SplitText(ReadFile(folder_ / run / "steps.csv"), '\n').size() - 2;
  };
  EXPECT_EQ(steps("still"), 6U);
  EXPECT_EQ(steps("whole"), 5U);

  options_.optimizer.learning_rate = 3e-3;  // moves descriptors far
  options_.mining.rounds = 3;
  const TrainResult current = Train(options_, folder_ / "current", false, OneThread());
  options_.mining.network = "start";
  const TrainResult start = Train(options_, folder_ / "start", false, OneThread());
  EXPECT_NEAR(start.epochs[1].train_negative_distance, whole.epochs[1].train_negative_distance, 1e-9);
  EXPECT_GT(std::abs(current.epochs[1].train_negative_distance - start.epochs[1].train_negative_distance),
            1e-4);
}

TEST_F(Training, InterruptedInTheSecondRoundEndsInTheSameBytes) {
  options_.epochs = 2;
  options_.mining.rounds = 3;
  options_.data.augmentation.flip_probability = 0.5;  // drawn by a tuple's place in its epoch
  options_.schedule.shape = CosineScheduleOptions{};  // a rate for each step
  std::set<std::string> tasks;
  RunContext watched = OneThread();
  watched.on_progress = [&](const Progress& progress) { tasks.insert(progress.task); };
  Train(options_, folder_ / "whole", false, watched);
  EXPECT_THAT(tasks, IsSupersetOf({"epoch 1: mining round 2 of 3", "epoch 1 of 2, round 2 of 3",
                                   "epoch 2: mining round 3 of 3", "epoch 2 of 2, round 3 of 3"}));
  for (const char* at : {"epoch 1: mining round 2 of 3", "epoch 1 of 2, round 2 of 3",
                         "epoch 2: mining round 3 of 3", "epoch 2 of 2, round 3 of 3"}) {
    RunContext context = OneThread();
    std::atomic<bool> is_there = false;
    context.on_progress = [&](const Progress& progress) {
      if (progress.task == at) is_there = true;
    };
    context.is_cancelled = [&] { return is_there.load(); };
    EXPECT_THAT(ErrorOf([&] { Train(options_, folder_ / at, false, context); }), HasSubstr("interrupted"));
    std::string first;
    RunContext resumed = OneThread();
    resumed.on_progress = [&](const Progress& progress) {
      if (first.empty()) first = progress.task;
    };
    Train(options_, folder_ / at, true, resumed);
    EXPECT_EQ(first, at);  // no round is trained again
    EXPECT_EQ(BestHash(at), BestHash("whole")) << at;
    EXPECT_EQ(LastHash(at), LastHash("whole")) << at;
    for (const char* table : {"metrics.csv", "steps.csv"})
      EXPECT_EQ(WithoutSeconds(folder_ / at / table), WithoutSeconds(folder_ / "whole" / table)) << at;
  }
}

TEST_F(Training, RoundsByDifficultyMayBeEmptyButNotAll) {
  options_.epochs = 1;
  options_.loss = TripletLossOptions{.margin = 0.1};
  options_.mining.miner = DifficultyMiningOptions{.round = {.lowest_loss = 9, .highest_loss = 10}};
  options_.mining.rounds = 2;
  EXPECT_THAT(ErrorOf([&] { Train(options_, folder_ / "none", false, OneThread()); }),
              HasSubstr("found no triplet in the 2 rounds of epoch 1"));
  options_.mining.miner.As<DifficultyMiningOptions>().round.lowest_loss = -10;
  const TrainResult result = Train(options_, folder_ / "run", false, OneThread());
  EXPECT_GT(result.epochs[1].tuples, 3) << "one a scene and round, of three scenes";
}

// cirtorch leaves out tuples that do not fill a step.
TEST_F(Training, AnIncompleteLastStepIsTakenUnlessItIsDropped) {
  options_.epochs = 1;
  const auto tuples_and_steps = [&](const std::string& run) {
    const TrainResult result = Train(options_, folder_ / run, false, OneThread());
    return std::pair(result.epochs[1].tuples,
                     SplitText(ReadFile(folder_ / run / "steps.csv"), '\n').size() - 2);
  };
  EXPECT_EQ(tuples_and_steps("taken"), std::pair(int64_t{9}, size_t{5}));
  options_.drop_last = true;
  EXPECT_EQ(tuples_and_steps("dropped"), std::pair(int64_t{8}, size_t{4}));
  options_.tuples_per_step = 10;
  EXPECT_THAT(ErrorOf([&] { tuples_and_steps("none"); }),
              HasSubstr("none of 9 tuples could be used (with drop_last"));
}

// Photos are 80 pixels wide: at 32 the benchmark's result differs.
TEST_F(Training, TheModelIsTestedAtASizeOfItsOwn) {
  options_.epochs = 1;
  options_.evaluation.data = (folder_ / "photos").string();
  options_.evaluation.every_epochs = 1;
  options_.data.image_size = 64;
  options_.data.test_size = 80;
  const TrainResult large = Train(options_, folder_ / "large", false, OneThread());
  EXPECT_EQ(nn::ReadModel(folder_ / "large/best.pth").preprocessing, LongestSide(80));
  EXPECT_EQ(nn::ReadModel(folder_ / "large/last.pth").preprocessing, LongestSide(80));
  options_.data.test_size = 32;
  const TrainResult small = Train(options_, folder_ / "small", false, OneThread());
  EXPECT_EQ(nn::ReadModel(folder_ / "small/best.pth").preprocessing, LongestSide(32));
  EXPECT_NE(small.epochs[0].benchmark_score, large.epochs[0].benchmark_score);
  for (size_t epoch = 0; epoch < 2; ++epoch)
    EXPECT_EQ(small.epochs[epoch].val_loss, large.epochs[epoch].val_loss);
  EXPECT_EQ(small.epochs[1].train_loss, large.epochs[1].train_loss);
  options_.evaluation.image_size = 80;
  const TrainResult as_said = Train(options_, folder_ / "said", false, OneThread());
  EXPECT_EQ(as_said.epochs[0].benchmark_score, large.epochs[0].benchmark_score);
}

TEST_F(Training, PhotosArePreparedAsTheRecipeSays) {
  options_.epochs = 1;
  const auto run = [&](const std::string& name, const std::string& text) {
    options_.data.preprocessing = text;
    return Train(options_, folder_ / name, false, OneThread()).epochs;
  };
  const auto plain = run("plain", "");
  EXPECT_EQ(run("named", "longest=64")[1].train_loss, plain[1].train_loss);
  options_.data.test_preprocessing = "square=48,bicubic";
  options_.data.apply_exif_orientation = true;
  const auto photo = run("photo", "square=64,bilinear");
  const auto tensor = run("tensor", "square=64,bilinear,tensor");
  EXPECT_NE(photo[0].val_loss, plain[0].val_loss);
  EXPECT_NEAR(photo[0].val_loss, tensor[0].val_loss, 0.02);  // bytes are rounded
  EXPECT_NEAR(photo[1].train_loss, tensor[1].train_loss, 0.02);
  const nn::ModelParts model = nn::ReadModel(folder_ / "tensor/best.pth");
  EXPECT_EQ(model.preprocessing, ParsePreprocessing("square=48,bicubic"));
  EXPECT_EQ(model.training_preprocessing, ParsePreprocessing("square=64,bilinear,tensor"));
  EXPECT_EQ(model.applies_exif_orientation, true);
  EXPECT_EQ(nn::ReadModel(folder_ / "plain/best.pth").applies_exif_orientation, false);
  const auto grey = run("grey", "longest=64 + mean=0.5,0.5,0.5 + std=0.25,0.25,0.25");
  EXPECT_NE(grey[0].val_loss, plain[0].val_loss);
  EXPECT_EQ(nn::ReadModel(folder_ / "grey/best.pth").net.normalization.mean[2], 0.5);
}

TEST_F(Training, AveragedWeightsAreTheModelAndSurviveAnInterrupt) {
  options_.weight_average_decay = 0.9;
  options_.data.augmentation.flip_probability = 0.5;
  options_.optimizer.algorithm = SgdOptions{};
  options_.optimizer.learning_rate = 1e-3;
  Train(options_, folder_ / "whole", false, OneThread());
  EXPECT_NE(WeightsOf("whole/best.pth"), WeightsOf("whole/last.pth"));
  RunContext context = OneThread();
  int seen = 0;
  context.is_cancelled = [&] { return ++seen > 70; };
  EXPECT_THAT(ErrorOf([&] { Train(options_, folder_ / "cut", false, context); }), HasSubstr("interrupted"));
  Train(options_, folder_ / "cut", true, OneThread());
  EXPECT_EQ(BestHash("cut"), BestHash("whole"));
  EXPECT_EQ(LastHash("cut"), LastHash("whole"));
}

TEST_F(Training, BatchStatisticsAreTrainedAndSurviveAnInterrupt) {
  options_.model.batch_norm = "trained";
  EXPECT_THAT(ErrorOf([&] { Train(options_, folder_ / "none", false, OneThread()); }),
              HasSubstr("a squeezenet1_1 has no batch norm"));
  nn::ModelParts start = MakeFormulaModel("resnet18");
  nn::WriteModel(start, folder_ / "norms.pth");
  options_.model.net.architecture = "resnet18";
  options_.model.weights = (folder_ / "norms.pth").string();
  options_.epochs = 1;
  Train(options_, folder_ / "whole", false, OneThread());
  const auto statistics = [&](const std::string& file, const std::string& name) {
    nn::ModelParts model = nn::ReadModel(folder_ / file);
    at::Tensor found;
    model.net.Visit([&](const std::string& visited, const at::Tensor& tensor, nn::TensorRole) {
      if (visited == name) found = tensor;
    });
    return found;
  };
  for (const char* name : {"features.1.running_mean", "features.7.1.bn2.running_var"})
    EXPECT_FALSE(statistics("whole/last.pth", name).equal(statistics("norms.pth", name))) << name;
  // 9 tuples an epoch, two a step.
  EXPECT_EQ(statistics("whole/last.pth", "features.1.num_batches_tracked").item<int64_t>(),
            statistics("norms.pth", "features.1.num_batches_tracked").item<int64_t>() + 5);

  RunContext context = OneThread();
  context.threads = 2;
  int seen = 0;
  context.is_cancelled = [&] { return ++seen > 60; };
  EXPECT_THAT(ErrorOf([&] { Train(options_, folder_ / "cut", false, context); }), HasSubstr("interrupted"));
  Train(options_, folder_ / "cut", true, OneThread());
  EXPECT_EQ(BestHash("cut"), BestHash("whole"));
  EXPECT_EQ(LastHash("cut"), LastHash("whole"));

  // Frozen layers keep their statistics.
  options_.model.freeze = {"features.1."};
  Train(options_, folder_ / "frozen", false, OneThread());
  EXPECT_TRUE(statistics("frozen/last.pth", "features.1.running_mean")
                  .equal(statistics("norms.pth", "features.1.running_mean")));
  EXPECT_FALSE(statistics("frozen/last.pth", "features.4.0.bn1.running_mean")
                   .equal(statistics("norms.pth", "features.4.0.bn1.running_mean")));
}

TEST_F(Training, ATransformerTrainsAndSurvivesAnInterrupt) {
  nn::ModelParts start = MakeFormulaModel("dinov2_vits14:blocks=2");
  nn::WriteModel(start, folder_ / "tokens.pth");
  options_.model.net.architecture = "dinov2_vits14:blocks=2";
  options_.model.weights = (folder_ / "tokens.pth").string();
  options_.model.freeze_blocks = 1;
  options_.model.drop_path = 0.3;
  options_.data.preprocessing = options_.data.test_preprocessing = "square=56,bicubic";
  options_.optimizer.algorithm = AdamWOptions{};
  options_.optimizer.weight_decay = 0.05;
  options_.optimizer.layer_decay = 0.7;
  options_.schedule.shape = CosineScheduleOptions{};
  options_.schedule.warmup_steps = 2;
  options_.compute.kept_pixels = 56 * 56;
  options_.epochs = 2;
  const TrainResult whole = Train(options_, folder_ / "whole", false, OneThread());
  // The loss is that of negatives mined anew, with random branches left out: it need not fall.
  EXPECT_GT(whole.epochs[1].train_loss, 0);
  const nn::NamedTensors before = nn::TensorsOf(start.net);
  const nn::NamedTensors after = nn::TensorsOf(nn::ReadModel(folder_ / "whole/last.pth").net);
  ASSERT_EQ(after.size(), before.size());
  for (size_t i = 0; i < before.size(); ++i) {
    const auto& [name, tensor] = after[i];
    const bool is_frozen =
        !name.starts_with("features.blocks.1.") && !name.starts_with("features.norm.") && name != "pool.p";
    EXPECT_EQ(tensor.equal(before[i].second), is_frozen) << name;
  }
  for (const int calls : {40, 75, 110}) {
    const std::string run = StrCat("cut", calls);
    RunContext context = OneThread();
    context.threads = 2;
    int seen = 0;
    context.is_cancelled = [&] { return ++seen > calls; };
    EXPECT_THAT(ErrorOf([&] { Train(options_, folder_ / run, false, context); }), HasSubstr("interrupted"));
    Train(options_, folder_ / run, true, OneThread());
    EXPECT_EQ(BestHash(run), BestHash("whole")) << calls;
    EXPECT_EQ(LastHash(run), LastHash("whole")) << calls;
  }

  // Neither option of memory changes a bit.
  options_.compute.frozen_features = 0;
  options_.compute.recompute_blocks = true;
  Train(options_, folder_ / "frugal", false, OneThread());
  const nn::NamedTensors frugal = nn::TensorsOf(nn::ReadModel(folder_ / "frugal/last.pth").net);
  for (size_t i = 0; i < after.size(); ++i)
    EXPECT_TRUE(frugal[i].second.equal(after[i].second)) << after[i].first;
}

TEST_F(Training, DropoutNeedsAHeadWithHiddenValues) {
  options_.model.dropout = 0.3;
  EXPECT_THAT(ErrorOf([&] { Train(options_, folder_ / "run", false, OneThread()); }),
              HasSubstr("model.dropout: the head 'cirtorch' has no hidden values"));
}

TEST_F(Training, MinesWithTheStartingNetworkWhereAsked) {
  const auto negatives = [&](const std::string& run, int epoch) {
    return ReadFile(folder_ / run / StrCat("examples/epoch-000", epoch, ".json"));
  };
  options_.optimizer.learning_rate = 3e-3;  // moves descriptors far
  Train(options_, folder_ / "current", false, OneThread());
  options_.mining.network = "start";
  Train(options_, folder_ / "start", false, OneThread());
  EXPECT_EQ(negatives("current", 1), negatives("start", 1));
  EXPECT_NE(negatives("current", 3), negatives("start", 3));

  RunContext context = OneThread();
  int seen = 0;
  context.is_cancelled = [&] { return ++seen > 100; };
  EXPECT_THAT(ErrorOf([&] { Train(options_, folder_ / "cut", false, context); }), HasSubstr("interrupted"));
  Train(options_, folder_ / "cut", true, OneThread());
  EXPECT_EQ(LastHash("cut"), LastHash("start"));
}

// Mining with other starting weights would be another run. A run that does not need them resumes without
// them.
TEST_F(Training, GoesOnWithItsOwnStartingWeightsWhereTheyMatter) {
  nn::ModelParts other = MakeFormulaModel();
  other.net.Replace([](const std::string&, at::Tensor& tensor, nn::TensorRole) { tensor = tensor.mul(0.5); });
  nn::WriteModel(other, folder_ / "other.pth");
  std::filesystem::copy(folder_ / "start.pth", folder_ / "moved.pth");
  for (const char* network : {"start", "current"}) {
    options_.mining.network = network;
    options_.model.weights = (folder_ / "start.pth").string();
    options_.epochs = 1;
    Train(options_, folder_ / network, false, OneThread());
    options_.epochs = 2;
  }
  const auto resume = [&](const std::string& network, const std::string& weights) {
    options_.mining.network = network;
    options_.model.weights = (folder_ / weights).string();
    return Train(options_, folder_ / network, true, OneThread()).epochs.size();
  };
  const std::string before = LastHash("start");
  EXPECT_THAT(ErrorOf([&] { resume("start", "other.pth"); }),
              HasSubstr("other.pth: holds other weights (SHA-256 "));
  EXPECT_EQ(LastHash("start"), before);
  EXPECT_EQ(resume("start", "moved.pth"), 3U);
  EXPECT_EQ(resume("current", "gone.pth"), 3U);
}

// A network that gives all photos the same descriptor cannot learn, and its losses do not show it.
TEST_F(Training, ACollapsedNetworkIsReportedInWords) {
  std::vector<std::string> warnings;
  SetLogSink([&](LogLevel, const std::string& message) { warnings.push_back(message); });
  options_.epochs = 1;
  Train(options_, folder_ / "sound", false, OneThread());
  EXPECT_TRUE(warnings.empty()) << warnings[0];
  nn::ModelParts flat = MakeFormulaModel();
  flat.net.Replace([](const std::string& name, at::Tensor& tensor, nn::TensorRole) {
    if (name.ends_with(".weight")) tensor = at::zeros_like(tensor);
    if (name.ends_with(".bias")) tensor = at::ones_like(tensor);
  });
  nn::WriteModel(flat, folder_ / "flat.pth");
  options_.model.weights = (folder_ / "flat.pth").string();
  Train(options_, folder_ / "run", false, OneThread());
  ASSERT_FALSE(warnings.empty());
  EXPECT_THAT(warnings[0], HasSubstr("epoch 0: the network has collapsed: all photos have nearly the same"));
  SetLogSink({});
}

TEST_F(Training, KeepsTheCheckpointsOfTheLastEpochs) {
  options_.checkpoint.keep = 2;
  Train(options_, folder_ / "run", false, OneThread());
  EXPECT_THAT(FilesBelow(folder_ / "run/checkpoints"), ElementsAre("epoch-0002.pth", "epoch-0003.pth"));
  EXPECT_EQ(Sha256OfFile(folder_ / "run/checkpoints/epoch-0003.pth"), LastHash("run"));
}

TEST_F(Training, AKillAfterTheCheckpointOfAnEpochLeavesNothingOut) {
  options_.epochs = 1;
  options_.checkpoint.keep = 2;
  Train(options_, folder_ / "run", false, OneThread());
  for (const char* file : {"run/checkpoints/epoch-0001.pth", "run/report.html"})
    ASSERT_TRUE(std::filesystem::remove(folder_ / file)) << file;
  Train(options_, folder_ / "run", true, OneThread());
  EXPECT_EQ(Sha256OfFile(folder_ / "run/checkpoints/epoch-0001.pth"), LastHash("run"));
  EXPECT_TRUE(std::filesystem::exists(folder_ / "run/report.html"));
}

TEST_F(Training, WatchesABenchmark) {
  options_.evaluation.data = (folder_ / "photos").string();
  EXPECT_THAT(ErrorOf([&] { Train(options_, folder_ / "run", false, OneThread()); }),
              HasSubstr("evaluation.every_epochs is 0"));
  options_.evaluation.every_epochs = 2;
  options_.evaluation.best_by = "benchmark";
  const TrainResult result = Train(options_, folder_ / "run", false, OneThread());
  double best = 0;
  for (const EpochMetrics& epoch : result.epochs) {
    EXPECT_EQ(std::isnan(epoch.benchmark_score), epoch.epoch % 2 != 0);
    if (epoch.epoch % 2 == 0) best = std::max(best, epoch.benchmark_score);
  }
  EXPECT_GT(best, 0.2);
  EXPECT_EQ(result.best_score, best);
  options_.evaluation.data.clear();
  EXPECT_THAT(ErrorOf([&] { Train(options_, folder_ / "other", false, OneThread()); }),
              HasSubstr("needs a benchmark: evaluation.data"));
}

TEST_F(Training, MoreEpochsGoOnFromTheLast) {
  options_.epochs = 1;
  Train(options_, folder_ / "run", false, OneThread());
  options_.epochs = 3;
  const TrainResult result = Train(options_, folder_ / "run", true, OneThread());
  EXPECT_EQ(result.epochs.size(), 4U);
  Train(options_, folder_ / "whole", false, OneThread());
  // The configuration in the model is the one that the run ended with.
  EXPECT_EQ(nn::ReadModel(folder_ / "run/last.pth").net.dimension(), 512);
  EXPECT_EQ(ReadFile(folder_ / "run/config.toml"), ReadFile(folder_ / "whole/config.toml"));
}

TEST_F(Training, WorksWithoutValidationScenes) {
  WritePhotosAndSet(folder_.path(), 4, 4, 0);
  const TrainResult result = Train(options_, folder_ / "run", false, OneThread());
  EXPECT_GE(result.best_epoch, 1);
  EXPECT_TRUE(std::isnan(result.epochs[1].val_loss));
}

TEST_F(Training, ChangedOptionsAndSecondRunsAreRefused) {
  Train(options_, folder_ / "run", false, OneThread());
  EXPECT_THAT(ErrorOf([&] { Train(options_, folder_ / "run", false, OneThread()); }),
              HasSubstr("holds a run already"));
  options_.loss = ContrastiveLossOptions{.margin = 0.5};
  EXPECT_THAT(ErrorOf([&] { Train(options_, folder_ / "run", true, OneThread()); }),
              HasSubstr("the run was started with loss.contrastive.margin = 0.85, not 0.5"));
}

TEST_F(Training, TwoProcessesInOneFolderAreRefused) {
  RunContext context = OneThread();
  std::string error;
  context.on_progress = [&](const Progress&) {
    if (error.empty()) error = ErrorOf([&] { Train(options_, folder_ / "run", true, OneThread()); });
  };
  Train(options_, folder_ / "run", false, context);
  EXPECT_THAT(error, HasSubstr("another process trains in this folder"));
}

// After the first step the outputs are not finite; there are four more steps in the epoch.
TEST_F(Training, StepsThatAreNotFiniteAreSkippedAndCountedUntilOneTooMany) {
  options_.optimizer.groups = {"features. rate=1e15"};
  options_.optimizer.max_skipped_steps = 2;
  std::vector<std::string> warnings;
  SetLogSink([&](LogLevel, const std::string& message) { warnings.push_back(message); });
  const auto error_of = [&](bool resume) {
    return ErrorOf([&] { Train(options_, folder_ / "run", resume, OneThread()); });
  };
  EXPECT_THAT(error_of(false), AllOf(HasSubstr("; 2 steps were skipped before; "), HasSubstr(".jpg"),
                                     HasSubstr("failed-step.json names the photos")));
  ASSERT_EQ(warnings.size(), 2U);
  EXPECT_THAT(warnings[0], AllOf(HasSubstr("step 2 is skipped: the "), HasSubstr(".jpg"),
                                 HasSubstr("(1 of at most 2 in a run)")));
  EXPECT_THAT(warnings[1], HasSubstr("step 3 is skipped: "));
  EXPECT_THAT(ReadFile(folder_ / "run/failed-step.json"), HasSubstr(".jpg"));
  // The count is the run's; it may resume with a higher limit.
  options_.optimizer.max_skipped_steps = 3;
  EXPECT_THAT(error_of(true), HasSubstr("; 3 steps were skipped before; "));
  ASSERT_EQ(warnings.size(), 3U);
  EXPECT_THAT(warnings[2], HasSubstr("step 4 is skipped: "));
  const std::vector<std::string> steps = SplitText(ReadFile(folder_ / "run/steps.csv"), '\n');
  ASSERT_EQ(steps.size(), 6U) << "a heading, four steps, and the end";
  EXPECT_THAT(steps[4], ::testing::StartsWith("4,1,nan,"));
  SetLogSink({});
}

TEST_F(Training, LossThatIsNotFiniteStopsAndNamesThePhotos) {
  options_.optimizer.learning_rate = 1;
  options_.epochs = 30;
  options_.optimizer.max_skipped_steps = 0;
  const std::string error = ErrorOf([&] { Train(options_, folder_ / "run", false, OneThread()); });
  EXPECT_THAT(error, ::testing::AnyOf(HasSubstr("the loss is "), HasSubstr("gradient"),
                                      HasSubstr("its descriptor is not finite"),
                                      HasSubstr("the validation loss is ")));
  nn::ModelParts before = nn::ReadModel(folder_ / "run/last.pth");
  before.net.Visit([](const std::string& name, const at::Tensor& tensor, nn::TensorRole) {
    EXPECT_TRUE(tensor.isfinite().all().item<bool>()) << name;
  });
}

TEST_F(Training, WithoutPhotosOrQueriesNothingIsTrained) {
  std::filesystem::rename(folder_ / "photos", folder_ / "gone");
  EXPECT_THAT(ErrorOf([&] { Train(options_, folder_ / "run", false, OneThread()); }),
              HasSubstr("photos was found, as "));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "run/best.pth"));
  std::filesystem::rename(folder_ / "gone", folder_ / "photos");
  TrainingSet set = ReadTrainingSet(folder_ / "set.db");
  set.queries.clear();
  WriteTrainingSet(set, folder_ / "set.db");
  EXPECT_THAT(ErrorOf([&] { Train(options_, folder_ / "run", false, OneThread()); }),
              HasSubstr("no query in the split 'train'"));
}

TEST_F(Training, GoesOnFromACheckpointOfCirtorch) {
  VANTAGE_REQUIRE_SHARED("weights/cirtorch-squeezenet1_1-gem-w.pth.tar");
  const auto checkpoint = vantage::testing::SharedFolder() / "weights/cirtorch-squeezenet1_1-gem-w.pth.tar";
  options_.model.weights = checkpoint.string();
  options_.model.net.head = CirtorchHeadOptions{.fc_whitening = true};
  options_.model.continue_training = true;
  options_.epochs = 4;  // three are done
  const TrainResult result = Train(options_, folder_ / "run", false, OneThread());
  ASSERT_EQ(result.epochs.size(), 2U);
  EXPECT_EQ(result.epochs[0].epoch, 3);
  EXPECT_NEAR(result.epochs[1].learning_rate, 1e-4 * std::exp(-0.03), 1e-12);

  // Each parameter gets its own state, although cirtorch numbers parameters in another order.
  const serialize::TorchFile file(checkpoint);
  const serialize::TorchFile last(folder_ / "run/last.pth");
  const auto steps_of = [](const serialize::TorchFile& of, int64_t parameter) {
    for (const serialize::PickleValue* entries =
             &serialize::Member(serialize::Member(of.root(), "optimizer", "file"), "state", "file");
         ;) {
      for (size_t k = 0; k + 1 < entries->items.size(); k += 2) {
        if (entries->items[k]->integer == parameter)
          return nn::ReadTensor(of, serialize::Member(*entries->items[k + 1], "step", "file"), "step")
              .item<double>();
      }
      return -1.0;
    }
  };
  EXPECT_EQ(steps_of(last, 52), steps_of(file, 50) + 5);  // pool.p; nine tuples in steps of two
  options_.model.weights = (folder_ / "start.pth").string();
  options_.model.net.head = CirtorchHeadOptions{};
  EXPECT_THAT(ErrorOf([&] { Train(options_, folder_ / "other", false, OneThread()); }),
              HasSubstr("start.pth: holds no optimiser's state"));
}

TEST_F(Training, BadInputNeverStartsARun) {
  TrainOptions options = options_;
  options.data.training_set = "";
  EXPECT_THAT(ErrorOf([&] { Train(options, folder_ / "r", false, OneThread()); }),
              HasSubstr("no data.training_set"));
  options.data.training_set = "none.db";
  EXPECT_THAT(ErrorOf([&] { Train(options, folder_ / "r", false, OneThread()); }),
              HasSubstr("none.db: no such file"));
  options = options_;
  options.model.weights = "";
  EXPECT_THAT(ErrorOf([&] { Train(options, folder_ / "r", false, OneThread()); }),
              HasSubstr("no model.weights"));
  options.model.weights = (folder_ / "set.db").string();
  EXPECT_THAT(ErrorOf([&] { Train(options, folder_ / "r", false, OneThread()); }),
              HasSubstr("not a PyTorch file"));
  options = options_;
  options.model.net.head = CirtorchHeadOptions{.pooling = "mac"};
  EXPECT_THAT(ErrorOf([&] { Train(options, folder_ / "r", false, OneThread()); }),
              HasSubstr("holds a squeezenet1_1 with the head cirtorch; asked for is cirtorch:pooling=mac"));
  WritePhotosAndSet(folder_.path(), 1, 4, 0);
  EXPECT_THAT(ErrorOf([&] { Train(options_, folder_ / "r", false, OneThread()); }),
              HasSubstr("one scene only"));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "r/last.pth"));
}

TEST_F(Training, PyTorchsAdamTakesTheCheckpoint) {
  const char* python = std::getenv("VANTAGE_PYTHON");  // NOLINT(concurrency-mt-unsafe)
  if (python == nullptr) GTEST_SKIP() << "needs VANTAGE_PYTHON naming a Python with torch";
  options_.epochs = 1;
  Train(options_, folder_ / "run", false, OneThread());
  WriteFile(folder_ / "read.py",
            "import sys, torch\n"
            "file = torch.load(sys.argv[1], weights_only=True)\n"
            "groups = file['optimizer']['param_groups']\n"
            "tensors = [t for n, t in file['state_dict'].items()]\n"
            "parameters = [torch.nn.Parameter(t) for t in tensors]\n"
            "adam = torch.optim.Adam([{'params': parameters[:-1]}, {'params': parameters[-1:]}])\n"
            "adam.load_state_dict(file['optimizer'])\n"
            "assert len(groups) == 2 and groups[1]['weight_decay'] == 0\n"
            "assert abs(groups[1]['lr'] / groups[0]['lr'] - 10) < 1e-12\n"
            "for p in parameters: p.grad = torch.ones_like(p)\n"
            "adam.step()\n"
            "print(file['epoch'], int(adam.state[parameters[0]]['step']))\n");
  const auto [code, output] =
      CaptureCommand({python, (folder_ / "read.py").string(), (folder_ / "run/last.pth").string()});
  ASSERT_EQ(code, 0) << output;
  EXPECT_EQ(output, "1 6\n");  // nine tuples in steps of two, and this one
}

// A run with invalid options reads and writes nothing.
TEST(Train, RefusesOptionsThatMeanNothing) {
  const testing::TemporaryFolder folder;
  const auto refused = [&](const std::string& key, const std::function<void(TrainOptions&)>& change) {
    TrainOptions options;
    change(options);
    EXPECT_THAT(testing::ErrorOf([&] { Train(options, folder / "run", false); }), ::testing::HasSubstr(key));
    EXPECT_THAT(testing::ErrorOf([&] { DryRun(options); }), ::testing::HasSubstr(key));
    EXPECT_FALSE(std::filesystem::exists(folder / "run"));
  };
  refused("'tuples_per_step' = 0", [](TrainOptions& o) { o.tuples_per_step = 0; });
  refused("'epochs' = -1", [](TrainOptions& o) { o.epochs = -1; });
  refused("'mining.negatives.negatives' = 0",
          [](TrainOptions& o) { o.mining.miner = NegativeMiningOptions{.negatives = 0}; });
  refused("'mining.rounds' = 0", [](TrainOptions& o) { o.mining.rounds = 0; });
  refused("'loss.infonce.temperature' = 0",
          [](TrainOptions& o) { o.loss = InfoNceLossOptions{.temperature = 0}; });
  refused("'schedule.step.epochs' = 0",
          [](TrainOptions& o) { o.schedule.shape = StepScheduleOptions{.epochs = 0}; });
  refused("'optimizer.adam.beta1' = 1",
          [](TrainOptions& o) { o.optimizer.algorithm = AdamOptions{.beta1 = 1}; });
  refused("'optimizer.learning_rate' = nan",
          [](TrainOptions& o) { o.optimizer.learning_rate = std::nan(""); });
  refused("'data.image_size' = -1", [](TrainOptions& o) { o.data.image_size = -1; });
  refused("'data.test_size' = 0", [](TrainOptions& o) { o.data.test_size = 0; });
  refused("no step 'sqare'", [](TrainOptions& o) { o.data.preprocessing = "sqare=64"; });
  refused("no step 'sqare'", [](TrainOptions& o) { o.data.test_preprocessing = "sqare=64"; });
  refused("'evaluation.query_every' = 0", [](TrainOptions& o) { o.evaluation.query_every = 0; });
}

}  // namespace
}  // namespace vantage::train

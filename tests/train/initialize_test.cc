// SPDX-License-Identifier: BSD-3-Clause
#include "train/initialize.h"
#include "vantage/training.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/eye.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "nn/heads/local_head.h"
#include "nn/images_to_tensor.h"
#include "nn/model_file.h"
#include "testing/files.h"
#include "testing/photos.h"
#include "testing/tensors.h"
#include "train/small_run.h"
#include "util/file.h"
#include "util/hash.h"
#include "util/string.h"

namespace vantage::train {
namespace {

using ::testing::HasSubstr;
using vantage::testing::ErrorOf;
using vantage::testing::MakeFormulaModel;
using vantage::testing::OneThread;
using vantage::testing::RelativeError;
using vantage::testing::TemporaryFolder;
using vantage::testing::WritePhotosAndSet;

class Initialization : public ::testing::Test {
 protected:
  void SetUp() override {
    set_ = WritePhotosAndSet(folder_.path(), 5, 6, 2);
    nn::ModelParts trunk = MakeFormulaModel();
    nn::WriteModelAs(trunk, "weights", folder_ / "trunk.pth");
    extract_.preprocessing = LongestSide(64);
  }

  nn::DescriptorNet NetOfTrunk() const { return nn::ReadModel(folder_ / "trunk.pth", net_).net; }
  InitializedLocals Initialize(nn::DescriptorNet& net, int64_t seed = 1, int threads = 1) const {
    RunContext context;
    context.threads = threads;
    return InitializeLocals(net, set_, folder_.path(), extract_, options_, seed, context);
  }
  static std::map<std::string, at::Tensor> TensorsOf(nn::DescriptorNet& net) {
    std::map<std::string, at::Tensor> tensors;
    net.Visit(
        [&](const std::string& name, const at::Tensor& tensor, nn::TensorRole) { tensors[name] = tensor; });
    return tensors;
  }

  TemporaryFolder folder_;
  TrainingSet set_;
  DescriptorNetOptions net_{
      "squeezenet1_1",
      NetVladHeadOptions{
          .locals = {.projection = 32, .windows = {2}, .dimension = 16}, .clusters = 6, .ghost_clusters = 1}};
  ExtractOptions extract_;
  InitializationOptions options_;
};

TEST_F(Initialization, ProjectsOnPrincipalComponentsAndTakesCentresOfLocals) {
  const at::NoGradGuard no_grad;
  nn::DescriptorNet net = NetOfTrunk();
  const InitializedLocals made = Initialize(net);
  EXPECT_EQ(made.photos, 18);  // of training
  EXPECT_TRUE(made.failed.empty());
  EXPECT_TRUE(net.IsInitialized());
  std::map<std::string, at::Tensor> tensors = TensorsOf(net);
  const at::Tensor weight = tensors["conv_1.weight"].view({32, 512});
  EXPECT_LT(RelativeError(weight.matmul(weight.t()), at::eye(32)), 1e-5);

  std::vector<at::Tensor> rows;
  std::vector<at::Tensor> locals;
  for (size_t i = 0; i < set_.photos.size(); ++i) {
    const PhotoId photo{static_cast<int64_t>(i)};
    if (set_.SplitOf(photo) != Split::kTrain) continue;
    const Image image = LoadPhoto(PhotosOfSet(set_, folder_.path()), static_cast<int64_t>(photo), extract_);
    const at::Tensor map = net.FeaturesOf(nn::ImagesToTensor({image}, net.normalization)).map_BCHW;
    rows.push_back(map[0].permute({1, 2, 0}).reshape({-1, 512}).to(at::kDouble));
    locals.push_back(dynamic_cast<const nn::LocalHead&>(net.head()).Locals(map)[0]);
  }
  const at::Tensor centred = at::cat(rows) - at::cat(rows).mean(at::IntArrayRef{0}, true);
  const at::Tensor projected = centred.matmul(weight.to(at::kDouble).t());
  const double kept = (projected.square().sum() / centred.square().sum()).item<double>();
  EXPECT_NEAR(made.explained_variance, kept, 1e-4);
  EXPECT_GT(kept, 0.5);
  // Uncorrelated, the largest variance first.
  const at::Tensor covariance = projected.t().matmul(projected);
  const at::Tensor variances = covariance.diagonal();
  EXPECT_LT(RelativeError(covariance, variances.diag()), 1e-4);
  EXPECT_GT((variances.narrow(0, 0, 31) - variances.narrow(0, 1, 31)).min().item<double>(), 0);
  const at::Tensor biased = at::cat(rows).matmul(weight.to(at::kDouble).t()) + tensors["conv_1.bias"];
  EXPECT_LT(RelativeError(biased, projected), 1e-4);

  const at::Tensor all = at::cat(locals);
  EXPECT_EQ(made.locals, all.size(0));  // fewer than 7 x 256
  const at::Tensor centres = tensors["netvlad_pool.assignment_weights"] / (2 * 30);
  EXPECT_LT(RelativeError(tensors["netvlad_pool.centroids"], centres.narrow(1, 0, 6)), 1e-6);
  const at::Tensor squared =
      (all.unsqueeze(2) - centres.unsqueeze(0)).square().sum(1).amin(at::IntArrayRef{1});
  EXPECT_NEAR(made.mean_squared_distance, squared.mean().item<double>(), 1e-4);
  EXPECT_LT(made.mean_squared_distance, 0.9);
}

TEST_F(Initialization, DependsOnTheSeedAndNotOnTheThreads) {
  const auto hash = [&](int64_t seed, int threads) {
    nn::DescriptorNet net = NetOfTrunk();
    Initialize(net, seed, threads);
    return nn::WeightsSha256(net);
  };
  options_.photos = 7;
  EXPECT_EQ(hash(1, 1), hash(1, 3));
  EXPECT_NE(hash(1, 1), hash(2, 1));
}

TEST_F(Initialization, LeavesAloneWhatHasItsWeights) {
  nn::DescriptorNet net = NetOfTrunk();
  Initialize(net);
  const std::string hash = nn::WeightsSha256(net);
  EXPECT_EQ(Initialize(net, 5).photos, 0);
  EXPECT_EQ(nn::WeightsSha256(net), hash);
  nn::DescriptorNet plain({"squeezenet1_1"});
  EXPECT_EQ(Initialize(plain).photos, 0);
}

TEST_F(Initialization, SaysWhatIsMissing) {
  WriteFile(folder_ / "photos/scene0/1.jpg", "no photo");
  nn::DescriptorNet net = NetOfTrunk();
  const InitializedLocals made = Initialize(net);
  EXPECT_EQ(made.photos, 17);
  ASSERT_EQ(made.failed.size(), 1U);
  EXPECT_THAT(made.failed[0], HasSubstr("scene0/1.jpg"));
  net_.head.As<NetVladHeadOptions>().clusters = 5000;
  EXPECT_THAT(ErrorOf([&] {
                nn::DescriptorNet large = NetOfTrunk();
                Initialize(large);
              }),
              HasSubstr("too few for 5001 clusters"));
  std::filesystem::remove_all(folder_ / "photos");
  net_.head.As<NetVladHeadOptions>().clusters = 6;
  EXPECT_THAT(ErrorOf([&] {
                nn::DescriptorNet none = NetOfTrunk();
                Initialize(none);
              }),
              HasSubstr("no photo to compute the network's initial weights from"));
}

class LocalTraining : public Initialization {
 protected:
  void SetUp() override {
    Initialization::SetUp();
    train_.model.net = net_;
    train_.model.weights = (folder_ / "trunk.pth").string();
    train_.data.training_set = (folder_ / "set.db").string();
    train_.data.image_size = 64;
    train_.data.test_size = 64;
    train_.loss = TripletLossOptions{.margin = 0.1, .reduction = "mean"};
    train_.mining.miner =
        DifficultyMiningOptions{.round = {.lowest_loss = -1, .highest_loss = 2, .one_per_class = false}};
    train_.optimizer.learning_rate = 1e-4;
    train_.epochs = 2;
    train_.tuples_per_step = 4;
  }

  TrainOptions train_;
};

TEST_F(LocalTraining, GoesThroughTheSameTrainer) {
  train_.epochs = 4;
  const TrainResult result = Train(train_, folder_ / "run", false, OneThread());
  ASSERT_EQ(result.epochs.size(), 5U);
  for (const EpochMetrics& epoch : result.epochs) EXPECT_TRUE(std::isfinite(epoch.val_loss));
  EXPECT_GT(result.epochs[1].tuples, 5);
  nn::ModelParts best = nn::ReadModel(folder_ / "run/best.pth");
  EXPECT_EQ(best.net.options(), net_);
  EXPECT_TRUE(best.net.IsInitialized());
  nn::ModelParts last = nn::ReadModel(folder_ / "run/last.pth");
  nn::DescriptorNet start = NetOfTrunk();
  Initialize(start, train_.seed);
  std::map<std::string, at::Tensor> before = TensorsOf(start);
  for (const auto& [name, tensor] : TensorsOf(last.net)) EXPECT_FALSE(tensor.equal(before.at(name))) << name;
}

TEST_F(LocalTraining, ResumesAfterAKillInEachPhase) {
  train_.mining.rounds = 2;
  train_.epochs = 1;
  std::vector<std::string> tasks;  // of the whole run
  std::vector<int> begins;         // calls of is_cancelled before each began
  RunContext whole = OneThread();
  int calls = 0;
  whole.is_cancelled = [&] {
    ++calls;
    return false;
  };
  whole.on_progress = [&](const Progress& progress) {
    if (std::find(tasks.begin(), tasks.end(), progress.task) != tasks.end()) return;
    tasks.push_back(progress.task);
    begins.push_back(calls);
  };
  Train(train_, folder_ / "whole", false, whole);
  EXPECT_THAT(tasks, ::testing::IsSupersetOf({"principal components of the activations",
                                              "local features of training photos", "k-means"}));
  for (size_t phase = 0; phase < tasks.size(); ++phase) {
    const std::string run = StrCat("cut", phase);
    RunContext context = OneThread();
    int seen = 0;
    context.is_cancelled = [&] { return ++seen > begins[phase]; };
    try {
      Train(train_, folder_ / run, false, context);
    } catch (const Interrupted&) {
      // Expected.
    }
    Train(train_, folder_ / run, true, OneThread());
    EXPECT_EQ(Sha256OfFile(folder_ / run / "best.pth"), Sha256OfFile(folder_ / "whole/best.pth"))
        << tasks[phase];
    EXPECT_EQ(Sha256OfFile(folder_ / run / "last.pth"), Sha256OfFile(folder_ / "whole/last.pth"))
        << tasks[phase];
  }
}

}  // namespace
}  // namespace vantage::train

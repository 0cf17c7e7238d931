// SPDX-License-Identifier: BSD-3-Clause
// Tests that need a GPU. Skipped with the reason on a machine without one.
#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <torch/csrc/autograd/autograd.h>

#include <cmath>
#include <optional>

#include "nn/device.h"
#include "nn/folded_net.h"
#include "nn/model_file.h"
#include "testing/files.h"
#include "testing/photos.h"
#include "testing/tensors.h"
#include "train/engine.h"
#include "train/initialize.h"
#include "util/file.h"
#include "util/hash.h"
#include "util/string.h"
#include "vantage/describer.h"
#include "vantage/error.h"
#include "vantage/training.h"

namespace vantage {
namespace {

using ::testing::HasSubstr;
using vantage::testing::ErrorOf;
using vantage::testing::FillByFormula;
using vantage::testing::MakeFormulaModel;
using vantage::testing::MakePhoto;
using vantage::testing::RelativeError;
using vantage::testing::TemporaryFolder;
using vantage::testing::WritePhotosAndSet;

class Gpu : public ::testing::Test {
 protected:
  void SetUp() override {
    try {
      nn::ParseDevice("cuda");
    } catch (const UsageError& error) {
      GTEST_SKIP() << "no GPU here: " << error.what();
    }
  }

  static std::vector<Image> Photos() {
    std::vector<Image> photos;
    for (int i = 0; i < 12; ++i) photos.push_back(MakePhoto(i / 3, i, 200 + 40 * (i % 2), 160));
    return photos;
  }

  // The largest difference from the CPU's descriptors in fp32, of unit length.
  static double Difference(const std::string& architecture, const std::string& precision) {
    nn::ModelParts model = MakeFormulaModel(architecture);
    const DescriptorMatrix expected =
        Describer(model.net, {.preprocessing = LongestSide(240)}).Describe(Photos());
    model.net.To(nn::ParseDevice("cuda"));
    const Describer describer(model.net, {.preprocessing = LongestSide(240), .precision = precision});
    EXPECT_FALSE(describer.IsOnCpu());
    return (describer.Describe(Photos()) - expected).rowwise().norm().maxCoeff();
  }

  static bool Has(const std::string& precision) {
    try {
      nn::ParsePrecision(precision, nn::ParseDevice("cuda"));
      return true;
    } catch (const UsageError&) {
      return false;
    }
  }

  // A run's options on photos that are written to `folder`.
  static TrainOptions RunOptions(const TemporaryFolder& folder, const std::string& architecture) {
    WritePhotosAndSet(folder.path(), 5, 6, 2);
    nn::ModelParts start = MakeFormulaModel(architecture);
    nn::WriteModel(start, folder / "start.pth");
    TrainOptions options;
    options.model.net = {architecture};
    options.model.weights = (folder / "start.pth").string();
    options.data.training_set = (folder / "set.db").string();
    options.data.image_size = 64;
    options.data.test_size = 64;
    options.mining.miner.As<NegativeMiningOptions>().negatives = 2;
    options.optimizer.learning_rate = 1e-4;
    options.epochs = 2;
    options.tuples_per_step = 2;
    options.compute.device = "cuda";
    return options;
  }

  static std::vector<at::Tensor> TensorsOf(const std::filesystem::path& path) {
    nn::ModelParts model = nn::ReadModel(path);
    std::vector<at::Tensor> tensors;
    model.net.Visit([&](const std::string&, const at::Tensor& tensor, nn::TensorRole) {
      if (tensor.is_floating_point()) tensors.push_back(tensor.flatten());
    });
    return tensors;
  }

  static double LargestDifference(const std::filesystem::path& a, const std::filesystem::path& b) {
    const std::vector<at::Tensor> of_a = TensorsOf(a);
    const std::vector<at::Tensor> of_b = TensorsOf(b);
    double largest = 0;
    for (size_t i = 0; i < of_a.size(); ++i)
      largest = std::max(largest, (of_a[i] - of_b[i]).abs().max().item<double>());
    return largest;
  }
};

TEST_F(Gpu, DescriptorsInFp32AreThoseOfTheCpu) {
  for (const char* architecture : {"squeezenet1_1", "resnet18", "vgg16"})
    EXPECT_LT(Difference(architecture, "fp32"), 2e-4) << architecture;
}

TEST_F(Gpu, CoarserPrecisionsAreNearAndFp32IsNoneOfThem) {
  const double exact = Difference("resnet18", "fp32");
  for (const char* precision : {"tf32", "bf16", "fp16"}) {
    if (!Has(precision)) continue;
    const double difference = Difference("resnet18", precision);
    RecordProperty(precision, std::to_string(difference));
    EXPECT_LT(difference, std::string(precision) == "bf16" ? 0.1 : 0.02) << precision;
    EXPECT_GT(difference, 3 * exact) << precision << " is computed as fp32";
  }
  // One after the other in one process: each network has its own precision.
  EXPECT_LT(Difference("resnet18", "fp32"), 2e-4);
}

TEST_F(Gpu, DevicesThatAreNotThereAreNamed) {
  EXPECT_THAT(ErrorOf([] { nn::ParseDevice("cuda:99"); }),
              HasSubstr("device 'cuda:99': the last one here is cuda:"));
}

TEST_F(Gpu, AStepHasTheGradientOfTheCpu) {
  const auto gradients_on = [](const std::string& device, double scale) {
    nn::DescriptorNet net({"resnet18"});
    net.Visit([](const std::string& name, const at::Tensor& tensor, nn::TensorRole) {
      if (name != "pool.p") FillByFormula(name, tensor);
    });
    net.To(nn::ParseDevice(device));
    net.Visit([](const std::string&, const at::Tensor& tensor, nn::TensorRole role) {
      if (role != nn::TensorRole::kBuffer) tensor.requires_grad_(true);
    });
    const nn::FoldedNet folded(net);
    const auto load = [](size_t i) {
      train::LoadedTuple tuple;
      for (int p = 0; p < 6; ++p) {
        tuple.images.push_back(MakePhoto(static_cast<int>(i) + std::max(0, p - 1), p, 96, 80));
        tuple.labels.push_back(p == 0   ? TupleLabel::kQuery
                               : p == 1 ? TupleLabel::kPositive
                                        : TupleLabel::kNegative);
        tuple.may_have_gradient.push_back(true);
      }
      return tuple;
    };
    const TupleLoss loss = nn::MakeLoss(ContrastiveLossOptions{.margin = 0.9});
    const train::EngineOutcome outcome =
        train::MakeWorkerEngine({1, 1, {1 << 22, 1 << 22}})
            ->Run(folded.net(), folded.leaves(), 3, {.loss = loss, .next = load, .gradient_scale = scale});
    std::vector<at::Tensor> flat;
    for (const at::Tensor& gradient : outcome.gradients) {
      if (gradient.defined()) flat.push_back(gradient.cpu().flatten());
    }
    return at::cat(flat);
  };
  const at::Tensor expected = gradients_on("cpu", 1);
  const at::Tensor on_gpu = gradients_on("cuda", 1);
  EXPECT_LT(RelativeError(on_gpu, expected), 1e-3);
  EXPECT_LT(RelativeError(gradients_on("cuda", 1024) / 1024, expected), 1e-3);
}

TEST_F(Gpu, TrainingResumesToTheSameWeights) {
  const TemporaryFolder folder;
  const TrainOptions options = RunOptions(folder, "resnet18");
  Train(options, folder / "whole", false);
  Train(options, folder / "again", false);
  RunContext context;
  int seen = 0;
  context.is_cancelled = [&] { return ++seen > 70; };
  EXPECT_THROW(Train(options, folder / "cut", false, context), Interrupted);
  Train(options, folder / "cut", true);
  for (const char* run : {"again", "cut"}) {
    EXPECT_LT(LargestDifference(folder / run / "last.pth", folder / "whole/last.pth"), 1e-5) << run;
    RecordProperty(std::string(run) + "_has_the_same_bytes",
                   Sha256OfFile(folder / run / "last.pth") == Sha256OfFile(folder / "whole/last.pth"));
  }
  EXPECT_GT(LargestDifference(folder / "start.pth", folder / "whole/last.pth"), 1e-5);
}

TEST_F(Gpu, EachPrecisionTrains) {
  for (const char* precision : {"tf32", "bf16", "fp16"}) {
    if (!Has(precision)) continue;
    const TemporaryFolder folder;
    TrainOptions options = RunOptions(folder, "resnet18");
    options.compute.precision = precision;
    options.epochs = 6;
    const TrainResult result = Train(options, folder / "run", false);
    EXPECT_LT(result.epochs.back().train_loss, result.epochs[1].train_loss) << precision;
    EXPECT_EQ(result.epochs.back().skipped_steps, 0) << precision;
  }
}

TEST_F(Gpu, BatchStatisticsAreTrained) {
  const TemporaryFolder folder;
  TrainOptions options = RunOptions(folder, "resnet18");
  options.model.batch_norm = "trained";
  options.epochs = 1;
  const TrainResult on_gpu = Train(options, folder / "gpu", false);
  options.compute.device = "cpu";
  const TrainResult on_cpu = Train(options, folder / "cpu", false);
  EXPECT_NEAR(on_gpu.epochs[1].train_loss, on_cpu.epochs[1].train_loss, 1e-2 * on_cpu.epochs[1].train_loss);
}

TEST_F(Gpu, ExtractionThatBeganOnTheCpuLeavesNoRowUndescribed) {
  const TemporaryFolder folder;
  for (int i = 0; i < 60; ++i)
    WriteFile(folder / StrCat("photos/", 100 + i, ".png"), EncodePng(MakePhoto(i, 0, 64, 48)));
  const NamedPhotos photos = ListPhotos({(folder / "photos").string()});
  nn::ModelParts model = MakeFormulaModel();
  DescriptorStore store(folder / "run.partial");
  RunContext context;
  int reports = 0;
  context.on_progress = [&](const Progress&) { ++reports; };
  context.is_cancelled = [&] { return reports > 20; };
  EXPECT_THROW(ExtractDescriptors(Describer(model.net), PhotoFiles(photos.requests), context, &store),
               Interrupted);
  EXPECT_GT(store.size(), 0U);
  model.net.To(nn::ParseDevice("cuda"));
  const ExtractedDescriptors whole =
      ExtractDescriptors(Describer(model.net), PhotoFiles(photos.requests), {}, &store);
  EXPECT_TRUE(whole.failed.empty());
  for (Eigen::Index i = 0; i < whole.values.rows(); ++i) EXPECT_NEAR(whole.values.row(i).norm(), 1, 1e-3);
}

TEST_F(Gpu, LocalFeaturesAreInitialised) {
  const TemporaryFolder folder;
  const TrainingSet set = WritePhotosAndSet(folder.path(), 3, 4, 1);
  const DescriptorNetOptions options{"squeezenet1_1",
                                     NetVladHeadOptions{.locals = {.dimension = 32}, .clusters = 4}};
  const auto distance_on = [&](const std::string& device) {
    nn::DescriptorNet net(options);
    net.Visit([](const std::string& name, const at::Tensor& tensor, nn::TensorRole) {
      if (name.starts_with("base_features.")) FillByFormula(name, tensor);
    });
    net.To(nn::ParseDevice(device));
    return train::InitializeLocals(net, set, folder.path(), {.preprocessing = LongestSide(64)}, {.photos = 8},
                                   0)
        .mean_squared_distance;
  };
  EXPECT_NEAR(distance_on("cuda"), distance_on("cpu"), 0.05);
}

}  // namespace
}  // namespace vantage

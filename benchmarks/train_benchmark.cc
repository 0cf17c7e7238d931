// SPDX-License-Identifier: BSD-3-Clause
// Measures a training step, from photos to changed weights, and in the same run the plain way of the field's
// Python tools: decode in line, NCHW, separate batch norm, photo by photo, one backward pass a tuple, freed
// memory returned. Tuples have seven photos, all with a gradient, so that nothing is skipped. Each
// measurement is a separate process; the kinds take turns, and medians over the rounds are compared. The
// plain way computes convolutional trunks with GeM, all of whose blocks are trained.
#include <ATen/core/grad_mode.h>
#include <ATen/ops/cat.h>
#include <torch/csrc/autograd/autograd.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <optional>

#include "harness.h"
#include "nn/images_to_tensor.h"
#include "nn/pooling.h"
#include "nn/trunk.h"
#include "plain_trunk.h"
#include "random_net.h"
#include "train/frozen_features.h"
#include "train/training_step.h"
#include "util/check.h"
#include "util/parallel.h"
#include "util/stopwatch.h"
#include "vantage/describer.h"
#include "vantage/run_context.h"

namespace vantage {
namespace {

namespace fs = std::filesystem;
using benchmarks::Figures;
using Clock = std::chrono::steady_clock;

constexpr size_t kPhotosOfTuple = 7;
constexpr double kRate = 1e-7;

struct Setting {
  std::string architecture = "resnet50";
  std::string head;           // "": GeM
  std::string preprocessing;  // "": the longest side has 362 pixels
  int freeze_blocks = 0;
  int64_t batch_pixels = 0;
  size_t tuples_per_step = 5;
  int steps = 1;

  bool HasPlain() const {
    return head.empty() && freeze_blocks == 0 && !nn::TrunkNamed(architecture).has_tokens;
  }
};

// Kind of measurement: the output of frozen blocks is kept from the warm-up step on.
constexpr const char* kKept = "fp32, kept features";
constexpr int64_t kKeptBytes = int64_t{1} << 30;

// The margin is larger than all distances, so every negative has a gradient.
TupleLoss Loss() { return nn::MakeLoss(ContrastiveLossOptions{.margin = 3}); }

class Photos {
 public:
  Photos(const fs::path& folder, const std::string& preprocessing)
      : photos_(ListPhotos({folder.string()}).requests) {
    extract_.preprocessing = preprocessing.empty() ? LongestSide(362) : ParsePreprocessing(preprocessing);
  }

  // Decodes tuple number `tuple`.
  train::LoadedTuple Load(size_t tuple) const {
    train::LoadedTuple loaded;
    for (size_t i = 0; i < kPhotosOfTuple; ++i) {
      const int64_t photo = static_cast<int64_t>(tuple * kPhotosOfTuple + i) % photos_.size();
      loaded.images.push_back(LoadPhoto(photos_, photo, extract_));
      loaded.photos.push_back(PhotoId(photo));
      loaded.labels.push_back(i == 0   ? TupleLabel::kQuery
                              : i == 1 ? TupleLabel::kPositive
                                       : TupleLabel::kNegative);
      loaded.may_have_gradient.push_back(true);
    }
    return loaded;
  }

 private:
  PhotoFiles photos_;
  ExtractOptions extract_;
};

double TimeVantage(nn::DescriptorNet net, const Photos& photos, const Setting& setting,
                   const std::string& kind, double& data_wait) {
  train::Optimizer optimizer(net, {}, {}, setting.freeze_blocks);
  const TupleLoss loss = Loss();
  net.ComputeTrunkIn(nn::ParsePrecision(kind.substr(0, 4), net.device()));
  std::optional<train::FrozenFeatures> frozen;
  if (kind == kKept) frozen.emplace(net.FrozenStages(), kKeptBytes);
  const int threads = RunContext().ThreadCount();
  const std::unique_ptr<train::Engine> engine =
      train::MakeEngine({.batch_pixels = setting.batch_pixels}, net.device(), threads);
  const size_t count = setting.tuples_per_step * static_cast<size_t>(setting.steps + 1);
  OrderedPrefetch<train::LoadedTuple> loaded(static_cast<int64_t>(count), std::max(1, threads / 2),
                                             2 * threads,
                                             [&](int64_t i) { return photos.Load(static_cast<size_t>(i)); });
  const auto step = [&] {
    return train::TakeStep(*engine, net, optimizer, kRate,
                           train::TupleShare(ProcessGroup(), 0, setting.tuples_per_step),
                           {.loss = loss,
                            .next = [&](size_t) { return *loaded.Next(); },
                            .frozen = frozen ? &*frozen : nullptr});
  };
  step();
  const auto start = Clock::now();
  data_wait = 0;
  for (int i = 0; i < setting.steps; ++i) data_wait += step().tally.seconds.data;
  const double seconds = SecondsSince(start);
  data_wait /= seconds;
  return seconds / static_cast<double>(count - setting.tuples_per_step);
}

double TimePlain(nn::DescriptorNet net, const Photos& photos, const Setting& setting) {
  train::Optimizer optimizer(net, {}, {});
  const TupleLoss loss = Loss();
  const PlainTrunk plain(net.trunk());
  at::Tensor exponent;
  net.Visit([&](const std::string&, const at::Tensor& tensor, nn::TensorRole role) {
    if (role == nn::TensorRole::kExponent) exponent = tensor;
  });
  size_t tuple = 0;
  const auto step = [&] {
    for (size_t i = 0; i < setting.tuples_per_step; ++i) {
      const train::LoadedTuple loaded = photos.Load(tuple++);
      std::vector<at::Tensor> descriptors;
      for (const Image& image : loaded.images) {
        const at::Tensor pixels = nn::ImagesToTensor({image}, net.normalization).contiguous();
        descriptors.push_back(nn::L2Normalize(nn::GemPool(plain.Forward(pixels), exponent)));
      }
      const at::AutoGradMode with_gradients(true);
      optimizer.AddGradients(
          torch::autograd::grad({loss(at::cat(descriptors), loaded.labels)}, optimizer.Parameters()));
    }
    optimizer.Step(kRate);
  };
  step();
  const auto start = Clock::now();
  for (int i = 0; i < setting.steps; ++i) step();
  return SecondsSince(start) /
         static_cast<double>(setting.tuples_per_step * static_cast<size_t>(setting.steps));
}

Figures Measure(const std::string& kind, const Setting& setting, const fs::path& folder) {
  if (kind != "plain") KeepFreedMemory();
  const nn::DescriptorNet net = benchmarks::MakeRandomNet(setting.architecture, setting.head);
  const Photos photos(folder, setting.preprocessing);
  double data_wait = 0;  // share of the workers' time that they waited for photos
  const double seconds =
      kind == "plain" ? TimePlain(net, photos, setting) : TimeVantage(net, photos, setting, kind, data_wait);
  return {{"seconds", seconds}, {"data_wait", data_wait}};  // a tuple
}

void Compare(const benchmarks::Turns& turns, const Setting& setting, const std::vector<std::string>& kinds,
             const std::string& folder) {
  const auto measured = turns.Measure(
      kinds, {"--architectures", setting.architecture, "--head", setting.head, "--preprocessing",
              setting.preprocessing, "--freeze-blocks", StrCat(setting.freeze_blocks), "--batch-pixels",
              StrCat(setting.batch_pixels), "--photos", folder, "--tuples", StrCat(setting.tuples_per_step),
              "--steps", StrCat(setting.steps)});
  for (const std::string& kind : kinds) {
    const Figures& median = measured.at(kind);
    std::printf("| %s | %s | %.3f | %.2f | %.1f | %.0f |\n", setting.architecture.c_str(), kind.c_str(),
                median.at("seconds"), measured.at(kinds[0]).at("seconds") / median.at("seconds"),
                100 * median.at("data_wait"), median.at("peak_mib"));
  }
  std::fflush(stdout);
}

int Main(int argc, char** argv) {
  CLI::App app("Times training steps on tuples of seven photos against the plain way.");
  std::vector<std::string> architectures = {"squeezenet1_1", "resnet50"};
  std::string photos;
  Setting setting;
  const benchmarks::Turns turns(app, 3);
  bool with_bf16 = false;
  app.add_option("--photos", photos, "Folder of photos; default: synthetic ones");
  app.add_option("--architectures", architectures, "Trunks");
  app.add_option("--head", setting.head, "What follows the trunk, as in class-token; default: GeM");
  app.add_option("--preprocessing", setting.preprocessing,
                 "How photos are prepared, as in square=224,bilinear; default: longest=362");
  app.add_option("--freeze-blocks", setting.freeze_blocks, "First blocks that are not trained, and the stem");
  app.add_option("--batch-pixels", setting.batch_pixels, "Most pixels of the photos of a pass; 0: one photo");
  app.add_option("--tuples", setting.tuples_per_step, "Tuples a step");
  app.add_option("--steps", setting.steps, "Steps a measurement, after one to warm up");
  app.add_flag("--bf16", with_bf16, "Measure bfloat16 too");
  CLI11_PARSE(app, argc, argv);
  if (turns.MeasuresHere([&](const std::string& kind) {
        setting.architecture = architectures.at(0);
        return Measure(kind, setting, photos);
      })) {
    return 0;
  }
  std::optional<benchmarks::SyntheticPhotos> made;
  if (photos.empty()) photos = made.emplace(28).folder();
  std::printf(
      "| trunk | kind | s per tuple | first kind : kind | waits for data, %% | peak MiB "
      "|\n|---|---|---|---|---|---|\n");
  for (const std::string& architecture : architectures) {
    setting.architecture = architecture;
    std::vector<std::string> kinds = {"fp32"};
    if (setting.HasPlain()) kinds.insert(kinds.begin(), "plain");
    if (setting.freeze_blocks > 0) kinds.emplace_back(kKept);
    if (with_bf16) kinds.emplace_back("bf16");
    Compare(turns, setting, kinds, photos);
  }
  return 0;
}

}  // namespace
}  // namespace vantage

int main(int argc, char** argv) { return vantage::benchmarks::Run(argc, argv, vantage::Main); }

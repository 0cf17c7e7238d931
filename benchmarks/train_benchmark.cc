// SPDX-License-Identifier: BSD-3-Clause
// How fast a training step is, photos to changed weights, against the plain way measured in the same run:
// decode in line, NCHW, batch norm on its own, photo by photo, one backward pass a tuple, freed memory given
// back: how the Python tools of the field do it. Tuples of seven photos, all of which have a gradient, so
// that nothing is skipped. Each measurement is a process of its own; the kinds take turns, and medians over
// the rounds are compared.
#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/randn.h>
#include <sys/resource.h>
#include <torch/csrc/autograd/autograd.h>

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <map>

#include "nn/images_to_tensor.h"
#include "nn/pooling.h"
#include "plain_trunk.h"
#include "synthetic/synthetic.h"
#include "train/training_step.h"
#include "util/check.h"
#include "util/parallel.h"
#include "util/stopwatch.h"
#include "util/subprocess.h"
#include "vantage/describer.h"
#include "vantage/run_context.h"

namespace vantage {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr size_t kPhotosOfTuple = 7;
constexpr double kRate = 1e-7;

struct Measurement {
  double seconds = 0;    // a tuple
  double data_wait = 0;  // share of the workers' time that they waited for photos
  double peak_mib = 0;
};

struct Setting {
  std::string architecture = "resnet50";
  size_t tuples_per_step = 5;
  int steps = 1;
};

// Speed does not depend on the weights' values, as long as activations neither vanish nor overflow.
nn::DescriptorNet MakeRandomNet(const std::string& architecture) {
  DescriptorNetOptions options;
  options.architecture = architecture;
  nn::DescriptorNet net(options);
  const at::NoGradGuard no_grad;
  net.Replace([](const std::string&, at::Tensor& tensor, nn::TensorRole) {
    if (tensor.dim() == 4)
      tensor = at::randn(tensor.sizes()) * std::sqrt(2.0 / static_cast<double>(tensor[0].numel()));
  });
  return net;
}

// A margin beyond all distances: every negative has a gradient.
TupleLoss Loss() { return nn::MakeLoss(ContrastiveLossOptions{.margin = 3}); }

class Photos {
 public:
  explicit Photos(const fs::path& folder) : requests_(ListPhotos({folder.string()}).requests) {}

  // Tuple number `tuple`, decoded now.
  train::LoadedTuple Load(size_t tuple) const {
    train::LoadedTuple loaded;
    for (size_t i = 0; i < kPhotosOfTuple; ++i) {
      loaded.images.push_back(
          LoadPhoto(requests_[(tuple * kPhotosOfTuple + i) % requests_.size()], {.image_size = 362}));
      loaded.labels.push_back(i == 0   ? TupleLabel::kQuery
                              : i == 1 ? TupleLabel::kPositive
                                       : TupleLabel::kNegative);
      loaded.may_have_gradient.push_back(true);
    }
    return loaded;
  }

 private:
  std::vector<PhotoRequest> requests_;
};

double TimeVantage(nn::DescriptorNet net, const Photos& photos, const Setting& setting,
                   const std::string& precision, double& data_wait) {
  train::Optimizer optimizer(net, {}, {});
  const TupleLoss loss = Loss();
  net.ComputeTrunkIn(nn::ParsePrecision(precision, net.device()));
  const int threads = RunContext().ThreadCount();
  const train::TupleRunnerOptions options = train::RunnerOptions({}, net.device(), threads);
  const size_t count = setting.tuples_per_step * static_cast<size_t>(setting.steps + 1);
  OrderedPrefetch<train::LoadedTuple> loaded(static_cast<int64_t>(count), std::max(1, threads / 2),
                                             2 * threads,
                                             [&](int64_t i) { return photos.Load(static_cast<size_t>(i)); });
  const auto step = [&] {
    return train::TakeStep(net, optimizer, loss, kRate,
                           train::TupleShare(ProcessGroup(), 0, setting.tuples_per_step),
                           [&](size_t) { return *loaded.Next(); }, options, {});
  };
  step();
  const auto start = Clock::now();
  data_wait = 0;
  for (int i = 0; i < setting.steps; ++i) data_wait += step().times.data;
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

Measurement Measure(const std::string& kind, const Setting& setting, const fs::path& folder) {
  if (kind != "plain") KeepFreedMemory();
  const nn::DescriptorNet net = MakeRandomNet(setting.architecture);
  const Photos photos(folder);
  Measurement measurement;
  measurement.seconds = kind == "plain" ? TimePlain(net, photos, setting)
                                        : TimeVantage(net, photos, setting, kind, measurement.data_wait);
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  measurement.peak_mib = static_cast<double>(usage.ru_maxrss) / 1024;
  return measurement;
}

Measurement MeasureInProcess(const std::string& program, const std::string& kind, const Setting& setting,
                             const fs::path& folder) {
  const auto [code, output] = CaptureCommand(
      {program, "--measure", kind, "--architectures", setting.architecture, "--photos", folder.string(),
       "--tuples", std::to_string(setting.tuples_per_step), "--steps", std::to_string(setting.steps)});
  Measurement measurement;
  VANTAGE_CHECK(code == 0 && std::sscanf(output.c_str(), "%lf %lf %lf", &measurement.seconds,
                                         &measurement.data_wait, &measurement.peak_mib) == 3,
                kind, " failed: ", output);
  return measurement;
}

Measurement Median(std::vector<Measurement> measurements) {
  std::sort(measurements.begin(), measurements.end(),
            [](const Measurement& a, const Measurement& b) { return a.seconds < b.seconds; });
  return measurements[measurements.size() / 2];
}

void Compare(const std::string& program, const Setting& setting, const std::vector<std::string>& kinds,
             const fs::path& folder, int rounds) {
  std::map<std::string, std::vector<Measurement>> measured;
  for (int round = 0; round < rounds; ++round) {
    for (const std::string& kind : kinds)
      measured[kind].push_back(MeasureInProcess(program, kind, setting, folder));
  }
  const double plain = Median(measured["plain"]).seconds;
  for (const std::string& kind : kinds) {
    const Measurement median = Median(measured[kind]);
    std::printf("| %s | %s | %.3f | %.2f | %.1f | %.0f |\n", setting.architecture.c_str(), kind.c_str(),
                median.seconds, plain / median.seconds, 100 * median.data_wait, median.peak_mib);
  }
  std::fflush(stdout);
}

int Main(int argc, char** argv) {
  CLI::App app("Times training steps on tuples of seven photos of 362 pixels against the plain way.");
  std::vector<std::string> architectures = {"squeezenet1_1", "resnet50"};
  std::string photos;
  std::string kind;
  Setting setting;
  int rounds = 3;
  bool with_bf16 = false;
  app.add_option("--photos", photos, "Folder of photos; default: synthetic ones");
  app.add_option("--architectures", architectures, "Trunks");
  app.add_option("--tuples", setting.tuples_per_step, "Tuples a step");
  app.add_option("--steps", setting.steps, "Steps a measurement, after one to warm up");
  app.add_option("--rounds", rounds, "Measurements of each kind");
  app.add_flag("--bf16", with_bf16, "Measure bfloat16 too");
  app.add_option(
      "--measure", kind,
      "Measure one kind (plain, fp32, bf16) in this process and print seconds a tuple, share of data, "
      "peak MiB");
  CLI11_PARSE(app, argc, argv);
  if (!kind.empty()) {
    setting.architecture = architectures.at(0);
    const Measurement one = Measure(kind, setting, photos);
    std::printf("%.6f %.6f %.1f\n", one.seconds, one.data_wait, one.peak_mib);
    return 0;
  }
  const fs::path made = fs::temp_directory_path() / StrCat("train_benchmark-", ::getpid());
  if (photos.empty()) {
    synthetic::SynthesizeDataset({.train_scenes = 0,
                                  .val_scenes = 0,
                                  .test_scenes = 2,
                                  .test_photos = 14,
                                  .distractors = 0,
                                  .image_size = 800},
                                 made, {});
    photos = (made / "test" / "photos").string();
  }
  std::vector<std::string> kinds = {"plain", "fp32"};
  if (with_bf16) kinds.push_back("bf16");
  std::printf(
      "| trunk | kind | s a tuple | plain : kind | waits for data, %% | peak MiB "
      "|\n|---|---|---|---|---|---|\n");
  for (const std::string& architecture : architectures) {
    setting.architecture = architecture;
    Compare(argv[0], setting, kinds, photos, rounds);
  }
  fs::remove_all(made);
  return 0;
}

}  // namespace
}  // namespace vantage

int main(int argc, char** argv) {
  try {
    return vantage::Main(argc, argv);
  } catch (const vantage::Error& error) {
    std::fprintf(stderr, "train_benchmark: %s\n", error.what());
    return 1;
  }
}

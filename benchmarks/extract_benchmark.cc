// SPDX-License-Identifier: BSD-3-Clause
// How fast photos become descriptors, end to end, against two baselines measured in the same run:
// limit: the bare forward pass of the same network in the best layout, on tensors that lie ready: all that
//   could be reached if decoding and resizing cost nothing;
// plain: decode, resize, NCHW, batch norm on its own, one photo after the other, freed memory given back: how
//   the Python tools of the field do it.
// Each measurement is a process of its own; the kinds take turns, and medians over the rounds are compared.
#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/full.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/upsample_bilinear2d.h>
#include <c10/core/InferenceMode.h>
#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <map>

#include "plain_trunk.h"
#include "vantage/extract/describer.h"
#include "vantage/nn/descriptor_net.h"
#include "vantage/nn/intra_op_threads.h"
#include "vantage/nn/pooling.h"
#include "vantage/synthetic/synthetic.h"
#include "vantage/util/error.h"
#include "vantage/util/memory.h"
#include "vantage/util/parallel.h"
#include "vantage/util/subprocess.h"

namespace vantage {
namespace {

namespace fs = std::filesystem;

struct Setting {
  std::string architecture = "squeezenet1_1";
  int image_size = 362;
  std::string scales = "1";
};

struct Measurement {
  double seconds = 0;  // a photo
  double peak_mib = 0;
};

// Speed does not depend on the weights' values, as long as activations neither vanish nor overflow.
DescriptorNet MakeRandomNet(const std::string& architecture) {
  DescriptorNetOptions options;
  options.architecture = architecture;
  DescriptorNet net(options);
  const at::NoGradGuard no_grad;
  net.Visit([](const std::string&, at::Tensor& tensor, TensorRole) {
    if (tensor.dim() == 4)
      tensor = at::randn(tensor.sizes()) * std::sqrt(2.0 / static_cast<double>(tensor[0].numel()));
  });
  return net;
}

// Seconds a call of `pass` takes: one to warm up, then as many as take two seconds.
double TimeOf(const std::function<void()>& pass) {
  using Clock = std::chrono::steady_clock;
  pass();
  const auto start = Clock::now();
  int passes = 0;
  double seconds = 0;
  for (; passes == 0 || seconds < 2; ++passes) {
    pass();
    seconds = std::chrono::duration<double>(Clock::now() - start).count();
  }
  return seconds / passes;
}

double TimeLimit(const DescriptorNet& net, const std::vector<PhotoRequest>& photos,
                 const ExtractOptions& options, bool side_by_side) {
  const DescriptorNet frozen = net.Frozen();
  std::vector<at::Tensor> tensors;
  for (const PhotoRequest& photo : photos)
    tensors.push_back(ImagesToTensor({LoadPhoto(photo, options)}, net.normalization));
  const int threads = side_by_side ? RunContext().ThreadCount() : 1;
  const IntraOpThreads alone(1);
  return TimeOf([&] {
    ParallelFor(static_cast<int64_t>(tensors.size()), threads, [&](int64_t i) {
      const c10::InferenceMode inference;
      if (side_by_side) alone.Enter();
      frozen.Forward(tensors[static_cast<size_t>(i)], options.scales);
    });
  });
}

double TimeVantage(const DescriptorNet& net, const std::vector<PhotoRequest>& photos,
                   const ExtractOptions& options) {
  const Describer describer(net, options);
  return TimeOf([&] { ExtractDescriptors(describer, photos); });
}

double TimePlain(const DescriptorNet& net, const std::vector<PhotoRequest>& photos,
                 const ExtractOptions& options) {
  const c10::InferenceMode inference;
  const at::Tensor exponent = at::full({1}, 3.0);
  const PlainTrunk plain(net.trunk());
  return TimeOf([&] {
    for (const PhotoRequest& photo : photos) {
      const at::Tensor image = ImagesToTensor({LoadPhoto(photo, options)}, net.normalization).contiguous();
      for (const double scale : options.scales) {
        const at::Tensor resized =
            scale == 1 ? image
                       : at::upsample_bilinear2d(image, /*output_size=*/std::nullopt, /*align_corners=*/false,
                                                 std::vector<double>{scale, scale});
        L2Normalize(GemPool(plain.Forward(resized), exponent));
      }
    }
  });
}

Measurement Measure(const std::string& kind, const Setting& setting, const fs::path& folder, size_t count) {
  if (kind != "plain") KeepFreedMemory();
  std::vector<PhotoRequest> photos = ListPhotos({folder.string()}).requests;
  photos.resize(std::min(count, photos.size()));
  const ExtractOptions options{.image_size = setting.image_size, .scales = ParseScales(setting.scales)};
  const DescriptorNet net = MakeRandomNet(setting.architecture);
  const double seconds = kind == "limit, side by side" ? TimeLimit(net, photos, options, true)
                         : kind == "limit, one by one" ? TimeLimit(net, photos, options, false)
                         : kind == "vantage"           ? TimeVantage(net, photos, options)
                                                       : TimePlain(net, photos, options);
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return {seconds / static_cast<double>(photos.size()), static_cast<double>(usage.ru_maxrss) / 1024};
}

Measurement MeasureInProcess(const std::string& program, const std::string& kind, const Setting& setting,
                             const fs::path& folder, size_t count) {
  const auto [code, output] =
      CaptureCommand({program, "--measure", kind, "--architectures", setting.architecture, "--sizes",
                      std::to_string(setting.image_size), "--scales", setting.scales, "--photos",
                      folder.string(), "--count", std::to_string(count)});
  Measurement measurement;
  VANTAGE_CHECK(
      code == 0 && std::sscanf(output.c_str(), "%lf %lf", &measurement.seconds, &measurement.peak_mib) == 2,
      kind, " failed: ", output);
  return measurement;
}

Measurement Median(std::vector<Measurement> measurements) {
  std::sort(measurements.begin(), measurements.end(),
            [](const Measurement& a, const Measurement& b) { return a.seconds < b.seconds; });
  return measurements[measurements.size() / 2];
}

void Compare(const std::string& program, const Setting& setting, const fs::path& folder, size_t count,
             int rounds) {
  std::map<std::string, std::vector<Measurement>> measured;
  for (int round = 0; round < rounds; ++round) {
    for (const char* kind : {"limit, side by side", "vantage", "limit, one by one", "plain"})
      measured[kind].push_back(MeasureInProcess(program, kind, setting, folder, count));
  }
  const double limit = std::min(Median(measured["limit, side by side"]).seconds,
                                Median(measured["limit, one by one"]).seconds);
  const Measurement vantage = Median(measured["vantage"]);
  const Measurement plain = Median(measured["plain"]);
  std::printf("| %s | %d | %s | %.2f | %.2f | %.2f | %.2f | %.2f | %.0f | %.0f |\n",
              setting.architecture.c_str(), setting.image_size, setting.scales.c_str(), 1 / limit,
              1 / vantage.seconds, 1 / plain.seconds, limit / vantage.seconds,
              plain.seconds / vantage.seconds, vantage.peak_mib, plain.peak_mib);
  std::fflush(stdout);
}

int Main(int argc, char** argv) {
  CLI::App app("Times extraction end to end against the bare forward pass and against the plain way.");
  std::vector<std::string> architectures = {"squeezenet1_1", "resnet50", "vgg16"};
  std::vector<int> sizes = {362, 800};
  std::vector<std::string> scales = {"1", "1,0.7071,0.5"};
  std::string photos;
  std::string kind;
  size_t count = 8;
  int rounds = 3;
  app.add_option("--photos", photos, "Folder of photos of 800 pixels or more; default: synthetic ones");
  app.add_option("--architectures", architectures, "Trunks");
  app.add_option("--sizes", sizes, "Longest sides, pixels");
  app.add_option("--scales", scales, "Lists of scales, each such as 1,0.7071,0.5");
  app.add_option("--count", count, "Photos a measurement");
  app.add_option("--rounds", rounds, "Measurements of each kind");
  app.add_option("--measure", kind, "Measure one kind in this process and print seconds a photo, peak MiB");
  CLI11_PARSE(app, argc, argv);
  if (!kind.empty()) {
    const Measurement one = Measure(kind, {architectures.at(0), sizes.at(0), scales.at(0)}, photos, count);
    std::printf("%.6f %.1f\n", one.seconds, one.peak_mib);
    return 0;
  }
  const fs::path made = TemporaryPathBeside(fs::temp_directory_path() / "extract_benchmark");
  if (photos.empty()) {
    SynthesizeDataset({.train_scenes = 0,
                       .val_scenes = 0,
                       .test_scenes = 2,
                       .test_photos = static_cast<int>(count + 1) / 2,
                       .distractors = 0,
                       .image_size = 800},
                      made, {});
    photos = (made / "test" / "photos").string();
  }
  std::printf(
      "| trunk | px | scales | limit /s | vantage /s | plain /s | vantage : limit | vantage : plain | peak "
      "MiB | "
      "plain's |\n|---|---|---|---|---|---|---|---|---|---|\n");
  for (const std::string& architecture : architectures) {
    for (const int size : sizes) {
      for (const std::string& list : scales)
        Compare(argv[0], {architecture, size, list}, photos, count, rounds);
    }
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
    std::fprintf(stderr, "extract_benchmark: %s\n", error.what());
    return 1;
  }
}

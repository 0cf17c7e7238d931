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

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <functional>
#include <map>

#include "nn/descriptor_net.h"
#include "nn/frozen_net.h"
#include "nn/images_to_tensor.h"
#include "nn/intra_op_threads.h"
#include "nn/pooling.h"
#include "plain_trunk.h"
#include "synthetic/synthetic.h"
#include "util/check.h"
#include "util/parallel.h"
#include "util/subprocess.h"
#include "vantage/describer.h"
#include "vantage/run_context.h"

namespace vantage {
namespace {

namespace fs = std::filesystem;

struct Setting {
  std::string architecture = "squeezenet1_1";
  int image_size = 362;
  std::string scales = "1";
  std::string precision = "fp32";  // of vantage; the others are float32
  // Processor time on one thread instead of the clock on all: what else runs on the machine costs less then.
  bool processor_time = false;
};

struct Measurement {
  double seconds = 0;  // a photo
  double peak_mib = 0;
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

double Now(clockid_t clock) {
  timespec time{};
  clock_gettime(clock, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

// Seconds a call of `pass` takes: one to warm up, then as many as take two seconds.
double TimeOf(const Setting& setting, const std::function<void()>& pass) {
  const clockid_t clock = setting.processor_time ? CLOCK_PROCESS_CPUTIME_ID : CLOCK_MONOTONIC;
  pass();
  const double start = Now(clock);
  int passes = 0;
  double seconds = 0;
  for (; passes == 0 || seconds < 2; ++passes) {
    pass();
    seconds = Now(clock) - start;
  }
  return seconds / passes;
}

RunContext ContextOf(const Setting& setting) {
  RunContext context;
  if (setting.processor_time) context.threads = 1;
  return context;
}

double TimeLimit(const Setting& setting, const nn::DescriptorNet& net, const PhotoSource& photos,
                 const ExtractOptions& options, bool side_by_side) {
  const nn::FrozenNet frozen(net);
  std::vector<at::Tensor> tensors;
  for (int64_t i = 0; i < photos.size(); ++i)
    tensors.push_back(nn::ImagesToTensor({LoadPhoto(photos, i, options)}, net.normalization));
  const int threads = side_by_side ? ContextOf(setting).ThreadCount() : 1;
  const nn::IntraOpThreads alone(1);
  return TimeOf(setting, [&] {
    ParallelFor(static_cast<int64_t>(tensors.size()), threads, [&](int64_t i) {
      const c10::InferenceMode inference;
      if (side_by_side) alone.Enter();
      frozen.ForwardAtScales(tensors[static_cast<size_t>(i)], options.scales);
    });
  });
}

double TimeVantage(const Setting& setting, const nn::DescriptorNet& net, const PhotoSource& photos,
                   const ExtractOptions& options) {
  const Describer describer(net, options);
  return TimeOf(setting, [&] { ExtractDescriptors(describer, photos, ContextOf(setting)); });
}

double TimePlain(const Setting& setting, const nn::DescriptorNet& net, const PhotoSource& photos,
                 const ExtractOptions& options) {
  const c10::InferenceMode inference;
  const at::Tensor exponent = at::full({1}, 3.0);
  const PlainTrunk plain(net.trunk());
  return TimeOf(setting, [&] {
    for (int64_t i = 0; i < photos.size(); ++i) {
      const at::Tensor image =
          nn::ImagesToTensor({LoadPhoto(photos, i, options)}, net.normalization).contiguous();
      for (const double scale : options.scales) {
        const at::Tensor resized =
            scale == 1 ? image
                       : at::upsample_bilinear2d(image, /*output_size=*/std::nullopt, /*align_corners=*/false,
                                                 std::vector<double>{scale, scale});
        nn::L2Normalize(nn::GemPool(plain.Forward(resized), exponent));
      }
    }
  });
}

Measurement Measure(const std::string& kind, const Setting& setting, const fs::path& folder, size_t count) {
  if (kind != "plain") KeepFreedMemory();
  std::vector<PhotoRequest> requests = ListPhotos({folder.string()}).requests;
  requests.resize(std::min(count, requests.size()));
  const PhotoFiles photos(std::move(requests));
  ExtractOptions options{.preprocessing = LongestSide(setting.image_size),
                         .scales = ParseScales(setting.scales)};
  if (kind == "vantage") options.precision = setting.precision;
  const nn::DescriptorNet net = MakeRandomNet(setting.architecture);
  const nn::IntraOpThreads one_thread(1);
  if (setting.processor_time) one_thread.Enter();
  const double seconds = kind == "limit, side by side" ? TimeLimit(setting, net, photos, options, true)
                         : kind == "limit, one by one" ? TimeLimit(setting, net, photos, options, false)
                         : kind == "vantage"           ? TimeVantage(setting, net, photos, options)
                                                       : TimePlain(setting, net, photos, options);
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return {seconds / static_cast<double>(photos.size()), static_cast<double>(usage.ru_maxrss) / 1024};
}

Measurement MeasureInProcess(const std::string& program, const std::string& kind, const Setting& setting,
                             const fs::path& folder, size_t count) {
  std::vector<std::string> command = {program,
                                      "--measure",
                                      kind,
                                      "--architectures",
                                      setting.architecture,
                                      "--sizes",
                                      std::to_string(setting.image_size),
                                      "--scales",
                                      setting.scales,
                                      "--precision",
                                      setting.precision,
                                      "--photos",
                                      folder.string(),
                                      "--count",
                                      std::to_string(count)};
  if (setting.processor_time) command.emplace_back("--processor-time");
  const auto [code, output] = CaptureCommand(command);
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
  Setting setting;
  size_t count = 8;
  int rounds = 3;
  app.add_option("--photos", photos, "Folder of photos of 800 pixels or more; default: synthetic ones");
  app.add_option("--architectures", architectures, "Trunks");
  app.add_option("--sizes", sizes, "Longest sides, pixels");
  app.add_option("--scales", scales, "Lists of scales, each such as 1,0.7071,0.5");
  app.add_option("--precision", setting.precision, "Of vantage: fp32 or bf16; the others are float32");
  app.add_flag("--processor-time", setting.processor_time,
               "Processor time on one thread instead of the clock on all, where others use the machine too");
  app.add_option("--count", count, "Photos a measurement");
  app.add_option("--rounds", rounds, "Measurements of each kind");
  app.add_option("--measure", kind, "Measure one kind in this process and print seconds a photo, peak MiB");
  CLI11_PARSE(app, argc, argv);
  if (!kind.empty()) {
    setting.architecture = architectures.at(0);
    setting.image_size = sizes.at(0);
    setting.scales = scales.at(0);
    const Measurement one = Measure(kind, setting, photos, count);
    std::printf("%.6f %.1f\n", one.seconds, one.peak_mib);
    return 0;
  }
  const fs::path made = fs::temp_directory_path() / StrCat("extract_benchmark-", ::getpid());
  if (photos.empty()) {
    synthetic::SynthesizeDataset({.train_scenes = 0,
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
      for (const std::string& list : scales) {
        setting.architecture = architecture;
        setting.image_size = size;
        setting.scales = list;
        Compare(argv[0], setting, photos, count, rounds);
      }
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

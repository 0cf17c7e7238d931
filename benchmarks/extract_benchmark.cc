// SPDX-License-Identifier: BSD-3-Clause
// Measures the description of photos end to end, and two baselines in the same run:
// limit: only the forward pass of the same network in the best layout, on tensors in memory: the speed if
//   decoding and resizing took no time;
// plain (trunks that PlainTrunk computes, with GeM): decode, resize, NCHW, separate batch norm, one photo
// after the other, freed memory returned, as the
//   Python tools of the field do it.
// Each measurement is a separate process; the kinds take turns, and medians over the rounds are compared.
#include <ATen/ops/full.h>
#include <ATen/ops/upsample_bilinear2d.h>
#include <c10/core/InferenceMode.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <functional>
#include <optional>

#include "harness.h"
#include "nn/descriptor_net.h"
#include "nn/frozen_net.h"
#include "nn/images_to_tensor.h"
#include "nn/intra_op_threads.h"
#include "nn/pooling.h"
#include "nn/trunk.h"
#include "plain_trunk.h"
#include "random_net.h"
#include "util/check.h"
#include "util/parallel.h"
#include "vantage/describer.h"
#include "vantage/run_context.h"

namespace vantage {
namespace {

namespace fs = std::filesystem;
using benchmarks::Figures;

struct Setting {
  std::string architecture = "squeezenet1_1";
  int image_size = 362;
  std::string scales = "1";
  std::string precision = "fp32";  // vantage's; the baselines are float32
  std::string head;                // "": GeM
  std::string preprocessing;       // "": the longest side has image_size pixels

  bool HasPlain() const { return head.empty() && !nn::TrunkNamed(architecture).has_tokens; }
  // Measures processor time on one thread instead of elapsed time on all, which reduces the effect of other
  // programs.
  bool processor_time = false;
};

double Now(clockid_t clock) {
  timespec time{};
  clock_gettime(clock, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

// The steps, which must all be on photos: the limit and the plain way get photos that are prepared.
Preprocessing PreprocessingOf(const Setting& setting) {
  if (setting.preprocessing.empty()) return LongestSide(setting.image_size);
  Preprocessing parsed = ParsePreprocessing(setting.preprocessing);
  for (const PreprocessingStep& step : parsed.steps) {
    if (step.on_tensor) throw UsageError("--preprocessing: steps on the tensor are not measured");
  }
  return parsed;
}

// Seconds of a call of `pass`, averaged over two seconds of calls after one to warm up.
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

Figures Measure(const std::string& kind, const Setting& setting, const fs::path& folder, size_t count) {
  if (kind != "plain") KeepFreedMemory();
  std::vector<PhotoRequest> requests = ListPhotos({folder.string()}).requests;
  requests.resize(std::min(count, requests.size()));
  const PhotoFiles photos(std::move(requests));
  ExtractOptions options{.preprocessing = PreprocessingOf(setting), .scales = ParseScales(setting.scales)};
  if (kind == "vantage") options.precision = setting.precision;
  const nn::DescriptorNet net = benchmarks::MakeRandomNet(setting.architecture, setting.head);
  const nn::IntraOpThreads one_thread(1);
  if (setting.processor_time) one_thread.Enter();
  const double seconds = kind == "limit, side by side" ? TimeLimit(setting, net, photos, options, true)
                         : kind == "limit, one by one" ? TimeLimit(setting, net, photos, options, false)
                         : kind == "vantage"           ? TimeVantage(setting, net, photos, options)
                                                       : TimePlain(setting, net, photos, options);
  return {{"seconds", seconds / static_cast<double>(photos.size())}};  // a photo
}

void Compare(const benchmarks::Turns& turns, const Setting& setting, const std::string& folder,
             size_t count) {
  std::vector<std::string> arguments = {"--architectures", setting.architecture,
                                        "--sizes",         StrCat(setting.image_size),
                                        "--scales",        setting.scales,
                                        "--precision",     setting.precision,
                                        "--head",          setting.head,
                                        "--preprocessing", setting.preprocessing,
                                        "--photos",        folder,
                                        "--count",         StrCat(count)};
  if (setting.processor_time) arguments.emplace_back("--processor-time");
  std::vector<std::string> kinds = {"limit, side by side", "vantage", "limit, one by one"};
  if (setting.HasPlain()) kinds.emplace_back("plain");
  const auto measured = turns.Measure(kinds, arguments);
  const auto seconds = [&](const char* kind) { return measured.at(kind).at("seconds"); };
  const double limit = std::min(seconds("limit, side by side"), seconds("limit, one by one"));
  const std::string size = setting.preprocessing.empty() ? StrCat(setting.image_size) : setting.preprocessing;
  std::printf("| %s | %s | %s | %.2f | %.2f | ",
              StrCat(setting.architecture, setting.head.empty() ? "" : " " + setting.head).c_str(),
              size.c_str(), setting.scales.c_str(), 1 / limit, 1 / seconds("vantage"));
  const double ratio = limit / seconds("vantage");
  const double peak = measured.at("vantage").at("peak_mib");
  if (setting.HasPlain()) {
    std::printf("%.2f | %.2f | %.2f | %.0f | %.0f |\n", 1 / seconds("plain"), ratio,
                seconds("plain") / seconds("vantage"), peak, measured.at("plain").at("peak_mib"));
  } else {
    std::printf("| %.2f | | %.0f | |\n", ratio, peak);
  }
  std::fflush(stdout);
}

int Main(int argc, char** argv) {
  CLI::App app("Times extraction end to end against the bare forward pass and against the plain way.");
  std::vector<std::string> architectures = {"squeezenet1_1", "resnet50", "vgg16"};
  std::vector<int> sizes = {362, 800};
  std::vector<std::string> scales = {"1", "1,0.7071,0.5"};
  std::string photos;
  Setting setting;
  size_t count = 8;
  const benchmarks::Turns turns(app, 3);
  app.add_option("--photos", photos, "Folder of photos of 800 pixels or more; default: synthetic ones");
  app.add_option("--architectures", architectures, "Trunks");
  app.add_option("--sizes", sizes, "Longest sides, pixels");
  app.add_option("--scales", scales, "Lists of scales, each such as 1,0.7071,0.5");
  app.add_option("--head", setting.head, "What follows the trunk, as in salad:clusters=64; default: GeM");
  app.add_option("--preprocessing", setting.preprocessing,
                 "How photos are prepared, as in square=322,bilinear; in place of --sizes");
  app.add_option("--precision", setting.precision,
                 "Precision of vantage: fp32 or bf16; the baselines are float32");
  app.add_flag("--processor-time", setting.processor_time,
               "Measure processor time on one thread instead of elapsed time on all, for a shared machine");
  app.add_option("--count", count, "Photos a measurement");
  CLI11_PARSE(app, argc, argv);
  if (turns.MeasuresHere([&](const std::string& kind) {
        setting.architecture = architectures.at(0);
        setting.image_size = sizes.at(0);
        setting.scales = scales.at(0);
        return Measure(kind, setting, photos, count);
      })) {
    return 0;
  }
  if (!setting.preprocessing.empty()) sizes.resize(1);
  std::optional<benchmarks::SyntheticPhotos> made;
  if (photos.empty()) photos = made.emplace(static_cast<int>(count)).folder();
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
        Compare(turns, setting, photos, count);
      }
    }
  }
  return 0;
}

}  // namespace
}  // namespace vantage

int main(int argc, char** argv) { return vantage::benchmarks::Run(argc, argv, vantage::Main); }

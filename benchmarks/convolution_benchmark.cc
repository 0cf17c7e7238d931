// SPDX-License-Identifier: BSD-3-Clause
// Compares oneDNN's direct convolution with Winograd's on single 3 x 3 layers and one thread. Shows whether
// WinogradPays() (nn/winograd_kernels.h) is right on this processor. Measures processor time, the kinds in
// turns, and takes the best round, which reduces the effect of other programs.
#include <ATen/TensorOperators.h>
#include <ATen/ops/randn.h>
#include <c10/core/InferenceMode.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <functional>

#include "harness.h"
#include "nn/convolution.h"
#include "nn/intra_op_threads.h"
#include "nn/winograd.h"
#include "vantage/run_context.h"

namespace vantage {
namespace {

struct Layer3x3 {
  int64_t in_channels;
  int64_t out_channels;
  int64_t height;
  int64_t width;
};

// Layers of SqueezeNet, ResNet and VGG at 800, 362 pixels and smaller scales.
constexpr Layer3x3 kLayers[] = {
    {16, 64, 150, 199}, {16, 64, 67, 89},    {48, 192, 16, 22},  {64, 256, 37, 49},  {64, 64, 150, 200},
    {64, 64, 68, 91},   {128, 128, 75, 100}, {128, 128, 34, 46}, {256, 256, 38, 50}, {256, 256, 17, 23},
    {512, 512, 38, 50}, {512, 512, 9, 12},   {512, 512, 1, 1},
};

double ProcessorSecondsOf(const std::function<void()>& work) {
  const double start = benchmarks::CpuSeconds();
  work();
  return benchmarks::CpuSeconds() - start;
}

void Compare(const Layer3x3& layer, int rounds) {
  const auto channels_last = at::MemoryFormat::ChannelsLast;
  const at::Tensor x = at::randn({1, layer.in_channels, layer.height, layer.width}).contiguous(channels_last);
  const double deviation = std::sqrt(2.0 / static_cast<double>(9 * layer.in_channels));
  const at::Tensor weight =
      (at::randn({layer.out_channels, layer.in_channels, 3, 3}) * deviation).contiguous(channels_last);
  const at::Tensor bias = at::randn({layer.out_channels});
  const nn::ConvolutionOptions options = {.in_channels = layer.in_channels,
                                          .out_channels = layer.out_channels,
                                          .kernel = 3,
                                          .stride = 1,
                                          .padding = 1};
  const nn::WinogradConvolution winograd(weight, bias);
  double best_direct = HUGE_VAL;
  double best_winograd = HUGE_VAL;
  for (int round = 0; round <= rounds; ++round) {  // the first round warms up
    const double direct =
        ProcessorSecondsOf([&] { nn::FusedConvolution(x, weight, bias, options, at::Tensor(), nn::kRelu); });
    const double transformed = ProcessorSecondsOf([&] { winograd(x, at::Tensor(), nn::kRelu); });
    if (round == 0) continue;
    best_direct = std::min(best_direct, direct);
    best_winograd = std::min(best_winograd, transformed);
  }
  std::printf("| %ld to %ld | %ld x %ld | %.2f | %.2f | %.2f |\n", static_cast<long>(layer.in_channels),
              static_cast<long>(layer.out_channels), static_cast<long>(layer.height),
              static_cast<long>(layer.width), 1e3 * best_direct, 1e3 * best_winograd,
              best_direct / best_winograd);
  std::fflush(stdout);
}

int Main(int argc, char** argv) {
  CLI::App app("Times direct against Winograd's convolution, layer by layer, on one thread.");
  int rounds = 20;
  app.add_option("--rounds", rounds, "Measurements of each kind, the best of which counts");
  CLI11_PARSE(app, argc, argv);
  KeepFreedMemory();
  const nn::IntraOpThreads one_thread(1);
  one_thread.Enter();
  const c10::InferenceMode inference;
  std::printf("Here vantage takes %s convolution.\n", nn::WinogradPays() ? "Winograd's" : "direct");
  std::printf("| channels | map | direct, ms | Winograd, ms | direct : Winograd |\n|---|---|---|---|---|\n");
  for (const Layer3x3& layer : kLayers) Compare(layer, rounds);
  return 0;
}

}  // namespace
}  // namespace vantage

int main(int argc, char** argv) { return vantage::benchmarks::Run(argc, argv, vantage::Main); }

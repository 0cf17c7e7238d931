// SPDX-License-Identifier: BSD-3-Clause
// Measures the time of NetVLAD compared with its trunk, and of mining a round of triplets. Run it alone.
#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/rand.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <vector>

#include "harness.h"
#include "nn/descriptor_net.h"
#include "nn/frozen_net.h"
#include "util/random.h"
#include "vantage/mining.h"
#include "vantage/run_context.h"

namespace vantage {
namespace {

struct Setting {
  std::string architecture = "resnet50";
  int64_t size = 512;
  std::vector<int64_t> windows = {2, 3};
  int dimension = 512;
  int clusters = 64;
  int64_t photos = 2048;
  int64_t descriptor = 32768;
  int rounds = 7;
};

void TimeHead(const Setting& setting) {
  const at::NoGradGuard no_grad;
  const NetVladHeadOptions head{.locals = {.windows = setting.windows, .dimension = setting.dimension},
                                .clusters = setting.clusters};
  nn::DescriptorNet net({setting.architecture, head});
  net.Replace([](const std::string& name, at::Tensor& tensor, nn::TensorRole role) {
    if (role != nn::TensorRole::kBuffer || name.ends_with("running_var"))
      tensor = at::rand(tensor.sizes()) * (tensor.dim() > 1 ? 0.05 : 1.0);
  });
  const nn::FrozenNet frozen(net);
  const at::Tensor images = at::rand({1, 3, setting.size, setting.size});
  const nn::Features features = frozen.FeaturesOf(images);
  const double trunk = benchmarks::MedianSeconds(setting.rounds, [&] { frozen.FeaturesOf(images); });
  const double head_seconds =
      benchmarks::MedianSeconds(setting.rounds, [&] { frozen.head().Forward(features, {}); });
  std::printf("%s at %lld pixels: trunk %.1f ms, NetVLAD %.2f ms: %.1f %%\n", setting.architecture.c_str(),
              static_cast<long long>(setting.size), 1000 * trunk, 1000 * head_seconds,
              100 * head_seconds / trunk);
}

void TimeMining(const Setting& setting) {
  DescriptorMatrix descriptors(setting.photos, setting.descriptor);
  std::vector<SceneId> classes;
  for (int64_t i = 0; i < setting.photos; ++i) {
    RandomStream random(1, "photo", {static_cast<uint64_t>(i)});
    classes.push_back(SceneId{i / 15});
    for (int64_t j = 0; j < setting.descriptor; ++j)
      descriptors(i, j) = static_cast<float>(random.Uniform(-1, 1));
  }
  NormalizeRows(descriptors);
  const double seconds = benchmarks::MedianSeconds(
      3, [&] { MineTriplets(descriptors, classes, 0.1, DifficultyMiningOptions{}); });
  std::printf("triplets of %lld descriptors of %lld: %.2f s\n", static_cast<long long>(setting.photos),
              static_cast<long long>(setting.descriptor), seconds);
}

int Main(int argc, char** argv) {
  CLI::App app("Times NetVLAD compared with its trunk, and mining by difficulty");
  Setting setting;
  app.add_option("--architecture", setting.architecture, "Trunk")->capture_default_str();
  app.add_option("--size", setting.size, "Side of the photo, pixels")->capture_default_str();
  app.add_option("--windows", setting.windows, "Sides of the pooling windows")->capture_default_str();
  app.add_option("--photos", setting.photos, "Photos of a round of mining")->capture_default_str();
  app.add_option("--dimension", setting.descriptor, "Dimensions of their descriptors")->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  KeepFreedMemory();
  TimeHead(setting);
  TimeMining(setting);
  return 0;
}

}  // namespace
}  // namespace vantage

int main(int argc, char** argv) { return vantage::benchmarks::Run(argc, argv, vantage::Main); }

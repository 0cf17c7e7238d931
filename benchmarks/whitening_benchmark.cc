// SPDX-License-Identifier: BSD-3-Clause
// Measures the time of learning a whitening of simulated scenes, and its memory in addition to the
// descriptors.
#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <string>

#include "harness.h"
#include "util/random.h"
#include "vantage/whitening.h"

namespace vantage {
namespace {

struct Setting {
  int64_t scenes = 700;
  int64_t photos = 100;  // of a scene
  int64_t queries = 30;
  int64_t candidates = 30;
  int64_t dimension = 2048;
  std::string shrinkage = "auto";
};

struct Simulated {
  DescriptorMatrix descriptors;
  MatchingPairs pairs;
  std::vector<int64_t> scenes;

  // Within a scene, photos differ by a different amount in each dimension.
  explicit Simulated(const Setting& setting)
      : descriptors(setting.scenes * setting.photos, setting.dimension) {
    for (int64_t scene = 0; scene < setting.scenes; ++scene) {
      RandomStream random(0, "scene", {static_cast<uint64_t>(scene)});
      Eigen::RowVectorXf centre(setting.dimension);
      const auto uniform = [&] { return static_cast<float>(random.Uniform(-1, 1)); };
      for (float& value : centre) value = uniform();
      for (int64_t photo = 0; photo < setting.photos; ++photo) {
        const int64_t row = scene * setting.photos + photo;
        scenes.push_back(scene);
        for (int64_t d = 0; d < setting.dimension; ++d) {
          const float deviation = 0.5F + 8.0F / static_cast<float>(1 + d);
          descriptors(row, d) = centre[d] + deviation * uniform();
        }
        descriptors.row(row).normalize();
      }
      for (int64_t query = 0; query < setting.queries; ++query) {
        for (int64_t i = 0; i < setting.candidates; ++i) {
          pairs.queries.push_back(scene * setting.photos + query);
          pairs.positives.push_back(scene * setting.photos + (query + 1 + i) % setting.photos);
        }
      }
    }
  }
};

double MiB(double bytes) { return bytes / (1 << 20); }

int Main(int argc, char** argv) {
  CLI::App app("A whitening of simulated scenes");
  Setting setting;
  app.add_option("--scenes", setting.scenes, "Scenes")->capture_default_str();
  app.add_option("--photos", setting.photos, "Photos of a scene")->capture_default_str();
  app.add_option("--queries", setting.queries, "Queries of a scene")->capture_default_str();
  app.add_option("--candidates", setting.candidates, "Pairs of a query")->capture_default_str();
  app.add_option("--dimension", setting.dimension, "Dimensions of descriptors")->capture_default_str();
  app.add_option("--shrinkage", setting.shrinkage, "auto, or a number")->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  const Simulated data(setting);
  const auto start = std::chrono::steady_clock::now();
  const auto seconds = [&] {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  };
  double shrinkage = 0;
  if (setting.shrinkage == "auto") {
    const ShrinkageChoice choice = ChooseShrinkage(data.descriptors, data.pairs, data.scenes);
    shrinkage = choice.shrinkage;
    std::printf("%.1f s: %s\n", seconds(), Summary(choice).c_str());
  } else {
    shrinkage = std::stod(setting.shrinkage);
  }
  const Whitening whitening = LearnWhitening(data.descriptors, data.pairs, shrinkage);
  const double descriptors = MiB(static_cast<double>(data.descriptors.size()) * sizeof(float));
  std::printf(
      "%zu pairs of %lld descriptors of %lld dimensions: %.1f s, peak %.0f MiB in addition to %.0f of "
      "descriptors\n",
      data.pairs.queries.size(), static_cast<long long>(data.descriptors.rows()),
      static_cast<long long>(whitening.dimension()), seconds(), benchmarks::PeakMib() - descriptors,
      descriptors);
  return 0;
}

}  // namespace
}  // namespace vantage

int main(int argc, char** argv) { return vantage::benchmarks::Run(argc, argv, vantage::Main); }

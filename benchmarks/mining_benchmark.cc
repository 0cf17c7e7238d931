// SPDX-License-Identifier: BSD-3-Clause
// Measures the mining of negatives among described photos, and two baselines in the same run:
// product: only the similarities, one matrix product on all cores;
// plain: that product, then sorting each query's pool and walking down the ranking, as cirtorch does it.
// Each measurement is a separate process; the kinds take turns, and medians over the rounds are compared.
#include <ATen/core/Tensor.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/sort.h>
#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <map>
#include <set>

#include "util/check.h"
#include "util/random.h"
#include "util/subprocess.h"
#include "vantage/mining.h"
#include "vantage/run_context.h"

namespace vantage {
namespace {

constexpr int kNegatives = 5;

struct Setting {
  int64_t queries = 2000;
  int64_t pool = 22000;
  int64_t dimension = 2048;
  int64_t scenes = 500;
};

struct Measurement {
  double seconds = 0;
  double cpu_seconds = 0;
  double peak_mib = 0;    // in addition to the descriptors
  double similarity = 0;  // sum over queries and their negatives
};

struct Photos {
  DescriptorMatrix descriptors;
  std::vector<SceneId> scenes;
};

// Unit vectors around their scene's.
Photos MakePhotos(int64_t count, const Setting& setting, uint64_t part) {
  Photos photos{DescriptorMatrix(count, setting.dimension), {}};
  for (int64_t i = 0; i < count; ++i) {
    RandomStream random(1, "photo", {part, static_cast<uint64_t>(i)});
    photos.scenes.push_back(
        SceneId{static_cast<int64_t>(random.Below(static_cast<uint64_t>(setting.scenes)))});
    RandomStream scene(1, "scene", {static_cast<uint64_t>(photos.scenes.back())});
    for (int64_t j = 0; j < setting.dimension; ++j)
      photos.descriptors(i, j) = static_cast<float>(scene.Uniform(-1, 1) + random.Uniform(-1, 1));
  }
  NormalizeRows(photos.descriptors);
  return photos;
}

at::Tensor AsTensor(DescriptorMatrix& matrix) {
  return at::from_blob(matrix.data(), {matrix.rows(), matrix.cols()});
}

std::vector<std::vector<int64_t>> WalkDown(Photos& queries, Photos& pool) {
  const at::Tensor order = std::get<1>(at::sort(
      at::mm(AsTensor(queries.descriptors), AsTensor(pool.descriptors).t()), 1, /*descending=*/true));
  std::vector<std::vector<int64_t>> picks;
  for (size_t q = 0; q < queries.scenes.size(); ++q) {
    std::vector<int64_t>& rows = picks.emplace_back();
    std::set<SceneId> taken = {queries.scenes[q]};
    const int64_t* row = order.const_data_ptr<int64_t>() + static_cast<int64_t>(q) * order.size(1);
    for (int64_t i = 0; i < order.size(1) && rows.size() < kNegatives; ++i, ++row) {
      if (taken.insert(pool.scenes[static_cast<size_t>(*row)]).second) rows.push_back(*row);
    }
  }
  return picks;
}

double PeakMib() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024;
}

// The processor time of all threads, which depends less on other programs than elapsed time.
double CpuSeconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
         1e-6 * static_cast<double>(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

Measurement Measure(const std::string& kind, const Setting& setting) {
  KeepFreedMemory();
  Photos queries = MakePhotos(setting.queries, setting, 0);
  Photos pool = MakePhotos(setting.pool, setting, 1);
  at::mm(AsTensor(queries.descriptors).slice(0, 0, 1), AsTensor(pool.descriptors).slice(0, 0, 1).t());
  const double before = PeakMib();
  const double cpu_before = CpuSeconds();
  const auto start = std::chrono::steady_clock::now();
  std::vector<std::vector<int64_t>> picks;
  if (kind == "product") {
    at::mm(AsTensor(queries.descriptors), AsTensor(pool.descriptors).t());
  } else if (kind == "plain") {
    picks = WalkDown(queries, pool);
  } else {
    picks = MineNegatives(queries.descriptors, queries.scenes, pool.descriptors, pool.scenes, kNegatives,
                          NegativeVariant::kN2)
                .rows;
  }
  const std::chrono::duration<double> time = std::chrono::steady_clock::now() - start;
  const double cpu_seconds = CpuSeconds() - cpu_before;
  const double peak_mib = PeakMib() - before;
  double similarity = 0;
  for (size_t q = 0; q < picks.size(); ++q) {
    for (const int64_t row : picks[q])
      similarity += queries.descriptors.row(static_cast<Eigen::Index>(q)).dot(pool.descriptors.row(row));
  }
  return {time.count(), cpu_seconds, peak_mib, similarity};
}

Measurement MeasureInProcess(const std::string& program, const std::string& kind, const Setting& setting) {
  const auto [code, output] =
      CaptureCommand({program, "--measure", kind, "--queries", std::to_string(setting.queries), "--pool",
                      std::to_string(setting.pool), "--dimension", std::to_string(setting.dimension),
                      "--scenes", std::to_string(setting.scenes)});
  Measurement measurement;
  VANTAGE_CHECK(
      code == 0 && std::sscanf(output.c_str(), "%lf %lf %lf %lf", &measurement.seconds,
                               &measurement.cpu_seconds, &measurement.peak_mib, &measurement.similarity) == 4,
      kind, " failed: ", output);
  return measurement;
}

Measurement Median(std::vector<Measurement> measurements) {
  std::sort(measurements.begin(), measurements.end(),
            [](const Measurement& a, const Measurement& b) { return a.seconds < b.seconds; });
  return measurements[measurements.size() / 2];
}

int Main(int argc, char** argv) {
  CLI::App app("Times the search for negatives against a bare matrix product and against sorting.");
  Setting setting;
  std::string kind;
  int rounds = 5;
  app.add_option("--queries", setting.queries, "Queries");
  app.add_option("--pool", setting.pool, "Photos of the pool");
  app.add_option("--dimension", setting.dimension, "Dimensions of the descriptors");
  app.add_option("--scenes", setting.scenes, "Scenes");
  app.add_option("--rounds", rounds, "Measurements of each kind");
  app.add_option("--measure", kind,
                 "Measure one kind in this process and print seconds, CPU seconds, peak MiB, similarity");
  CLI11_PARSE(app, argc, argv);
  if (!kind.empty()) {
    const Measurement one = Measure(kind, setting);
    std::printf("%.6f %.6f %.1f %.17g\n", one.seconds, one.cpu_seconds, one.peak_mib, one.similarity);
    return 0;
  }
  std::map<std::string, std::vector<Measurement>> measured;
  for (int round = 0; round < rounds; ++round) {
    for (const char* each : {"product", "vantage", "plain"})
      measured[each].push_back(MeasureInProcess(argv[0], each, setting));
  }
  const Measurement vantage = Median(measured["vantage"]);
  const Measurement plain = Median(measured["plain"]);
  std::printf(
      "%lld queries, a pool of %lld, %lld dimensions; the picks are %s alike\n",
      static_cast<long long>(setting.queries), static_cast<long long>(setting.pool),
      static_cast<long long>(setting.dimension),
      std::abs(vantage.similarity - plain.similarity) < 1e-6 * plain.similarity ? "as much" : "NOT as much");
  std::printf(
      "| | s | : vantage | CPU s | : vantage | MiB beyond the descriptors |\n|---|---|---|---|---|---|\n");
  for (const char* each : {"product", "vantage", "plain"}) {
    const Measurement one = Median(measured[each]);
    std::printf("| %s | %.2f | %.2f | %.2f | %.2f | %.0f |\n", each, one.seconds,
                one.seconds / vantage.seconds, one.cpu_seconds, one.cpu_seconds / vantage.cpu_seconds,
                one.peak_mib);
  }
  return 0;
}

}  // namespace
}  // namespace vantage

int main(int argc, char** argv) {
  try {
    return vantage::Main(argc, argv);
  } catch (const vantage::Error& error) {
    std::fprintf(stderr, "mining_benchmark: %s\n", error.what());
    return 1;
  }
}

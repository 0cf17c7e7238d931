// SPDX-License-Identifier: BSD-3-Clause
// Measures the mining of negatives among described photos, and two baselines in the same run:
// product: only the similarities, one matrix product on all cores;
// plain: that product, then sorting each query's pool and walking down the ranking, as cirtorch does it.
// Each measurement is a separate process; the kinds take turns, and medians over the rounds are compared.
#include <ATen/core/Tensor.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/sort.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <set>

#include "harness.h"
#include "util/check.h"
#include "util/random.h"
#include "vantage/mining.h"
#include "vantage/run_context.h"

namespace vantage {
namespace {

using benchmarks::Figures;

constexpr int kNegatives = 5;

struct Setting {
  int64_t queries = 2000;
  int64_t pool = 22000;
  int64_t dimension = 2048;
  int64_t scenes = 500;
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

Figures Measure(const std::string& kind, const Setting& setting) {
  KeepFreedMemory();
  Photos queries = MakePhotos(setting.queries, setting, 0);
  Photos pool = MakePhotos(setting.pool, setting, 1);
  at::mm(AsTensor(queries.descriptors).slice(0, 0, 1), AsTensor(pool.descriptors).slice(0, 0, 1).t());
  const double before = benchmarks::PeakMib();
  const double cpu_before = benchmarks::CpuSeconds();
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
  const double cpu_seconds = benchmarks::CpuSeconds() - cpu_before;
  const double peak_mib = benchmarks::PeakMib() - before;
  double similarity = 0;
  for (size_t q = 0; q < picks.size(); ++q) {
    for (const int64_t row : picks[q])
      similarity += queries.descriptors.row(static_cast<Eigen::Index>(q)).dot(pool.descriptors.row(row));
  }
  return {{"seconds", time.count()},
          {"cpu_seconds", cpu_seconds},
          {"peak_mib", peak_mib},       // beyond the descriptors
          {"similarity", similarity}};  // of queries and what was picked, summed
}

int Main(int argc, char** argv) {
  CLI::App app("Times the search for negatives against a bare matrix product and against sorting.");
  Setting setting;
  const benchmarks::Turns turns(app, 5);
  app.add_option("--queries", setting.queries, "Queries");
  app.add_option("--pool", setting.pool, "Photos of the pool");
  app.add_option("--dimension", setting.dimension, "Dimensions of the descriptors");
  app.add_option("--scenes", setting.scenes, "Scenes");
  CLI11_PARSE(app, argc, argv);
  if (turns.MeasuresHere([&](const std::string& kind) { return Measure(kind, setting); })) return 0;
  const std::vector<std::string> kinds = {"product", "vantage", "plain"};
  const auto measured =
      turns.Measure(kinds, {"--queries", StrCat(setting.queries), "--pool", StrCat(setting.pool),
                            "--dimension", StrCat(setting.dimension), "--scenes", StrCat(setting.scenes)});
  const Figures& vantage = measured.at("vantage");
  const double similarity = measured.at("plain").at("similarity");
  const bool is_same = std::abs(vantage.at("similarity") - similarity) < 1e-6 * similarity;
  std::printf("%lld queries, a pool of %lld, %lld dimensions; the picks are %s alike\n",
              static_cast<long long>(setting.queries), static_cast<long long>(setting.pool),
              static_cast<long long>(setting.dimension), is_same ? "as much" : "NOT as much");
  std::printf(
      "| | s | : vantage | CPU s | : vantage | MiB beyond the descriptors |\n|---|---|---|---|---|---|\n");
  for (const std::string& kind : kinds) {
    const Figures& one = measured.at(kind);
    std::printf("| %s | %.2f | %.2f | %.2f | %.2f | %.0f |\n", kind.c_str(), one.at("seconds"),
                one.at("seconds") / vantage.at("seconds"), one.at("cpu_seconds"),
                one.at("cpu_seconds") / vantage.at("cpu_seconds"), one.at("peak_mib"));
  }
  return 0;
}

}  // namespace
}  // namespace vantage

int main(int argc, char** argv) { return vantage::benchmarks::Run(argc, argv, vantage::Main); }

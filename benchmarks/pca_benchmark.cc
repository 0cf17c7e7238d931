// SPDX-License-Identifier: BSD-3-Clause
// Measures time and memory of principal components of more descriptors than fit into memory. The variances
// are known, since dimensions are independent.
#include <CLI/CLI.hpp>
#include <chrono>
#include <cmath>
#include <cstdio>

#include "harness.h"
#include "numerics/pca.h"
#include "util/parallel.h"
#include "util/random.h"

namespace vantage {
namespace {

struct Setting {
  int64_t rows = 65536;
  int64_t dimension = 32768;
  double decay = 0.5;
  numerics::PcaOptions pca{.dimension = 2048, .whiten = false};
};

// Row i of descriptors whose dimension j has a deviation of (1 + j)^-decay.
class Generated {
 public:
  explicit Generated(const Setting& setting) : deviations_(setting.dimension) {
    for (int64_t j = 0; j < setting.dimension; ++j)
      deviations_[j] = static_cast<float>(std::pow(static_cast<double>(1 + j), -setting.decay));
  }

  DescriptorMatrix Read(int64_t first, int64_t count) const {
    DescriptorMatrix values(count, deviations_.size());
    ParallelFor(count, RunContext{}.ThreadCount(), [&](int64_t i) {
      const uint64_t row = MixBits(static_cast<uint64_t>(first + i));
      for (int64_t j = 0; j < deviations_.size(); ++j) {
        const auto bits = static_cast<int32_t>(MixBits(row + static_cast<uint64_t>(j)) >> 32);
        values(i, j) = static_cast<float>(bits) * kUnitDeviation * deviations_[j];
      }
    });
    return values;
  }

  const Eigen::VectorXf& deviations() const { return deviations_; }

 private:
  static constexpr float kUnitDeviation = 1.7320508F / 2147483648.0F;  // uniform in +-sqrt(3)
  Eigen::VectorXf deviations_;
};

int Main(int argc, char** argv) {
  CLI::App app("Principal components of many long descriptors");
  Setting setting;
  app.add_option("--rows", setting.rows, "Descriptors")->capture_default_str();
  app.add_option("--dimension", setting.dimension, "Dimensions of descriptors")->capture_default_str();
  app.add_option("--components", setting.pca.dimension, "Dimensions to keep")->capture_default_str();
  app.add_option("--passes", setting.pca.passes, "Passes of the iteration")->capture_default_str();
  app.add_option("--exact-up-to", setting.pca.exact_up_to, "See PcaOptions")->capture_default_str();
  app.add_option("--decay", setting.decay, "Exponent of the deviations")->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  const Generated generated(setting);
  const descriptors::DescriptorRows rows{setting.rows, setting.dimension, [&](int64_t first, int64_t count) {
                                           return generated.Read(first, count);
                                         }};
  const auto start = std::chrono::steady_clock::now();
  const Whitening pca = numerics::LearnPca(rows, setting.pca);
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  // Variances of the distribution that the descriptors are drawn from.
  const Eigen::VectorXd variances = generated.deviations().cast<double>().cwiseAbs2();
  double kept = 0;
  for (int64_t k = 0; k < setting.pca.dimension; ++k)
    kept += pca.projection.row(k).cwiseAbs2().dot(variances);
  std::printf("%lld x %lld to %lld: %.1f s, peak %.0f MiB, keeps %.4f of the variance that it could\n",
              static_cast<long long>(setting.rows), static_cast<long long>(setting.dimension),
              static_cast<long long>(setting.pca.dimension), seconds.count(), benchmarks::PeakMib(),
              kept / variances.head(setting.pca.dimension).sum());
  return 0;
}

}  // namespace
}  // namespace vantage

int main(int argc, char** argv) { return vantage::benchmarks::Run(argc, argv, vantage::Main); }

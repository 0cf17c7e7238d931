// SPDX-License-Identifier: BSD-3-Clause
#include "image/resample.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "util/index.h"

namespace vantage::image {
namespace {

constexpr double kLanczosLobes = 3.0;
constexpr int32_t kHalf = 1 << (kWeightBits - 1);
// Keys, "Cubic convolution interpolation for digital image processing", 1981.
constexpr double kPillowCubic = -0.5;
constexpr double kPyTorchCubic = -0.75;  // also OpenCV's

// sinc(x) sinc(x / 3).
double Lanczos(double x) {
  if (x < -kLanczosLobes || x >= kLanczosLobes) return 0.0;
  if (x == 0) return 1.0;
  const double angle = std::numbers::pi * x / kLanczosLobes;
  const double sine = std::sin(angle);
  // sin(3 a) = 3 sin(a) - 4 sin(a)^3. A second call of sin would take as long as all sums of a thumbnail.
  return sine * sine * (3 - 4 * sine * sine) / (kLanczosLobes * angle * angle);
}

double Triangle(double x) { return std::max(0.0, 1 - std::abs(x)); }

double Cubic(double x, double a) {
  x = std::abs(x);
  if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  if (x < 2) return (((x - 5) * x + 8) * x - 4) * a;
  return 0;
}

// A filter is 0 beyond this distance, in pixels of the result.
double SupportOf(Interpolation interpolation) {
  return interpolation == Interpolation::kLanczos    ? kLanczosLobes
         : interpolation == Interpolation::kBilinear ? 1
                                                     : 2;
}

double PillowFilter(Interpolation interpolation, double x) {
  return interpolation == Interpolation::kLanczos    ? Lanczos(x)
         : interpolation == Interpolation::kBilinear ? Triangle(x)
                                                     : Cubic(x, kPillowCubic);
}

int32_t ToFixedPoint(double weight) {
  return static_cast<int32_t>((weight < 0 ? -0.5 : 0.5) + weight * (1 << kWeightBits));
}

uint8_t FromFixedPoint(int32_t sum) { return static_cast<uint8_t>(std::clamp(sum >> kWeightBits, 0, 255)); }

Image ResampleHorizontally(const Image& image, const ResampleWeights& weights) {
  Image out = MakeImage(weights.OutputSize(), image.height);
  for (int y = 0; y < image.height; ++y) {
    uint8_t* pixel = out.Row(y);
    for (int x = 0; x < out.width; ++x) {
      const auto [first, count] = weights.spans[ToIndex(x)];
      const int32_t* weight = weights.Of(x);
      const uint8_t* from = image.Row(y) + 3 * first;
      std::array<int32_t, 3> sums = {kHalf, kHalf, kHalf};
      for (int j = 0; j < count; ++j) {
        for (int32_t& sum : sums) sum += weight[j] * *from++;
      }
      for (const int32_t sum : sums) *pixel++ = FromFixedPoint(sum);
    }
  }
  return out;
}

Image ResampleVertically(const Image& image, const ResampleWeights& weights) {
  Image out = MakeImage(image.width, weights.OutputSize());
  const size_t row_size = ToIndex(image.width) * 3;
  std::vector<int32_t> sums(row_size);
  for (int y = 0; y < out.height; ++y) {
    std::fill(sums.begin(), sums.end(), kHalf);
    const auto [first, count] = weights.spans[ToIndex(y)];
    for (int j = 0; j < count; ++j) {
      const int32_t weight = weights.Of(y)[j];
      const uint8_t* row = image.Row(first + j);
      for (size_t i = 0; i < row_size; ++i) sums[i] += weight * row[i];
    }
    std::transform(sums.begin(), sums.end(), out.Row(y), FromFixedPoint);
  }
  return out;
}

}  // namespace

ResampleWeights AntialiasedWeights(Interpolation interpolation, int input_size, float input_length,
                                   int output_size) {
  const double scale = static_cast<double>(input_length) / output_size;
  const double filter_scale = std::max(1.0, scale);
  const double support = SupportOf(interpolation) * filter_scale;
  ResampleWeights weights;
  weights.stride = static_cast<int>(std::ceil(support)) * 2 + 1;
  weights.spans.resize(ToIndex(output_size));
  weights.values.resize(ToIndex(output_size) * ToIndex(weights.stride));
  std::vector<double> row(ToIndex(weights.stride));
  for (int i = 0; i < output_size; ++i) {
    const double center = (i + 0.5) * scale;
    // As Pillow rounds. NOLINTNEXTLINE(bugprone-incorrect-roundings)
    const int first = std::max(0, static_cast<int>(center - support + 0.5));
    // NOLINTNEXTLINE(bugprone-incorrect-roundings)
    const int last = std::min(input_size, static_cast<int>(center + support + 0.5));
    double sum = 0;
    for (int j = first; j < last; ++j) {
      const double weight = PillowFilter(interpolation, (j - center + 0.5) * (1.0 / filter_scale));
      row[ToIndex(j - first)] = weight;
      sum += weight;
    }
    weights.spans[ToIndex(i)] = {first, last - first};
    int32_t* out = weights.values.data() + ToIndex(i) * ToIndex(weights.stride);
    for (int j = 0; j < last - first; ++j) {
      out[j] = ToFixedPoint(sum != 0 ? row[ToIndex(j)] / sum : row[ToIndex(j)]);
    }
  }
  return weights;
}

ResampleWeights NearestWeights(Interpolation interpolation, int input_size, int output_size) {
  const bool is_cubic = interpolation == Interpolation::kBicubic;
  const int taps = is_cubic ? 4 : 2;
  const double scale = static_cast<double>(input_size) / output_size;
  ResampleWeights weights;
  weights.stride = taps;
  weights.spans.resize(ToIndex(output_size));
  weights.values.resize(ToIndex(output_size) * ToIndex(taps));
  for (int i = 0; i < output_size; ++i) {
    const double center = (i + 0.5) * scale - 0.5;
    const int nearest = static_cast<int>(std::floor(center)) - (is_cubic ? 1 : 0);
    const auto inside = [&](int j) { return std::clamp(j, 0, input_size - 1); };
    const int first = inside(nearest);
    weights.spans[ToIndex(i)] = {first, inside(nearest + taps - 1) - first + 1};
    std::array<double, 4> sums{};
    for (int j = nearest; j < nearest + taps; ++j) {
      sums[ToIndex(inside(j) - first)] += is_cubic ? Cubic(j - center, kPyTorchCubic) : Triangle(j - center);
    }
    for (int j = 0; j < taps; ++j) {
      weights.values[ToIndex(i) * ToIndex(taps) + ToIndex(j)] = ToFixedPoint(sums[ToIndex(j)]);
    }
  }
  return weights;
}

const ResampleKernels& PortableResampleKernels() {
  static constexpr ResampleKernels kKernels = {ResampleHorizontally, ResampleVertically};
  return kKernels;
}

const ResampleKernels& FastestResampleKernels() {
  static const ResampleKernels* const kAvx2 = Avx2ResampleKernels();
  return kAvx2 != nullptr ? *kAvx2 : PortableResampleKernels();
}

}  // namespace vantage::image

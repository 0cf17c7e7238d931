// SPDX-License-Identifier: BSD-3-Clause
#include "synthetic/sensor.h"

#include <algorithm>
#include <cmath>

#include "util/index.h"

namespace vantage::synthetic {
namespace {

constexpr float kMiddleGrey = 0.2F;  // mean of a photo after metering

std::vector<float> GaussianWeights(double sigma) {
  const int radius = static_cast<int>(std::ceil(2.5 * sigma));
  std::vector<float> weights;
  float sum = 0;
  for (int i = -radius; i <= radius; ++i) {
    weights.push_back(static_cast<float>(std::exp(-0.5 * i * i / (sigma * sigma))));
    sum += weights.back();
  }
  for (float& weight : weights) weight /= sum;
  return weights;
}

// One pass of a separable blur: `count` lines of `length` pixels, `stride` from pixel to pixel.
void BlurLines(std::vector<Color>& pixels, int count, int line_stride, int length, int stride,
               const std::vector<float>& weights) {
  const int radius = static_cast<int>(weights.size() / 2);
  std::vector<Color> line(ToIndex(length));
  for (int i = 0; i < count; ++i) {
    Color* first = pixels.data() + static_cast<ptrdiff_t>(i) * line_stride;
    for (int k = 0; k < length; ++k) line[ToIndex(k)] = first[static_cast<ptrdiff_t>(k) * stride];
    for (int k = 0; k < length; ++k) {
      Color sum = Color::Zero();
      for (int j = -radius; j <= radius; ++j) {
        sum += line[ToIndex(std::clamp(k + j, 0, length - 1))] * weights[ToIndex(j + radius)];
      }
      first[static_cast<ptrdiff_t>(k) * stride] = sum;
    }
  }
}

float MeanLight(const std::vector<Color>& pixels) {
  double sum = 0;
  // Highlights count as white, so that a bright sky does not darken the photo.
  for (const Color& pixel : pixels) sum += std::min(1.0F, pixel.mean());
  return static_cast<float>(sum / static_cast<double>(pixels.size()));
}

// Approximately normal: the sum of three uniform numbers of 7 bits, scaled to a standard deviation of 1.
float RoughNormal(uint64_t bits) {
  const auto sum = static_cast<float>((bits & 127) + (bits >> 7 & 127) + (bits >> 14 & 127));
  return (sum - 190.5F) / 64.0F;
}

}  // namespace

Development DrawDevelopment(double light, double sensor, RandomStream& random) {
  Development development;
  development.exposure = std::exp2(light * random.Uniform(-0.8, 0.7));
  const double warmth = light * random.Uniform(-0.16, 0.16);
  const double tint = light * random.Uniform(-0.05, 0.05);
  development.balance =
      Color(static_cast<float>(1 + warmth), static_cast<float>(1 + tint), static_cast<float>(1 - warmth));
  development.contrast = 1.15 + light * random.Uniform(-0.3, 0.35);
  development.saturation = 1.05 + light * random.Uniform(-0.4, 0.3);
  if (random.Chance(0.04 * light)) development.saturation = 0;
  development.blur = sensor * (0.75 + 0.8 * std::pow(random.Uniform(), 2.5));
  development.vignette = sensor * random.Uniform(0, 0.35);
  development.noise = sensor * (0.5 + 4 * std::pow(random.Uniform(), 3.5));
  development.jpeg_quality = static_cast<int>(std::lround(95 - sensor * random.Uniform(3, 35)));
  return development;
}

Image Develop(const Radiance& radiance, const Development& development, RandomStream& random) {
  std::vector<Color> pixels = radiance.pixels;
  const int width = radiance.width;
  const int height = radiance.height;
  if (development.blur > 0.2) {
    const std::vector<float> weights = GaussianWeights(development.blur);
    BlurLines(pixels, height, width, width, 1, weights);
    BlurLines(pixels, width, 1, height, width, weights);
  }
  const Color gain = development.balance * static_cast<float>(development.exposure) *
                     (kMiddleGrey / std::max(1e-4F, MeanLight(pixels)));
  Image image = MakeImage(width, height);
  const double corner = 0.25 * (static_cast<double>(width) * width + static_cast<double>(height) * height);
  const auto contrast = static_cast<float>(development.contrast);
  const auto saturation = static_cast<float>(development.saturation);
  const auto noise = static_cast<float>(development.noise);
  size_t at = 0;
  for (int y = 0; y < height; ++y) {
    uint8_t* out = image.Row(y);
    for (int x = 0; x < width; ++x, ++at, out += 3) {
      const double off = (std::pow(x + 0.5 - 0.5 * width, 2) + std::pow(y + 0.5 - 0.5 * height, 2)) / corner;
      const auto fall = static_cast<float>(1 - development.vignette * off);
      Color color = (pixels[at] * gain * fall).max(0.0F);
      // Highlights roll off before they are stored as square roots.
      color = (color / (0.82F + 0.25F * color)).sqrt();
      const float grey = 0.3F * color[0] + 0.59F * color[1] + 0.11F * color[2];
      color = grey + (color - grey) * saturation;
      color = 0.45F + (color - 0.45F) * contrast;
      const uint64_t bits = random.Next();
      const float common = RoughNormal(bits) * noise;
      for (int c = 0; c < 3; ++c) {
        const float own = c == 1 ? 0 : 0.5F * noise * RoughNormal(bits >> (c == 0 ? 21 : 42));
        out[c] = static_cast<uint8_t>(std::clamp(color[c] * 255.0F + common + own + 0.5F, 0.0F, 255.0F));
      }
    }
  }
  return image;
}

}  // namespace vantage::synthetic

// SPDX-License-Identifier: BSD-3-Clause
#include "synthetic/noise.h"

#include "util/index.h"

namespace vantage::synthetic {

NoiseField::NoiseField(RandomStream random) : values_(ToIndex(kSize) * kSize) {
  for (float& value : values_) value = static_cast<float>(random.Uniform(-1, 1));
}

double NoiseField::Fractal(double x, double y, int octaves) const {
  double sum = 0;
  double amplitude = 0.6;
  for (int octave = 0; octave < octaves; ++octave) {
    sum += amplitude * At(x, y);
    // Rotates each octave, so that the lattices of octaves do not align.
    const double turned = 1.6 * x - 1.2 * y + 17.3;
    y = 1.2 * x + 1.6 * y + 41.7;
    x = turned;
    amplitude *= 0.55;
  }
  return sum;
}

}  // namespace vantage::synthetic

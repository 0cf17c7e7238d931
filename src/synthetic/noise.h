// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <vector>

#include "util/index.h"
#include "util/random.h"

namespace vantage::synthetic {

// A smooth random function of the plane: value noise on a lattice of spacing 1, with period 256.
class NoiseField {
 public:
  explicit NoiseField(RandomStream random);

  // Value at a point, in [-1, 1].
  double At(double x, double y) const {
    // Coordinates are far above -kOffset, so that truncation of the sum rounds down.
    const double shifted_x = x + kOffset;
    const double shifted_y = y + kOffset;
    const auto cell_x = static_cast<int>(shifted_x);
    const auto cell_y = static_cast<int>(shifted_y);
    const double fx = Fade(shifted_x - cell_x);
    const double fy = Fade(shifted_y - cell_y);
    const double low = Mix(Value(cell_x, cell_y), Value(cell_x + 1, cell_y), fx);
    const double high = Mix(Value(cell_x, cell_y + 1), Value(cell_x + 1, cell_y + 1), fx);
    return Mix(low, high, fy);
  }

  // Sum of octaves, each with twice the frequency and half the amplitude of the last; roughly in [-1, 1].
  double Fractal(double x, double y, int octaves) const;

 private:
  static constexpr int kSize = 256;
  static constexpr double kOffset = 1 << 20;

  static double Fade(double t) { return t * t * (3 - 2 * t); }
  static double Mix(double a, double b, double t) { return a + (b - a) * t; }
  double Value(int x, int y) const {
    return values_[ToIndex(y & (kSize - 1)) * kSize + ToIndex(x & (kSize - 1))];
  }

  std::vector<float> values_;
};

}  // namespace vantage::synthetic

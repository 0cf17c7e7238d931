// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace vantage::nn {

// The arithmetic of Winograd's convolution F(4 x 4, 3 x 3) (Lavin and Gray, Fast Algorithms for Convolutional
// Neural Networks, CVPR 2016), float32, channels last. A tile is 4 x 4 pixels of the result; it comes from 6
// x 6 pixels around it, and there are 36 places in its transform. Everything here is one thread's work.
//
// The interpolation points are 0, +-5/8, +-3/2 and infinity, which float32 holds exactly with all products
// that the transforms need. With the paper's 0, +-1, +-2 rounding errors are twice as large; with these they
// are twice those of the sum over 9 x channels products itself.
constexpr int64_t kWinogradTile = 4;
constexpr int64_t kWinogradWindow = 6;
constexpr int64_t kWinogradPlaces = kWinogradWindow * kWinogradWindow;
// Weights of so many output channels lie side by side.
constexpr int64_t kWinogradPanel = 16;

// Values of a panel's output channels.
template <typename Float>
using WinogradLanes = std::array<Float, kWinogradPanel>;

// G g G^T of 3 x 3 filters (9 values each, rows first), in the order of places; in float64, then rounded.
std::array<WinogradLanes<float>, kWinogradPlaces> TransformWinogradFilters(
    const std::array<WinogradLanes<double>, 9>& filters);

struct WinogradKernels {
  // B^T d B of one tile. window: 36 pointers to pixels of `channels` values, rows first. Writes vectors of 8
  // values, so `channels` rounded up to 8, for place i at out + i * stride.
  void (*transform_input)(const float* const* window, int64_t channels, float* out, int64_t stride);

  // out = a b: rows x depth by depth x columns. a: row stride a_stride. b: panels of kWinogradPanel columns,
  // each depth x kWinogradPanel. out: row stride out_stride, columns rounded up to panels.
  void (*multiply)(const float* a, int64_t a_stride, const float* b, int64_t rows, int64_t depth,
                   int64_t columns, float* out, int64_t out_stride);

  // The tile: activation(A^T m A + bias + residual), with activation(y) = min(max(y, lowest), highest). m:
  // place i at m + i * stride, and bias: `channels` rounded up to 8. out and residual: 16 pointers to pixels,
  // rows first; null in out: not wanted. residual may be null.
  void (*transform_output)(const float* m, int64_t stride, const float* bias, const float* const* residual,
                           int64_t channels, float lowest, float highest, float* const* out);
};

// For any processor.
const WinogradKernels& PortableWinogradKernels();
// For this one: with AVX2 and FMA where it has them.
const WinogradKernels& FastestWinogradKernels();
// Whether those are faster than direct convolution here, by benchmarks/convolution_benchmark: with AVX2, and
// on AMD's Zen 4 with AVX-512. Not on others with AVX-512, which oneDNN's convolution uses and these do not,
// nor on other processors than x86-64: neither has been measured.
bool WinogradPays();

}  // namespace vantage::nn

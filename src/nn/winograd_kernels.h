// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace vantage::nn {

// The arithmetic of Winograd's convolution F(4 x 4, 3 x 3) (Lavin and Gray, Fast Algorithms for Convolutional
// Neural Networks, CVPR 2016), float32, channels last. A tile is 4 x 4 pixels of the result. It is computed
// from a window of 6 x 6 pixels, whose transform has 36 places. All functions here are single-threaded.
//
// The interpolation points are 0, +-5/8, +-3/2 and infinity. They and all products that the transforms need
// are exact in float32. With the paper's points 0, +-1, +-2, rounding errors are twice as large. With these
// points they are twice those of summing the 9 x channels products directly.
constexpr int64_t kWinogradTile = 4;
constexpr int64_t kWinogradWindow = 6;
constexpr int64_t kWinogradPlaces = kWinogradWindow * kWinogradWindow;
// Weights of this many output channels are adjacent in memory.
constexpr int64_t kWinogradPanel = 16;

// One value for each output channel of a panel.
template <typename Float>
using WinogradLanes = std::array<Float, kWinogradPanel>;

// G g G^T of 3 x 3 filters (9 values each, row by row), in the order of places. Computed in float64, then
// rounded.
std::array<WinogradLanes<float>, kWinogradPlaces> TransformWinogradFilters(
    const std::array<WinogradLanes<double>, 9>& filters);

struct WinogradKernels {
  // B^T d B of one tile. window: 36 pointers to pixels of `channels` values, row by row. Writes place i at
  // out + i * stride, in vectors of 8 values: `channels` is rounded up to 8.
  void (*transform_input)(const float* const* window, int64_t channels, float* out, int64_t stride);

  // out = a b, for a of rows x depth and b of depth x columns. a: row stride a_stride. b: panels of
  // kWinogradPanel columns, each depth x kWinogradPanel. out: row stride out_stride, columns rounded up to
  // panels.
  void (*multiply)(const float* a, int64_t a_stride, const float* b, int64_t rows, int64_t depth,
                   int64_t columns, float* out, int64_t out_stride);

  // The tile: activation(A^T m A + bias + residual), with activation(y) = min(max(y, lowest), highest).
  // m: place i at m + i * stride. m and bias have `channels` rounded up to 8 values. out and residual: 16
  // pointers to pixels, row by row. Pixels whose pointer in `out` is null are skipped. residual may be null.
  void (*transform_output)(const float* m, int64_t stride, const float* bias, const float* const* residual,
                           int64_t channels, float lowest, float highest, float* const* out);
};

// Kernels for any processor.
const WinogradKernels& PortableWinogradKernels();
// The fastest kernels for this processor: with AVX2 and FMA if it has them.
const WinogradKernels& FastestWinogradKernels();
// Whether these kernels are faster than direct convolution on this processor, according to
// benchmarks/convolution_benchmark. True with AVX2, and on AMD's Zen 4 with AVX-512. False on other
// processors with AVX-512, which oneDNN's convolution uses and these kernels do not, and on processors other
// than x86-64: neither has been measured.
bool WinogradPays();

}  // namespace vantage::nn

// SPDX-License-Identifier: BSD-3-Clause
#include "nn/winograd_kernels.h"

#include <algorithm>
#include <cstring>

#include "util/index.h"
#include "util/simd.h"

#define VANTAGE_INLINE __attribute__((always_inline)) inline

// Sums stay in registers only where loops over them are unrolled.
#if defined(__clang__)
#define VANTAGE_UNROLL _Pragma("unroll")
#else
#define VANTAGE_UNROLL _Pragma("GCC unroll 6")
#endif

namespace vantage::nn {
namespace {

// The interpolation points are 0, a, -a, b, -b and infinity.
constexpr float kA = 0.625F;
constexpr float kB = 1.5F;
constexpr float kA2 = kA * kA;
constexpr float kB2 = kB * kB;

constexpr int64_t kLanes = 8;
constexpr int64_t kRows = 6;  // 6 x 2 sums, 2 weights and one input fit AVX2's 16 registers
constexpr int64_t kDepth = 128;

// Compiled to what the calling function's target has.
typedef float Vector __attribute__((vector_size(kLanes * sizeof(float))));  // NOLINT(modernize-use-using)

// `count`: 1 to kLanes values; the others are 0.
VANTAGE_INLINE void Load(const float* from, int64_t count, Vector& to) {
  if (count >= kLanes) {
    std::memcpy(&to, from, sizeof(Vector));
  } else {
    to = Vector{};
    std::memcpy(&to, from, ToIndex(count) * sizeof(float));
  }
}

VANTAGE_INLINE void Store(const Vector& from, int64_t count, float* to) {
  std::memcpy(to, &from, count >= kLanes ? sizeof(Vector) : ToIndex(count) * sizeof(float));
}

// B^T d in place, of six values at intervals of `step`. Row i of B^T holds the coefficients of the product of
// (x - p) over the other points p.
VANTAGE_INLINE void InputToPlaces(Vector* d, int step) {
  const Vector d1 = d[step];
  const Vector d2 = d[2 * step];
  const Vector d3 = d[3 * step];
  const Vector d4 = d[4 * step];
  const Vector even_a = d4 - kB2 * d2;
  const Vector odd_a = kA * d3 - (kA * kB2) * d1;
  const Vector even_b = d4 - kA2 * d2;
  const Vector odd_b = kB * d3 - (kB * kA2) * d1;
  d[0] = d4 - (kA2 + kB2) * d2 + (kA2 * kB2) * d[0];
  d[step] = even_a + odd_a;
  d[2 * step] = even_a - odd_a;
  d[3 * step] = even_b + odd_b;
  d[4 * step] = even_b - odd_b;
  d[5 * step] = d[5 * step] - (kA2 + kB2) * d3 + (kA2 * kB2) * d1;
}

// A^T m: of six values, `step` apart, the first four places become the result. Row i of A^T holds the points'
// i-th powers.
VANTAGE_INLINE void PlacesToOutput(Vector* m, int step) {
  const Vector sum_a = m[step] + m[2 * step];
  const Vector difference_a = m[step] - m[2 * step];
  const Vector sum_b = m[3 * step] + m[4 * step];
  const Vector difference_b = m[3 * step] - m[4 * step];
  m[0] = m[0] + sum_a + sum_b;
  m[step] = kA * difference_a + kB * difference_b;
  m[2 * step] = kA2 * sum_a + kB2 * sum_b;
  m[3 * step] = (kA * kA2) * difference_a + (kB * kB2) * difference_b + m[5 * step];
}

// Transforms `count` channels, at most kLanes.
VANTAGE_INLINE void TransformInputLanes(const float* const* window, int64_t c, int64_t count, float* out,
                                        int64_t stride) {
  constexpr int kSide = kWinogradWindow;
  Vector d[kWinogradPlaces];
  VANTAGE_UNROLL
  for (int x = 0; x < kSide; ++x) {
    VANTAGE_UNROLL
    for (int y = 0; y < kSide; ++y) Load(window[y * kSide + x] + c, count, d[y * kSide + x]);
    InputToPlaces(d + x, kSide);
  }
  VANTAGE_UNROLL
  for (int y = 0; y < kSide; ++y) {
    InputToPlaces(d + y * kSide, 1);
    VANTAGE_UNROLL
    for (int x = 0; x < kSide; ++x) Store(d[y * kSide + x], kLanes, out + (y * kSide + x) * stride + c);
  }
}

VANTAGE_INLINE void TransformInput(const float* const* window, int64_t channels, float* out, int64_t stride) {
  int64_t c = 0;
  for (; c + kLanes <= channels; c += kLanes) TransformInputLanes(window, c, kLanes, out, stride);
  if (c < channels) TransformInputLanes(window, c, channels - c, out, stride);
}

// kCount rows of the product and kWinogradPanel columns. Sums are taken over kDepth terms at a time: errors
// of a longer sum grow with its length.
template <int kCount>
VANTAGE_INLINE void MultiplyRows(const float* a, int64_t a_stride, const float* b, int64_t depth, float* out,
                                 int64_t out_stride) {
  for (int64_t begin = 0; begin < depth; begin += kDepth) {
    const int64_t end = begin + kDepth < depth ? begin + kDepth : depth;
    Vector sums[kCount][2] = {};
    for (int64_t k = begin; k < end; ++k) {
      Vector b0;
      Vector b1;
      Load(b + k * kWinogradPanel, kLanes, b0);
      Load(b + k * kWinogradPanel + kLanes, kLanes, b1);
      VANTAGE_UNROLL
      for (int row = 0; row < kCount; ++row) {
        const float value = a[row * a_stride + k];
        sums[row][0] += value * b0;
        sums[row][1] += value * b1;
      }
    }
    VANTAGE_UNROLL
    for (int row = 0; row < kCount; ++row) {
      float* const to = out + row * out_stride;
      if (begin > 0) {
        Vector before;
        Load(to, kLanes, before);
        sums[row][0] += before;
        Load(to + kLanes, kLanes, before);
        sums[row][1] += before;
      }
      Store(sums[row][0], kLanes, to);
      Store(sums[row][1], kLanes, to + kLanes);
    }
  }
}

// The last `rows` of them, at most kCount.
template <int kCount>
VANTAGE_INLINE void MultiplyRest(int64_t rows, const float* a, int64_t a_stride, const float* b,
                                 int64_t depth, float* out, int64_t out_stride) {
  if (rows == kCount) {
    MultiplyRows<kCount>(a, a_stride, b, depth, out, out_stride);
  } else if constexpr (kCount > 1) {
    MultiplyRest<kCount - 1>(rows, a, a_stride, b, depth, out, out_stride);
  }
}

VANTAGE_INLINE void Multiply(const float* a, int64_t a_stride, const float* b, int64_t rows, int64_t depth,
                             int64_t columns, float* out, int64_t out_stride) {
  for (int64_t column = 0; column < columns; column += kWinogradPanel, b += depth * kWinogradPanel) {
    int64_t row = 0;
    for (; row + kRows <= rows; row += kRows) {
      MultiplyRows<kRows>(a + row * a_stride, a_stride, b, depth, out + row * out_stride + column,
                          out_stride);
    }
    MultiplyRest<kRows - 1>(rows - row, a + row * a_stride, a_stride, b, depth,
                            out + row * out_stride + column, out_stride);
  }
}

// Transforms `count` channels, at most kLanes.
VANTAGE_INLINE void TransformOutputLanes(const float* m, int64_t stride, const float* bias,
                                         const float* const* residual, int64_t c, int64_t count, float lowest,
                                         float highest, float* const* out) {
  constexpr int kSide = kWinogradWindow;
  Vector places[kWinogradPlaces];
  VANTAGE_UNROLL
  for (int x = 0; x < kSide; ++x) {
    VANTAGE_UNROLL
    for (int y = 0; y < kSide; ++y) Load(m + (y * kSide + x) * stride + c, kLanes, places[y * kSide + x]);
    PlacesToOutput(places + x, kSide);
  }
  Vector offset;
  Load(bias + c, kLanes, offset);
  const Vector low = Vector{} + lowest;
  const Vector high = Vector{} + highest;
  VANTAGE_UNROLL
  for (int y = 0; y < kWinogradTile; ++y) {
    PlacesToOutput(places + y * kSide, 1);
    VANTAGE_UNROLL
    for (int x = 0; x < kWinogradTile; ++x) {
      const int pixel = y * kWinogradTile + x;
      if (out[pixel] == nullptr) continue;
      Vector value = places[y * kSide + x] + offset;
      if (residual != nullptr) {
        Vector added;
        Load(residual[pixel] + c, count, added);
        value += added;
      }
      value = value < low ? low : value;
      value = value > high ? high : value;
      Store(value, count, out[pixel] + c);
    }
  }
}

VANTAGE_INLINE void TransformOutput(const float* m, int64_t stride, const float* bias,
                                    const float* const* residual, int64_t channels, float lowest,
                                    float highest, float* const* out) {
  int64_t c = 0;
  for (; c + kLanes <= channels; c += kLanes) {
    TransformOutputLanes(m, stride, bias, residual, c, kLanes, lowest, highest, out);
  }
  if (c < channels) TransformOutputLanes(m, stride, bias, residual, c, channels - c, lowest, highest, out);
}

void PortableTransformInput(const float* const* window, int64_t channels, float* out, int64_t stride) {
  TransformInput(window, channels, out, stride);
}

void PortableMultiply(const float* a, int64_t a_stride, const float* b, int64_t rows, int64_t depth,
                      int64_t columns, float* out, int64_t out_stride) {
  Multiply(a, a_stride, b, rows, depth, columns, out, out_stride);
}

void PortableTransformOutput(const float* m, int64_t stride, const float* bias, const float* const* residual,
                             int64_t channels, float lowest, float highest, float* const* out) {
  TransformOutput(m, stride, bias, residual, channels, lowest, highest, out);
}

#ifdef VANTAGE_AVX2
VANTAGE_AVX2 void Avx2TransformInput(const float* const* window, int64_t channels, float* out,
                                     int64_t stride) {
  TransformInput(window, channels, out, stride);
}

VANTAGE_AVX2 void Avx2Multiply(const float* a, int64_t a_stride, const float* b, int64_t rows, int64_t depth,
                               int64_t columns, float* out, int64_t out_stride) {
  Multiply(a, a_stride, b, rows, depth, columns, out, out_stride);
}

VANTAGE_AVX2 void Avx2TransformOutput(const float* m, int64_t stride, const float* bias,
                                      const float* const* residual, int64_t channels, float lowest,
                                      float highest, float* const* out) {
  TransformOutput(m, stride, bias, residual, channels, lowest, highest, out);
}
#endif

}  // namespace

// G: row i holds powers of point i over the product of its differences to the others; for infinity the last
// power.
constexpr std::array<std::array<double, 3>, kWinogradWindow> FilterTransform() {
  constexpr std::array<double, 5> kPoints = {0, kA, -kA, kB, -kB};
  std::array<std::array<double, 3>, kWinogradWindow> g{};
  for (size_t i = 0; i < kPoints.size(); ++i) {
    double product = 1;
    for (size_t k = 0; k < kPoints.size(); ++k) {
      if (k != i) product *= kPoints[i] - kPoints[k];
    }
    g[i] = {1 / product, kPoints[i] / product, kPoints[i] * kPoints[i] / product};
  }
  g.back() = {0, 0, 1};
  return g;
}

std::array<WinogradLanes<float>, kWinogradPlaces> TransformWinogradFilters(
    const std::array<WinogradLanes<double>, 9>& filters) {
  constexpr auto kG = FilterTransform();
  // G f, then (G f) G^T.
  std::array<std::array<WinogradLanes<double>, 3>, kWinogradWindow> rows;
  for (size_t i = 0; i < kWinogradWindow; ++i) {
    for (size_t x = 0; x < 3; ++x) {
      for (size_t lane = 0; lane < kWinogradPanel; ++lane) {
        rows[i][x][lane] =
            kG[i][0] * filters[x][lane] + kG[i][1] * filters[3 + x][lane] + kG[i][2] * filters[6 + x][lane];
      }
    }
  }
  std::array<WinogradLanes<float>, kWinogradPlaces> places;
  for (size_t place = 0; place < places.size(); ++place) {
    const auto& row = rows[place / kWinogradWindow];
    const auto& g = kG[place % kWinogradWindow];
    for (size_t lane = 0; lane < kWinogradPanel; ++lane) {
      places[place][lane] =
          static_cast<float>(row[0][lane] * g[0] + row[1][lane] * g[1] + row[2][lane] * g[2]);
    }
  }
  return places;
}

const WinogradKernels& PortableWinogradKernels() {
  static constexpr WinogradKernels kKernels = {PortableTransformInput, PortableMultiply,
                                               PortableTransformOutput};
  return kKernels;
}

const WinogradKernels& FastestWinogradKernels() {
#ifdef VANTAGE_AVX2
  static constexpr WinogradKernels kKernels = {Avx2TransformInput, Avx2Multiply, Avx2TransformOutput};
  if (UsedSimdLevel() == SimdLevel::kAvx2) return kKernels;
#endif
  return PortableWinogradKernels();
}

bool WinogradPays() {
#ifdef VANTAGE_AVX2
  // AMD's family 19h (Zen 3 and 4) computes 512 bits in two halves, so that direct convolution gains nothing.
  return UsedSimdLevel() == SimdLevel::kAvx2 &&
         (!__builtin_cpu_supports("avx512f") || __builtin_cpu_is("amdfam19h"));
#else
  return false;
#endif
}

}  // namespace vantage::nn

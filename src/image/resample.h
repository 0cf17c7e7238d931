// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "util/index.h"
#include "vantage/image.h"
#include "vantage/preprocessing.h"

namespace vantage::image {

// Pillow's resampling along one axis: sums of bytes times fixed-point weights in 32 bits, rounded to bytes.
constexpr int kWeightBits = 22;  // fractional bits of a weight

// For each output position: the first input position and the weights from that position on.
struct ResampleWeights {
  struct Span {
    int first = 0;
    int count = 0;
  };
  std::vector<Span> spans;
  std::vector<int32_t> values;  // `stride` for each output position
  int stride = 0;

  int OutputSize() const { return static_cast<int>(spans.size()); }
  const int32_t* Of(int position) const { return values.data() + ToIndex(position) * ToIndex(stride); }
};

// Weights of Pillow's filters, which are stretched when reducing. Maps the interval [0, input_length) of the
// input, in pixels, to `output_size` positions. The input has `input_size` pixels.
ResampleWeights AntialiasedWeights(Interpolation interpolation, int input_size, float input_length,
                                   int output_size);

// Weights of the nearest 2 (bilinear) or 4 (bicubic) pixels, as PyTorch's interpolate without antialias; the
// border is repeated outside the image.
ResampleWeights NearestWeights(Interpolation interpolation, int input_size, int output_size);

// Size of an image whose longest side becomes `size` (at least 1), rounded as by Pillow's thumbnail. Enlarges
// too.
ImageSize SizeOfLongest(int width, int height, int size);

// Resampling along each axis. All kernels compute the same bytes.
struct ResampleKernels {
  Image (*horizontally)(const Image& image, const ResampleWeights& weights);
  Image (*vertically)(const Image& image, const ResampleWeights& weights);
};

// For any processor.
const ResampleKernels& PortableResampleKernels();
// Kernels with AVX2; null if the compiler or the processor does not support AVX2.
const ResampleKernels* Avx2ResampleKernels();
const ResampleKernels& FastestResampleKernels();

}  // namespace vantage::image

// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "util/index.h"
#include "vantage/image.h"

namespace vantage::image {

// Pillow's resampling of one direction: sums of bytes times fixed-point weights in 32 bits, rounded to bytes.
constexpr int kWeightBits = 22;  // behind the point

// For each output position: the first input position and the weights from there on.
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

// Lanczos of 3 lobes from the input interval [0, input_length) to `output_size` positions; `input_size`
// pixels exist.
ResampleWeights LanczosWeights(int input_size, float input_length, int output_size);

// Both compute the same bytes, whichever kernels they are.
struct ResampleKernels {
  Image (*horizontally)(const Image& image, const ResampleWeights& weights);
  Image (*vertically)(const Image& image, const ResampleWeights& weights);
};

// For any processor.
const ResampleKernels& PortableResampleKernels();
// With AVX2; null where the compiler does not know it or the processor does not have it.
const ResampleKernels* Avx2ResampleKernels();
const ResampleKernels& FastestResampleKernels();

}  // namespace vantage::image

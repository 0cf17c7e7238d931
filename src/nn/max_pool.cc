// SPDX-License-Identifier: BSD-3-Clause
#include "nn/max_pool.h"

#include <ATen/Parallel.h>
#include <ATen/div_rtn.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/max_pool2d.h>

#include <algorithm>
#include <cstring>

#include "util/index.h"

namespace vantage::nn {
namespace {

// As PyTorch's pooling counts: with ceil_mode the last window may hang over the edge, but must start inside.
int64_t PooledLength(int64_t length, const PoolWindow& window) {
  const int64_t reach = length + 2 * window.padding - window.kernel;
  int64_t pooled = div_rtn(reach + (window.ceil_mode ? window.stride - 1 : 0), window.stride) + 1;
  if (window.ceil_mode && (pooled - 1) * window.stride >= length + window.padding) --pooled;
  return pooled;
}

// The largest of each channel over rows [y0, y1) and columns [x0, x1) of an image, H x W x C in memory.
void MaxOverWindow(const float* image, int64_t width, int64_t channels, int64_t y0, int64_t y1, int64_t x0,
                   int64_t x1, float* out) {
  std::memcpy(out, image + (y0 * width + x0) * channels, ToIndex(channels) * sizeof(float));
  for (int64_t y = y0; y < y1; ++y) {
    for (int64_t x = x0; x < x1; ++x) {
      const float* in = image + (y * width + x) * channels;
      for (int64_t c = 0; c < channels; ++c) out[c] = out[c] < in[c] ? in[c] : out[c];
    }
  }
}

}  // namespace

at::Tensor PlainMaxPool(const at::Tensor& x_BCHW, const PoolWindow& window) {
  return at::max_pool2d(x_BCHW, window.kernel, window.stride, window.padding, /*dilation=*/1,
                        window.ceil_mode);
}

at::Tensor FastMaxPool(const at::Tensor& x_BCHW, const PoolWindow& window) {
  const int64_t height = PooledLength(x_BCHW.size(2), window);
  const int64_t width = PooledLength(x_BCHW.size(3), window);
  if (!x_BCHW.device().is_cpu() || x_BCHW.scalar_type() != at::kFloat || height < 1 || width < 1 ||
      !x_BCHW.is_contiguous(at::MemoryFormat::ChannelsLast)) {
    return PlainMaxPool(x_BCHW, window);
  }
  const int64_t channels = x_BCHW.size(1);
  const int64_t in_height = x_BCHW.size(2);
  const int64_t in_width = x_BCHW.size(3);
  at::Tensor pooled = at::empty({x_BCHW.size(0), channels, height, width},
                                x_BCHW.options().memory_format(at::MemoryFormat::ChannelsLast));
  const float* images = x_BCHW.const_data_ptr<float>();
  float* out = pooled.mutable_data_ptr<float>();
  at::parallel_for(0, x_BCHW.size(0) * height, /*grain_size=*/4, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      const float* image = images + row / height * in_height * in_width * channels;
      const int64_t top = row % height * window.stride - window.padding;
      for (int64_t x = 0; x < width; ++x) {
        const int64_t left = x * window.stride - window.padding;
        MaxOverWindow(image, in_width, channels, std::max<int64_t>(top, 0),
                      std::min(top + window.kernel, in_height), std::max<int64_t>(left, 0),
                      std::min(left + window.kernel, in_width), out + (row * width + x) * channels);
      }
    }
  });
  return pooled;
}

}  // namespace vantage::nn

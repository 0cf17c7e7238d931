// SPDX-License-Identifier: BSD-3-Clause
#include "nn/resize_images.h"

#include <ATen/Parallel.h>
#include <ATen/ops/_upsample_bicubic2d_aa.h>
#include <ATen/ops/_upsample_bilinear2d_aa.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/upsample_bicubic2d.h>
#include <ATen/ops/upsample_bilinear2d.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "util/index.h"

namespace vantage::nn {
namespace {

// Where a pixel of the result comes from: two neighbours and the second one's weight.
struct Source {
  int64_t first = 0;
  int64_t second = 0;
  float weight = 0;
};

std::vector<Source> Sources(int64_t in_length, int64_t out_length, double scale) {
  std::vector<Source> sources(ToIndex(out_length));
  for (int64_t i = 0; i < out_length; ++i) {
    const double center = std::max(0.0, (static_cast<double>(i) + 0.5) / scale - 0.5);
    const int64_t first = std::min(static_cast<int64_t>(center), in_length - 1);
    sources[ToIndex(i)] = {first, std::min(first + 1, in_length - 1),
                           static_cast<float>(center - static_cast<double>(first))};
  }
  return sources;
}

}  // namespace

at::Tensor ResizeImages(const at::Tensor& x_BCHW, double scale) {
  const int64_t in_height = x_BCHW.size(2);
  const int64_t in_width = x_BCHW.size(3);
  const auto height = static_cast<int64_t>(std::floor(static_cast<double>(in_height) * scale));
  const auto width = static_cast<int64_t>(std::floor(static_cast<double>(in_width) * scale));
  if (!x_BCHW.device().is_cpu() || x_BCHW.scalar_type() != at::kFloat || height < 1 || width < 1 ||
      !x_BCHW.is_contiguous(at::MemoryFormat::ChannelsLast)) {
    return at::upsample_bilinear2d(x_BCHW.to(at::kDouble), /*output_size=*/std::nullopt,
                                   /*align_corners=*/false, std::vector<double>{scale, scale})
        .to(x_BCHW.scalar_type());
  }
  // LibTorch does this for float64 images only, at several times the cost.
  const int64_t channels = x_BCHW.size(1);
  const std::vector<Source> rows = Sources(in_height, height, scale);
  const std::vector<Source> columns = Sources(in_width, width, scale);
  at::Tensor resized = at::empty({x_BCHW.size(0), channels, height, width},
                                 x_BCHW.options().memory_format(at::MemoryFormat::ChannelsLast));
  const float* images = x_BCHW.const_data_ptr<float>();
  float* pixels = resized.mutable_data_ptr<float>();
  at::parallel_for(0, x_BCHW.size(0) * height, /*grain_size=*/16, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      const Source& source = rows[ToIndex(row % height)];
      const float* image = images + row / height * in_height * in_width * channels;
      const float* upper = image + source.first * in_width * channels;
      const float* lower = image + source.second * in_width * channels;
      float* out = pixels + row * width * channels;
      for (const Source& column : columns) {
        const int64_t left = column.first * channels;
        const int64_t right = column.second * channels;
        for (int64_t c = 0; c < channels; ++c) {
          const float above = upper[left + c] + column.weight * (upper[right + c] - upper[left + c]);
          const float below = lower[left + c] + column.weight * (lower[right + c] - lower[left + c]);
          *out++ = above + source.weight * (below - above);
        }
      }
    }
  });
  return resized;
}

at::Tensor ApplyTensorSteps(at::Tensor x_BCHW, std::span<const PreprocessingStep> steps) {
  for (const PreprocessingStep& step : steps) {
    const ImageSize before{static_cast<int>(x_BCHW.size(3)), static_cast<int>(x_BCHW.size(2))};
    const ImageSize after = SizeAfter(step, before);
    if (after == before) continue;
    const std::array<int64_t, 2> size = {after.height, after.width};
    if (step.kind == PreprocessingStepKind::kCrop) {
      const Box box = CentreSquare(before, step.size);
      x_BCHW = x_BCHW.narrow(2, static_cast<int64_t>(box.top), after.height)
                   .narrow(3, static_cast<int64_t>(box.left), after.width)
                   .contiguous(at::MemoryFormat::ChannelsLast);
    } else if (step.interpolation == Interpolation::kBilinear) {
      x_BCHW = step.antialias ? at::_upsample_bilinear2d_aa(x_BCHW, size, /*align_corners=*/false)
                              : at::upsample_bilinear2d(x_BCHW, size, /*align_corners=*/false);
    } else {
      x_BCHW = step.antialias ? at::_upsample_bicubic2d_aa(x_BCHW, size, /*align_corners=*/false)
                              : at::upsample_bicubic2d(x_BCHW, size, /*align_corners=*/false);
    }
  }
  return x_BCHW;
}

}  // namespace vantage::nn

// SPDX-License-Identifier: BSD-3-Clause
#include "nn/winograd.h"

#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <array>
#include <vector>

#include "util/check.h"
#include "util/index.h"

namespace vantage::nn {
namespace {

constexpr int64_t kCacheLine = 16;  // floats

int64_t RoundUp(int64_t value, int64_t unit) { return (value + unit - 1) / unit * unit; }

// Maps, channels last, in memory.
struct Maps {
  int64_t height = 0;
  int64_t width = 0;
  int64_t in_channels = 0;
  int64_t out_channels = 0;
  const float* in = nullptr;
  const float* residual = nullptr;  // or null
  float* out = nullptr;
};

// Tile `index` of all maps' tiles, rows first: its map, and its first pixel.
struct Tile {
  int64_t map;
  int64_t y;
  int64_t x;

  Tile(int64_t index, const Maps& maps) {
    const int64_t across = (maps.width + kWinogradTile - 1) / kWinogradTile;
    const int64_t down = (maps.height + kWinogradTile - 1) / kWinogradTile;
    map = index / (across * down);
    y = index / across % down * kWinogradTile;
    x = index % across * kWinogradTile;
  }
};

int64_t TileCount(int64_t maps, int64_t height, int64_t width) {
  return maps * ((height + kWinogradTile - 1) / kWinogradTile) *
         ((width + kWinogradTile - 1) / kWinogradTile);
}

// Pixels around the tile; `zeros` outside the map.
std::array<const float*, kWinogradPlaces> Window(const Tile& tile, const Maps& maps, const float* zeros) {
  std::array<const float*, kWinogradPlaces> window;
  size_t i = 0;
  for (int64_t y = tile.y - 1; y < tile.y - 1 + kWinogradWindow; ++y) {
    for (int64_t x = tile.x - 1; x < tile.x - 1 + kWinogradWindow; ++x) {
      const bool inside = y >= 0 && y < maps.height && x >= 0 && x < maps.width;
      window[i++] =
          inside ? maps.in + ((tile.map * maps.height + y) * maps.width + x) * maps.in_channels : zeros;
    }
  }
  return window;
}

// The tile's pixels in maps of out_channels; null outside.
template <typename Float>
using TilePixels = std::array<Float*, kWinogradTile * kWinogradTile>;

template <typename Float>
TilePixels<Float> Pixels(const Tile& tile, const Maps& maps, Float* values) {
  TilePixels<Float> pixels;
  size_t i = 0;
  for (int64_t y = tile.y; y < tile.y + kWinogradTile; ++y) {
    for (int64_t x = tile.x; x < tile.x + kWinogradTile; ++x) {
      const bool inside = y < maps.height && x < maps.width;
      pixels[i++] =
          inside ? values + ((tile.map * maps.height + y) * maps.width + x) * maps.out_channels : nullptr;
    }
  }
  return pixels;
}

// Rows of `channels` values for `tiles` tiles, and 36 such planes. A row and a plane are longer than they
// need be by a cache line: at a power of two all 36 would fall on the same places of the cache.
struct Planes {
  int64_t row;
  int64_t plane;

  Planes(int64_t tiles, int64_t channels)
      : row(RoundUp(channels, kCacheLine) + kCacheLine), plane(tiles * row + kCacheLine) {}
};

// Tiles [first, first + count) before and after the products. `planes` holds a row for each.
void TransformInputs(const WinogradKernels& kernels, const Maps& maps, int64_t first, int64_t count,
                     const float* zeros, const Planes& layout, float* planes) {
  for (int64_t i = 0; i < count; ++i) {
    const auto window = Window(Tile(first + i, maps), maps, zeros);
    kernels.transform_input(window.data(), maps.in_channels, planes + i * layout.row, layout.plane);
  }
}

void TransformOutputs(const WinogradKernels& kernels, const Maps& maps, int64_t first, int64_t count,
                      const float* bias, const Activation::Bounds& bounds, const Planes& layout,
                      const float* planes) {
  for (int64_t i = 0; i < count; ++i) {
    const Tile tile(first + i, maps);
    const TilePixels<float> out = Pixels(tile, maps, maps.out);
    TilePixels<const float> residual{};
    if (maps.residual != nullptr) residual = Pixels(tile, maps, maps.residual);
    kernels.transform_output(planes + i * layout.row, layout.plane, bias,
                             maps.residual != nullptr ? residual.data() : nullptr, maps.out_channels,
                             bounds.lowest, bounds.highest, out.data());
  }
}

// Few tiles keep their planes in the second-level cache; many use weights more often once these come from
// further away. Measured on cores with 512 KiB: 12 to 36 tiles take the same time up to 128 x 128 channels,
// and 48 to 192 beyond.
int64_t TilesAtATime(int64_t tiles, int64_t weights) {
  constexpr int64_t kFewTiles = 24;
  constexpr int64_t kNearWeights = 128 * 128;
  const int64_t most = weights <= kNearWeights ? kFewTiles : WinogradConvolution::kMostTiles;
  const int64_t blocks = std::max((tiles + most - 1) / most, std::min<int64_t>(at::get_num_threads(), tiles));
  return (tiles + blocks - 1) / blocks;
}

}  // namespace

WinogradConvolution::WinogradConvolution(const at::Tensor& weight, const at::Tensor& bias,
                                         const WinogradKernels& kernels)
    : kernels_(&kernels), in_channels_(weight.size(1)), out_channels_(weight.size(0)) {
  VANTAGE_CHECK(weight.dim() == 4 && weight.size(2) == 3 && weight.size(3) == 3, "not a 3 x 3 convolution");
  const int64_t columns = RoundUp(out_channels_, kWinogradPanel);
  const int64_t panels = columns / kWinogradPanel;
  const at::Tensor filters = weight.to(at::kFloat);
  weights_ = at::empty({kWinogradPlaces, panels, in_channels_, kWinogradPanel});
  const auto* all = filters.const_data_ptr<float>();
  const auto strides = filters.strides();
  auto* weights = weights_.mutable_data_ptr<float>();
  // A panel's filters of one input channel are written side by side, a cache line a place.
  for (int64_t panel = 0; panel < panels; ++panel) {
    const int64_t first = panel * kWinogradPanel;
    const int64_t lanes = std::min(kWinogradPanel, out_channels_ - first);
    std::array<WinogradLanes<double>, 9> panel_filters{};
    for (int64_t in = 0; in < in_channels_; ++in) {
      for (int64_t k = 0; k < 9; ++k) {
        const float* value =
            all + first * strides[0] + in * strides[1] + k / 3 * strides[2] + k % 3 * strides[3];
        auto& row = panel_filters[ToIndex(k)];
        for (int64_t lane = 0; lane < lanes; ++lane) row[ToIndex(lane)] = value[lane * strides[0]];
      }
      const auto transformed = TransformWinogradFilters(panel_filters);
      float* to = weights + (panel * in_channels_ + in) * kWinogradPanel;
      for (const auto& line : transformed) {
        std::copy(line.begin(), line.end(), to);
        to += in_channels_ * columns;
      }
    }
  }
  bias_ = at::zeros({columns});
  if (bias.defined()) bias_.narrow(0, 0, out_channels_).copy_(bias);
}

at::Tensor WinogradConvolution::operator()(const at::Tensor& x_BCHW, const at::Tensor& residual_BCHW,
                                           const Activation& activation) const {
  VANTAGE_CHECK(x_BCHW.dim() == 4 && x_BCHW.size(1) == in_channels_ && x_BCHW.device().is_cpu() &&
                    x_BCHW.scalar_type() == at::kFloat,
                "Winograd's convolution of float32 maps of ", in_channels_,
                " channels on the CPU got another tensor");
  const at::Tensor x = x_BCHW.contiguous(at::MemoryFormat::ChannelsLast);
  at::Tensor y = at::empty({x.size(0), out_channels_, x.size(2), x.size(3)},
                           x.options().memory_format(at::MemoryFormat::ChannelsLast));
  at::Tensor residual;
  if (residual_BCHW.defined()) {
    VANTAGE_CHECK(residual_BCHW.sizes() == y.sizes(),
                  "a residual of another shape than the convolution's result");
    residual = residual_BCHW.to(at::kFloat).contiguous(at::MemoryFormat::ChannelsLast);
  }
  const Maps maps = {.height = x.size(2),
                     .width = x.size(3),
                     .in_channels = in_channels_,
                     .out_channels = out_channels_,
                     .in = x.const_data_ptr<float>(),
                     .residual = residual.defined() ? residual.const_data_ptr<float>() : nullptr,
                     .out = y.mutable_data_ptr<float>()};
  const std::vector<float> zeros(ToIndex(in_channels_));
  const int64_t tile_count = TileCount(x.size(0), maps.height, maps.width);
  if (tile_count == 0) return y;
  const int64_t at_a_time = TilesAtATime(tile_count, in_channels_ * out_channels_);
  const Planes in_planes(at_a_time, in_channels_);
  const Planes out_planes(at_a_time, out_channels_);
  const int64_t columns = bias_.size(0);
  const Activation::Bounds bounds = activation.bounds.value_or(Activation::Bounds{});
  const auto* weights = weights_.const_data_ptr<float>();
  const auto* bias = bias_.const_data_ptr<float>();
  at::parallel_for(0, (tile_count + at_a_time - 1) / at_a_time, 1, [&](int64_t begin, int64_t end) {
    const at::Tensor scratch = at::empty({kWinogradPlaces * (in_planes.plane + out_planes.plane)});
    auto* const in = scratch.mutable_data_ptr<float>();
    float* const out = in + kWinogradPlaces * in_planes.plane;
    for (int64_t block = begin; block < end; ++block) {
      const int64_t first = block * at_a_time;
      const int64_t count = std::min(at_a_time, tile_count - first);
      TransformInputs(*kernels_, maps, first, count, zeros.data(), in_planes, in);
      for (int64_t place = 0; place < kWinogradPlaces; ++place) {
        kernels_->multiply(in + place * in_planes.plane, in_planes.row,
                           weights + place * in_channels_ * columns, count, in_channels_, columns,
                           out + place * out_planes.plane, out_planes.row);
      }
      TransformOutputs(*kernels_, maps, first, count, bias, bounds, out_planes, out);
    }
  });
  return activation.bounds ? y : activation.forward(y);
}

bool WinogradSuits(const ConvolutionOptions& options) {
  // Measured with AVX2 against oneDNN: 1.4 times as fast from 12 to 32 channels, 2 from 16 to 64, 2.5 to 3.5
  // from 128 channels on, and as fast or faster down to maps of one pixel; 0.75 times from 3 to 64 channels.
  constexpr int64_t kFewestIn = 8;
  constexpr int64_t kFewestOut = 16;
  return options.kernel == 3 && options.stride == 1 && options.padding == 1 && options.extra_padding == 0 &&
         options.groups == 1 && options.in_channels >= kFewestIn && options.out_channels >= kFewestOut &&
         WinogradPays();
}

bool WinogradSuits(const at::Tensor& x_BCHW) {
  return x_BCHW.device().is_cpu() && x_BCHW.scalar_type() == at::kFloat;
}

}  // namespace vantage::nn

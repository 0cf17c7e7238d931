// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "nn/tensor_owner.h"

namespace vantage::nn {

// x / (||x|| + 1e-6) for each row of x, B x D. Differs from the usual normalisation: as in cirtorch, the
// epsilon is added to the norm.
at::Tensor L2Normalize(const at::Tensor& x_BD);

// Generalised-mean pooling, TPAMI 2019, eq. (2): f_k = (mean_x max(x, eps)^p_k)^(1 / p_k).
// x: B x C x H x W, H and W at least 1; p: 1 or C elements, positive. Returns B x C.
inline constexpr double kGemEpsilon = 1e-6;
at::Tensor GemPool(const at::Tensor& x_BCHW, const at::Tensor& p, double eps = kGemEpsilon);

// The maximum over all locations (MAC). B x C x H x W to B x C.
at::Tensor MacPool(const at::Tensor& x_BCHW);

// The mean over all locations (SPoC). B x C x H x W to B x C.
at::Tensor SpocPool(const at::Tensor& x_BCHW);

// A square of a feature map.
struct Region {
  int64_t top = 0;
  int64_t left = 0;
  int64_t size = 0;
};
// The regions of R-MAC (Tolias, Sicre, Jegou, ICLR 2016) on a map of height x width. For each scale from 1 to
// `levels` they are squares of side 2 min(height, width) / (scale + 1), spread evenly so that neighbours
// overlap by about 40 %.
inline constexpr int kRmacLevels = 3;
std::vector<Region> RmacRegions(int64_t height, int64_t width, int levels = kRmacLevels);

// The sum of describe(part) over the whole map and over the parts inside its regions. `describe` maps B x C x
// any size to B x D.
at::Tensor SumOverRegions(const at::Tensor& x_BCHW,
                          const std::function<at::Tensor(const at::Tensor&)>& describe);

// The sum of the MACs, each of unit length, of the whole map and of its regions. B x C x H x W to B x C.
at::Tensor RmacPool(const at::Tensor& x_BCHW);

// A pooling of a feature map, B x C x H x W to B x C.
struct PoolingRow {
  const char* name;
  // Learned exponents; initially 3.
  enum class Exponents { kNone, kOne, kOnePerChannel };
  Exponents exponents = Exponents::kNone;
  // p: the exponents; undefined if there are none.
  at::Tensor (*pool)(const at::Tensor& x_BCHW, const at::Tensor& p);
};

// The poolings, each defined in its own file in poolings/.
extern const PoolingRow kGem;            // "gem", with one shared exponent
extern const PoolingRow kGemPerChannel;  // "gemmp"
extern const PoolingRow kMac;
extern const PoolingRow kRmac;
extern const PoolingRow kSpoc;

// All poolings.
std::span<const PoolingRow* const> Poolings();
std::vector<std::string> PoolingNames();

// A pooling with its exponents.
struct Pooling {
  const PoolingRow* row;
  at::Tensor p;  // undefined if the pooling has none

  at::Tensor operator()(const at::Tensor& x_BCHW) const { return row->pool(x_BCHW, p); }
  // Replaces NAME.p if there is one.
  void Replace(const std::string& pool_name, const TensorReplacer& replacer);
};

// Throws UsageError, with the list of poolings, if there is none of that name.
Pooling MakePooling(const std::string& name, int64_t channels);

}  // namespace vantage::nn

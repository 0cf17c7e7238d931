// SPDX-License-Identifier: BSD-3-Clause
#include <ATen/ops/full.h>

#include <utility>

#include "nn/head.h"
#include "nn/linear_layer.h"
#include "nn/pooling.h"
#include "nn/power_normalize.h"

// A pooling and l2n, then, where asked for, a linear layer and l2n again. TPAMI 2019, section 3; names and
// layers as in cirtorch.
namespace vantage::nn {
namespace {

class CirtorchHead : public Head {
 public:
  CirtorchHead(const DescriptorNetOptions& options, int64_t channels)
      : pooling_(MakePooling(options.pooling, channels)),
        is_regional_(options.regional),
        power_(options.power),
        channels_(channels),
        local_whitening_(LinearLayer::Make(options.local_whitening, channels, channels)),
        region_whitening_(LinearLayer::Make(options.regional, channels, channels)),
        whitening_(LinearLayer::Make(options.fc_whitening,
                                     options.output_dimension > 0 ? options.output_dimension : channels,
                                     channels)) {}

  int64_t dimension() const override { return whitening_ ? whitening_.weight.size(0) : channels_; }

  at::Tensor Forward(const Features& features, const PassContext& /*pass*/) const override {
    at::Tensor map_BCHW = features.map_BCHW;
    if (local_whitening_) map_BCHW = local_whitening_(map_BCHW.permute({0, 2, 3, 1})).permute({0, 3, 1, 2});
    at::Tensor pooled = L2Normalize(Pool(map_BCHW));
    if (power_ != 1) pooled = L2Normalize(PowerNormalize(pooled, power_));
    return whitening_ ? L2Normalize(whitening_(pooled)) : pooled;
  }

  std::optional<double> ScaleExponent() const override {
    const bool is_plain = pooling_.row == &kGem && !is_regional_ && !whitening_ && power_ == 1;
    if (!is_plain) return std::nullopt;
    return pooling_.p.item<double>();
  }
  bool pools_map() const override { return true; }
  std::unique_ptr<Head> WithExponent(double exponent) const override {
    if (!pooling_.p.defined()) return nullptr;
    auto other = std::make_unique<CirtorchHead>(*this);
    other->pooling_.p = at::full({1}, exponent, pooling_.p.options());
    return other;
  }

  void Replace(const TensorReplacer& replacer) override {
    local_whitening_.Replace("lwhiten", replacer);
    pooling_.Replace(is_regional_ ? "pool.rpool" : "pool", replacer);
    region_whitening_.Replace("pool.whiten", replacer);
    whitening_.Replace("whiten", replacer);
  }

 private:
  at::Tensor Pool(const at::Tensor& x_BCHW) const {
    if (!is_regional_) return pooling_(x_BCHW);
    return SumOverRegions(x_BCHW, [&](const at::Tensor& part) {
      return L2Normalize(region_whitening_(L2Normalize(pooling_(part))));
    });
  }

  Pooling pooling_;
  bool is_regional_;
  double power_;
  int64_t channels_;
  LinearLayer local_whitening_;
  LinearLayer region_whitening_;
  LinearLayer whitening_;
};

bool RecogniseCirtorchHead(const TensorShapes& shapes, NetWish& wish) {
  const auto has = [&](const char* name) { return shapes.contains(name); };
  if (has("whiten.weight")) wish.fc_whitening = true;
  if (has("lwhiten.weight")) wish.local_whitening = true;
  if (has("pool.whiten.weight")) wish.regional = true;
  if (const int rows = RowsOf(shapes, "whiten")) wish.output_dimension = rows;
  for (const char* name : {"pool.p", "pool.rpool.p"}) {
    if (has(name)) wish.pooling = shapes.at(name) == std::vector<int64_t>{1} ? "gem" : "gemmp";
  }
  return wish.pooling.has_value();
}

}  // namespace

HeadRow CirtorchHeadRow() {
  return {
      .name = "cirtorch",
      .trunk_prefix = "features.",
      .linear = "whiten",
      .takes_whitening = true,
      .has_pooling = true,
      .made_by_training = {"pool.p", "pool.rpool.p"},
      .request = [](const DescriptorNetOptions&, const TrunkRow&) { return FeatureRequest{}; },
      .check =
          [](const DescriptorNetOptions& options) { CheckOutputDimension(options, options.fc_whitening); },
      .make = [](const DescriptorNetOptions& options, int64_t channels) -> std::unique_ptr<Head> {
        return std::make_unique<CirtorchHead>(options, channels);
      },
      .recognise = RecogniseCirtorchHead};
}

}  // namespace vantage::nn

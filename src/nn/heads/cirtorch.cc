// SPDX-License-Identifier: BSD-3-Clause
#include <ATen/ops/full.h>

#include <utility>

#include "nn/head.h"
#include "nn/linear_layer.h"
#include "nn/pooling.h"
#include "nn/power_normalize.h"
#include "util/string.h"
#include "vantage/error.h"

// A pooling and l2n, then an optional linear layer and l2n again: TPAMI 2019, section 3. Layers and names of
// tensors are cirtorch's.
namespace vantage {

void Declare(OptionsDescription& description, CirtorchHeadOptions& options) {
  description.Add("pooling", options.pooling, "How the last feature map becomes one vector")
      .OneOf(nn::PoolingNames());
  description.Add("fc_whitening", options.fc_whitening, "A learned linear layer after pooling");
  description.Add("local_whitening", options.local_whitening,
                  "A learned linear layer at every location before pooling");
  description.Add("regional", options.regional, "Pool and whiten R-MAC's regions, and add them up");
  nn::DeclareOutputDimension(description, options.output_dimension,
                             "Rows of the layer of fc_whitening; 0: as many as the trunk has channels");
  nn::DeclarePower(description, options.power);
  description.Add("pooled_norm", options.pooled_norm,
                  "Scale the pooled descriptor to unit length before the layer of fc_whitening");
}

namespace nn {
namespace {

class CirtorchHead : public Head {
 public:
  CirtorchHead(const CirtorchHeadOptions& options, int64_t channels)
      : pooling_(MakePooling(options.pooling, channels)),
        is_regional_(options.regional),
        power_(options.power),
        normalizes_pooled_(options.pooled_norm || !options.fc_whitening),
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
    at::Tensor pooled = Pool(map_BCHW);
    if (normalizes_pooled_) pooled = L2Normalize(pooled);
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
  bool normalizes_pooled_;
  int64_t channels_;
  LinearLayer local_whitening_;
  LinearLayer region_whitening_;
  LinearLayer whitening_;
};

std::unique_ptr<Head> MakeCirtorchHead(const CirtorchHeadOptions& options, int64_t channels) {
  if (options.output_dimension > 0 && !options.fc_whitening) {
    throw UsageError(StrCat("an output dimension of ", options.output_dimension,
                            ": it is that of the linear layer of fc_whitening, which is not chosen"));
  }
  return std::make_unique<CirtorchHead>(options, channels);
}

std::optional<CirtorchHeadOptions> RecogniseCirtorchHead(const TensorShapes& shapes) {
  const auto has = [&](const char* name) { return shapes.contains(name); };
  CirtorchHeadOptions found;
  found.fc_whitening = has("whiten.weight");
  found.local_whitening = has("lwhiten.weight");
  found.regional = has("pool.whiten.weight");
  found.output_dimension = RowsOf(shapes, "whiten");
  bool has_exponents = false;
  for (const char* name : {"pool.p", "pool.rpool.p"}) {
    if (!has(name)) continue;
    has_exponents = true;
    found.pooling = shapes.at(name) == std::vector<int64_t>{1} ? "gem" : "gemmp";
  }
  if (has_exponents) return found;
  return std::nullopt;
}

std::vector<std::string> UnrevealedOfCirtorch(const CirtorchHeadOptions& found, bool has_meta) {
  std::vector<std::string> keys;
  if (!has_meta) keys.insert(keys.end(), {"power", "pooled_norm"});
  if (!found.fc_whitening) keys.insert(keys.end(), {"fc_whitening", "output_dimension"});
  if (!found.local_whitening) keys.emplace_back("local_whitening");
  return keys;
}

}  // namespace

HeadRow CirtorchHeadRow() {
  return MakeHeadRow<CirtorchHeadOptions>("cirtorch's layers: a pooling of the map, and learned whitenings",
                                          {.linear = "whiten",
                                           .made_by_training = {"pool.p", "pool.rpool.p"},
                                           .make = MakeCirtorchHead,
                                           .recognise = RecogniseCirtorchHead,
                                           .unrevealed = UnrevealedOfCirtorch,
                                           .simplify =
                                               [](CirtorchHeadOptions& options, int64_t channels) {
                                                 if (options.output_dimension == channels)
                                                   options.output_dimension = 0;
                                                 if (!options.fc_whitening) options.pooled_norm = true;
                                               },
                                           .add_linear =
                                               [](CirtorchHeadOptions& options, int rows) {
                                                 if (options.fc_whitening) return false;
                                                 options.fc_whitening = true;
                                                 options.output_dimension = rows;
                                                 return true;
                                               }});
}

}  // namespace nn

}  // namespace vantage

// SPDX-License-Identifier: BSD-3-Clause
#include <ATen/ops/full.h>

#include "nn/head.h"
#include "nn/linear_layer.h"
#include "nn/locals.h"
#include "nn/pooling.h"
#include "util/string.h"
#include "vantage/error.h"

// CosPlace (Berton, Masone, Caputo, CVPR 2022) and EigenPlaces (ICCV 2023): l2n over channels at every
// location, GeM, a linear layer with bias, l2n. Names are theirs.
namespace vantage {

void Declare(OptionsDescription& description, CosPlaceHeadOptions& options) {
  nn::DeclareOutputDimension(description, options.output_dimension,
                             "Rows of the linear layer; 0: as many as the trunk has channels");
  description.Add("linear", options.linear, "The linear layer; false: GeM is the last layer");
}

namespace nn {
namespace {

class CosPlaceHead : public Head {
 public:
  CosPlaceHead(const CosPlaceHeadOptions& options, int64_t channels)
      : pooling_(MakePooling("gem", channels)),
        channels_(channels),
        linear_(LinearLayer::Make(
            options.linear, options.output_dimension > 0 ? options.output_dimension : channels, channels)) {}

  int64_t dimension() const override { return linear_ ? linear_.weight.size(0) : channels_; }

  at::Tensor Forward(const Features& features, const PassContext& /*pass*/) const override {
    const at::Tensor pooled = pooling_(NormalizeAlong(features.map_BCHW, 1));
    return NormalizeAlong(linear_ ? linear_(pooled) : pooled, 1);
  }

  bool pools_map() const override { return true; }
  std::unique_ptr<Head> WithExponent(double exponent) const override {
    auto other = std::make_unique<CosPlaceHead>(*this);
    other->pooling_.p = at::full({1}, exponent, pooling_.p.options());
    return other;
  }

  void Replace(const TensorReplacer& replacer) override {
    pooling_.Replace("aggregation.1", replacer);
    linear_.Replace("aggregation.3", replacer);
  }

 private:
  Pooling pooling_;
  int64_t channels_;
  LinearLayer linear_;
};

FeatureRequest CosPlaceRequest(const CosPlaceHeadOptions& /*options*/, const TrunkRow& trunk) {
  if (!trunk.is_in_cosplace) throw UsageError(StrCat("CosPlace has no trunk '", trunk.name, "'"));
  return {.map_end = trunk.can_end_before_activation ? MapEnd::kBeforeActivation : MapEnd::kAfterActivation};
}

std::optional<CosPlaceHeadOptions> RecogniseCosPlace(const TensorShapes& shapes) {
  if (!shapes.contains("aggregation.3.weight") && !shapes.contains("aggregation.1.p")) return std::nullopt;
  return CosPlaceHeadOptions{.output_dimension = RowsOf(shapes, "aggregation.3"),
                             .linear = shapes.contains("aggregation.3.weight")};
}

}  // namespace

HeadRow CosPlaceHeadRow() {
  return MakeHeadRow<CosPlaceHeadOptions>(
      "CosPlace's and EigenPlaces' layers: l2n, GeM, linear, l2n",
      {.weights_kind = "CosPlace or EigenPlaces weights",
       .trunk_prefix = "backbone.",
       .linear = "aggregation.3",
       .made_by_training = {"aggregation.1.p"},
       .request = CosPlaceRequest,
       .make = [](const CosPlaceHeadOptions& options, int64_t channels) -> std::unique_ptr<Head> {
         if (options.output_dimension > 0 && !options.linear)
           throw UsageError("an output dimension of the linear layer, which is not chosen");
         return std::make_unique<CosPlaceHead>(options, channels);
       },
       .recognise = RecogniseCosPlace,
       .unrevealed =
           [](const CosPlaceHeadOptions& found, bool /*has_meta*/) {
             return found.linear ? std::vector<std::string>()
                                 : std::vector<std::string>{"linear", "output_dimension"};
           },
       .simplify =
           [](CosPlaceHeadOptions& options, int64_t channels) {
             if (options.output_dimension == channels) options.output_dimension = 0;
           }});
}

}  // namespace nn

}  // namespace vantage

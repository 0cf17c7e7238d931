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
namespace vantage::nn {
namespace {

class CosPlaceHead : public Head {
 public:
  CosPlaceHead(const DescriptorNetOptions& options, int64_t channels)
      : pooling_(MakePooling("gem", channels)),
        linear_(LinearLayer::Make(true, options.output_dimension > 0 ? options.output_dimension : channels,
                                  channels)) {}

  int64_t dimension() const override { return linear_.weight.size(0); }

  at::Tensor Forward(const Features& features, const PassContext& /*pass*/) const override {
    return NormalizeAlong(linear_(pooling_(NormalizeAlong(features.map_BCHW, 1))), 1);
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
  LinearLayer linear_;
};

FeatureRequest CosPlaceRequest(const DescriptorNetOptions& /*options*/, const TrunkRow& trunk) {
  if (!trunk.is_in_cosplace) throw UsageError(StrCat("CosPlace has no trunk '", trunk.name, "'"));
  return {.map_end = trunk.can_end_before_activation ? MapEnd::kBeforeActivation : MapEnd::kAfterActivation};
}

void CheckCosPlace(const DescriptorNetOptions& options) {
  if (options.pooling != "gem" || options.fc_whitening || options.local_whitening || options.regional)
    throw UsageError("the head 'cosplace' goes with the pooling gem, and without whitenings or regions");
  if (options.power != 1) {
    throw UsageError(StrCat("a power normalisation of ", options.power,
                            ": it is in [0.01, 1], and 1, which is none, for the head 'cosplace'"));
  }
  CheckOutputDimension(options, true);
}

bool RecogniseCosPlace(const TensorShapes& shapes, NetWish& wish) {
  if (!shapes.contains("aggregation.3.weight") && !shapes.contains("aggregation.1.p")) return false;
  wish.pooling = "gem";
  if (const int rows = RowsOf(shapes, "aggregation.3")) wish.output_dimension = rows;
  return true;
}

}  // namespace

HeadRow CosPlaceHeadRow() {
  return {.name = "cosplace",
          .kind = "CosPlace or EigenPlaces weights",
          .trunk_prefix = "backbone.",
          .linear = "aggregation.3",
          .has_pooling = true,
          .made_by_training = {"aggregation.1.p"},
          .request = CosPlaceRequest,
          .check = CheckCosPlace,
          .make = [](const DescriptorNetOptions& options, int64_t channels) -> std::unique_ptr<Head> {
            return std::make_unique<CosPlaceHead>(options, channels);
          },
          .recognise = RecogniseCosPlace};
}

}  // namespace vantage::nn

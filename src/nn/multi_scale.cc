// SPDX-License-Identifier: BSD-3-Clause
#include <ATen/TensorOperators.h>

#include <utility>

#include "nn/network.h"
#include "nn/resize_images.h"
#include "nn/super_global_pooling.h"
#include "util/check.h"

namespace vantage::nn {

at::Tensor Network::ForwardAtScales(const at::Tensor& images_B3HW, const std::vector<double>& scales,
                                    const SuperGlobalPooling& super_global) const {
  VANTAGE_CHECK(!scales.empty(), "no scale to describe images at");
  CheckSuperGlobal(super_global);
  const std::unique_ptr<Head> other =
      super_global.exponent > 0 ? head_->WithExponent(super_global.exponent) : nullptr;
  const Head& head = other ? *other : *head_;
  std::vector<at::Tensor> descriptors_BD;
  for (const double scale : scales) {
    Features features = FeaturesOf(scale == 1 ? images_B3HW : ResizeImages(images_B3HW, scale));
    if (super_global.regional_size > 0) {
      features.map_BCHW =
          RegionalGem(features.map_BCHW, super_global.regional_size, super_global.regional_exponent);
    }
    descriptors_BD.push_back(head.Forward(features, {}));
  }
  if (scales.size() == 1 && scales[0] == 1) return descriptors_BD[0];
  if (super_global.scale_pooling != "mean") return PoolScales(descriptors_BD, super_global.scale_pooling);
  const double exponent = MultiScaleExponent(super_global);
  at::Tensor sum;
  for (const at::Tensor& descriptor : descriptors_BD) {
    const at::Tensor powered = descriptor.pow(exponent);
    sum = sum.defined() ? sum + powered : powered;
  }
  const at::Tensor mean = (sum / static_cast<double>(scales.size())).pow(1 / exponent);
  return mean / mean.norm(2, {1}, /*keepdim=*/true);
}

double Network::MultiScaleExponent(const SuperGlobalPooling& super_global) const {
  const std::optional<double> exponent = head_->ScaleExponent();
  if (!exponent) return 1;
  return super_global.exponent > 0 ? super_global.exponent : *exponent;
}

void Network::CheckSuperGlobal(const SuperGlobalPooling& super_global) const {
  if (!head_->pools_map() && (super_global.regional_size > 0 || super_global.exponent > 0)) {
    throw UsageError(StrCat("regional GeM and GeM's exponent are not for the head '", options_.head.kind(),
                            "', which does not pool the feature map"));
  }
  if (super_global.regional_size > 0 && super_global.regional_size % 2 == 0)
    throw UsageError(StrCat("regional GeM: ", super_global.regional_size, " is not odd"));
  if (super_global.exponent > 0 && head_->WithExponent(super_global.exponent) == nullptr)
    throw UsageError(StrCat("GeM's exponent is not for the head ", options_.head.Text(), ", which has none"));
}

bool IsScale(double scale) { return scale >= 0.01 && scale <= 16; }

}  // namespace vantage::nn

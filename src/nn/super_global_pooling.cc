// SPDX-License-Identifier: BSD-3-Clause
#include "nn/super_global_pooling.h"
#include "vantage/model.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/amax.h>
#include <ATen/ops/amin.h>
#include <ATen/ops/avg_pool2d.h>
#include <ATen/ops/pow.h>
#include <ATen/ops/reflection_pad2d.h>
#include <ATen/ops/stack.h>

#include "nn/locals.h"
#include "util/string.h"
#include "vantage/error.h"

namespace vantage {
namespace {

constexpr double kScaleExponent = 10;  // of the paper's code
constexpr int kMaxRegion = 31;

}  // namespace

void Declare(OptionsDescription& description, SuperGlobalPooling& options) {
  description
      .Add("regional_size", options.regional_size,
           "Regional GeM: side of the square of locations whose generalised mean is averaged with the "
           "feature map (5 in the paper's code); 0: no regional GeM")
      .Range(0, kMaxRegion)
      .Flag("regional-gem");
  description.Add("regional_exponent", options.regional_exponent, "Exponent of regional GeM")
      .Range(0.1, 100)
      .Flag("regional-gem-exponent");
  description
      .Add("exponent", options.exponent,
           "Exponent of GeM in place of the model's own (4.6 in the paper's code); 0: the model's own")
      .Range(0, 100)
      .Flag("gem-exponent");
  description
      .Add("scale_pooling", options.scale_pooling,
           "Combination of several scales to one descriptor: mean (TPAMI 2019), max (scale GeM, infinite "
           "exponent), gem (scale GeM, exponent 10)")
      .OneOf({"mean", "max", "gem"});
}

at::Tensor nn::RegionalGem(const at::Tensor& x_BCHW, int64_t size, double exponent) {
  if (size < 1 || size % 2 == 0) throw UsageError(StrCat("regional GeM: ", size, " is not odd"));
  const int64_t border = size / 2;
  const at::Tensor padded =
      at::reflection_pad2d(at::pow(x_BCHW.clamp_min(0), exponent), {border, border, border, border});
  return (at::pow(at::avg_pool2d(padded, size, 1), 1 / exponent) + x_BCHW) * 0.5;
}

at::Tensor nn::PoolScales(const std::vector<at::Tensor>& descriptors_BD, const std::string& scale_pooling) {
  at::Tensor pooled;
  if (scale_pooling == "max") {
    std::vector<at::Tensor> units;
    for (const at::Tensor& descriptor : descriptors_BD) units.push_back(nn::NormalizeAlong(descriptor, 1));
    pooled = at::amax(at::stack(units), {0});
  } else if (scale_pooling == "gem") {
    const at::Tensor all = at::stack(descriptors_BD);  // scales x B x D
    const at::Tensor least = at::amin(all, {0, 2}, /*keepdim=*/true);
    pooled = at::pow(at::pow(all - least, kScaleExponent).mean({0}), 1 / kScaleExponent) + least.squeeze(0);
  } else {
    throw UsageError(StrCat("scale_pooling: '", scale_pooling, "' is not one of max, gem"));
  }
  return nn::NormalizeAlong(pooled, 1);
}

}  // namespace vantage

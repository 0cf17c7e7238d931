// SPDX-License-Identifier: BSD-3-Clause
#include "nn/local_head.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/conv2d.h>
#include <ATen/ops/zeros.h>

#include <utility>

#include "nn/new_tensors.h"
#include "util/check.h"

namespace vantage::nn {

LocalHead::LocalHead(const LocalOptions& options, int64_t channels, std::unique_ptr<Aggregation> aggregation)
    : options_(options),
      local_dimension_(LocalDimension(options, channels)),
      aggregation_(std::move(aggregation)) {
  CheckOptions(options);
  if (options.projection == 0) return;
  weight_ = at::zeros({options.projection, channels, 1, 1}, NewTensor());
  bias_ = at::zeros({options.projection}, NewTensor());
}

at::Tensor LocalHead::Locals(const at::Tensor& map_BCHW) const {
  VANTAGE_CHECK(!LacksProjection(), "the projection of the local features has not been made: it comes from ",
                "weights that hold it, or from 'vantage train'");
  return MakeLocals(weight_.defined() ? at::conv2d(map_BCHW, weight_, bias_) : map_BCHW, options_.windows,
                    local_dimension_);
}

at::Tensor LocalHead::Forward(const at::Tensor& map_BCHW) const {
  return aggregation_->Forward(Locals(map_BCHW));
}

void LocalHead::Replace(const std::string& aggregation_name, const TensorReplacer& replacer) {
  if (weight_.defined()) {
    replacer("conv_1.weight", weight_, TensorRole::kParameter);
    replacer("conv_1.bias", bias_, TensorRole::kParameter);
  }
  aggregation_->Replace(aggregation_name, replacer);
}

bool LocalHead::LacksProjection() const { return weight_.defined() && !weight_.any().item<bool>(); }

bool LocalHead::IsInitialized() const { return !LacksProjection() && aggregation_->IsInitialized(); }

void LocalHead::SetProjection(const at::Tensor& weight, const at::Tensor& bias) {
  VANTAGE_CHECK(weight_.defined() && weight.numel() == weight_.numel() && bias.sizes() == bias_.sizes(),
                "a projection of another shape than the network's");
  weight_ = weight.reshape(weight_.sizes()).to(weight_.options());
  bias_ = bias.to(bias_.options());
}

}  // namespace vantage::nn

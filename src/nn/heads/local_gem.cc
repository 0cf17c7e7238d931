// SPDX-License-Identifier: BSD-3-Clause
#include <ATen/core/Tensor.h>
#include <ATen/ops/full.h>

#include "nn/heads/local_head.h"
#include "nn/new_tensors.h"
#include "nn/pooling.h"

namespace vantage::nn {
namespace {

// Generalised mean over all locals instead of over the locations of a map.
class LocalGem : public Aggregation {
 public:
  explicit LocalGem(int64_t local_dimension)
      : dimension_(local_dimension), p_(at::full({1}, 3.0, NewTensor())) {}

  int64_t dimension() const override { return dimension_; }
  at::Tensor Forward(const at::Tensor& locals_BND) const override {
    return NormalizeAlong(GemPool(locals_BND.transpose(1, 2).unsqueeze(3), p_), 1);
  }
  void Replace(const std::string& name, const TensorReplacer& replacer) override {
    replacer(name + ".p", p_, TensorRole::kParameter);
  }

 private:
  int64_t dimension_;
  at::Tensor p_;
};

}  // namespace

// Its tensors do not tell how maps are pooled: without meta it is not recognised.
HeadRow LocalGemHeadRow() {
  HeadRow row = LocalHeadRow();
  row.name = "local-gem";
  row.made_by_training = {"local_pool.p", "conv_1."};
  row.make = [](const DescriptorNetOptions& options, int64_t channels) -> std::unique_ptr<Head> {
    auto aggregation = std::make_unique<LocalGem>(LocalDimension(options.locals, channels));
    return std::make_unique<LocalHead>(options, channels, std::move(aggregation), "local_pool");
  };
  return row;
}

}  // namespace vantage::nn

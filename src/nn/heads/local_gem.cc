// SPDX-License-Identifier: BSD-3-Clause
#include <ATen/core/Tensor.h>
#include <ATen/ops/full.h>

#include "nn/heads/local_head.h"
#include "nn/new_tensors.h"
#include "nn/pooling.h"

namespace vantage {

void Declare(OptionsDescription& description, LocalGemHeadOptions& options) {
  Declare(description, options.locals);
  Declare(description, options.aggregate);
}

namespace nn {
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
    replacer(name + ".p", p_, TensorRole::kExponent);
  }

 private:
  int64_t dimension_;
  at::Tensor p_;
};

}  // namespace

// Not recognised: its tensors are also those of other networks.
HeadRow LocalGemHeadRow() {
  return MakeLocalHeadRow<LocalGemHeadOptions>(
      "Generalised mean of local features",
      {.made_by_training = {"local_pool.p", "conv_1."},
       .make = [](const LocalGemHeadOptions& options, int64_t channels) -> std::unique_ptr<Head> {
         return std::make_unique<LocalHead>(
             options.locals, options.aggregate, channels,
             std::make_unique<LocalGem>(LocalDimension(options.locals, channels)), "local_pool");
       }});
}

}  // namespace nn

}  // namespace vantage

// SPDX-License-Identifier: BSD-3-Clause
#include "nn/head.h"
#include "nn/heads/last_linear.h"
#include "nn/locals.h"

// A transformer's class token, of unit length, then an optional linear layer and unit length again.
namespace vantage {

void Declare(OptionsDescription& description, ClassTokenHeadOptions& options) {
  nn::DeclareOutputDimension(description, options.output_dimension,
                             "Rows of a learned linear layer after the token; 0: there is none");
}

namespace nn {
namespace {

class ClassTokenHead : public Head {
 public:
  ClassTokenHead(const ClassTokenHeadOptions& options, int64_t channels)
      : linear_("class_head", options.output_dimension, channels) {}

  int64_t dimension() const override { return linear_.dimension(); }
  at::Tensor Forward(const Features& features, const PassContext& /*pass*/) const override {
    return linear_(NormalizeAlong(features.class_BC, 1));
  }
  void Replace(const TensorReplacer& replacer) override { linear_.Replace(replacer); }

 private:
  LastLinear linear_;
};

// Without the linear layer it has no tensors.
std::optional<ClassTokenHeadOptions> RecogniseClassToken(const TensorShapes& shapes) {
  if (!shapes.contains("class_head.weight")) return std::nullopt;
  return ClassTokenHeadOptions{.output_dimension = SizeIn(shapes, "class_head.weight", 0)};
}

}  // namespace

HeadRow ClassTokenHeadRow() {
  return MakeHeadRow<ClassTokenHeadOptions>(
      "A transformer's class token",
      {.linear = "class_head",
       .request = [](const ClassTokenHeadOptions&,
                     const TrunkRow&) { return FeatureRequest{.map = false, .class_token = true}; },
       .make = [](const ClassTokenHeadOptions& options, int64_t channels) -> std::unique_ptr<Head> {
         return std::make_unique<ClassTokenHead>(options, channels);
       },
       .recognise = RecogniseClassToken,
       .add_linear = [](ClassTokenHeadOptions& options,
                        int rows) { return LastLinear::Add(options.output_dimension, rows); }});
}

}  // namespace nn

}  // namespace vantage

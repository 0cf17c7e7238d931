// SPDX-License-Identifier: BSD-3-Clause
#include <ATen/TensorOperators.h>
#include <ATen/ops/bmm.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/one_hot.h>
#include <ATen/ops/zeros.h>

#include "nn/head.h"
#include "nn/heads/cluster_locals.h"
#include "nn/heads/last_linear.h"
#include "nn/locals.h"
#include "nn/new_tensors.h"
#include "util/check.h"

// VLAD of a transformer's tokens, as in AnyLoc (Keetha et al., "AnyLoc: Towards universal visual place
// recognition", RA-L 2023), section III.
namespace vantage {

void Declare(OptionsDescription& description, VladHeadOptions& options) {
  constexpr int kMost = 1000;
  description
      .Add("block", options.block,
           "Block whose tokens are the local features, from 0; negative: counted from the end")
      .Range(-kMost, kMost);
  description.Add("clusters", options.clusters, "Clusters of local features: the words of the vocabulary")
      .Range(1, 4096);
  nn::DeclareOutputDimension(description, options.output_dimension);
}

namespace nn {
namespace {

constexpr const char* kLinearOfVlad = "vlad.linear";

class VladHead : public Head {
 public:
  VladHead(const VladHeadOptions& options, int64_t channels)
      : centers_KD_(at::zeros({options.clusters, channels}, NewTensor())),
        linear_(kLinearOfVlad, options.output_dimension, centers_KD_.numel()) {}

  int64_t dimension() const override { return linear_.dimension(); }

  at::Tensor Forward(const Features& features, const PassContext& /*pass*/) const override {
    VANTAGE_CHECK(IsInitialized(), "the head 'vlad' without a vocabulary: it comes from a model that holds ",
                  "it, or from 'vantage train', which computes it from the photos' local features");
    const at::Tensor locals_BND = NormalizeAlong(features.tokens_BNC, 2);
    // argmin ||x - c||^2 = argmax x c - ||c||^2 / 2
    const at::Tensor nearest_BN =
        (at::matmul(locals_BND, centers_KD_.t()) - centers_KD_.square().sum(1) / 2).argmax(2);
    const at::Tensor assignment_BNK =
        at::one_hot(nearest_BN, centers_KD_.size(0)).to(locals_BND.scalar_type());
    const at::Tensor sums_BKD = at::bmm(assignment_BNK.transpose(1, 2), locals_BND) -
                                assignment_BNK.sum(1).unsqueeze(2) * centers_KD_;
    return linear_(NormalizeAlong(NormalizeAlong(sums_BKD, 2).flatten(1), 1));
  }

  bool IsInitialized() const override { return centers_KD_.any().item<bool>(); }
  InitializedHead Initialize(TrainingFeatures& features, const HeadInitialization& options,
                             const RunContext& context) override {
    InitializedHead result;
    const auto locals_of = [](const Features& photo) { return NormalizeAlong(photo.tokens_BNC, 2)[0]; };
    centers_KD_ = ClusterLocals(features, locals_of, centers_KD_.size(0), options, context, result)
                      .to(centers_KD_.options());
    return result;
  }

  void Replace(const TensorReplacer& replacer) override {
    replacer("vlad.centroids", centers_KD_, TensorRole::kParameter);
    linear_.Replace(replacer);
  }

 private:
  at::Tensor centers_KD_;
  LastLinear linear_;
};

std::optional<VladHeadOptions> RecogniseVlad(const TensorShapes& shapes) {
  if (!shapes.contains("vlad.centroids")) return std::nullopt;
  return VladHeadOptions{.clusters = SizeIn(shapes, "vlad.centroids", 0),
                         .output_dimension = SizeIn(shapes, "vlad.linear.weight", 0)};
}

}  // namespace

HeadRow VladHeadRow() {
  return MakeHeadRow<VladHeadOptions>(
      "VLAD of a transformer's tokens with a vocabulary of your photos, as in AnyLoc",
      {.linear = kLinearOfVlad,
       .made_by_training = {"vlad."},
       .request =
           [](const VladHeadOptions& options, const TrunkRow&) {
             return FeatureRequest{.map = false,
                                   .tokens = TokenRequest{.block = options.block, .after_norm = false}};
           },
       .make = [](const VladHeadOptions& options, int64_t channels) -> std::unique_ptr<Head> {
         return std::make_unique<VladHead>(options, channels);
       },
       .recognise = RecogniseVlad,
       .unrevealed =
           [](const VladHeadOptions& found, bool has_meta) {
             std::vector<std::string> keys = LastLinear::Unrevealed(found.output_dimension);
             if (!has_meta) keys.emplace_back("block");
             return keys;
           },
       .add_linear = [](VladHeadOptions& options,
                        int rows) { return LastLinear::Add(options.output_dimension, rows); }});
}

}  // namespace nn

}  // namespace vantage

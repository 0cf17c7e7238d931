// SPDX-License-Identifier: BSD-3-Clause
#include "nn/heads/local_head.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/conv2d.h>
#include <ATen/ops/linalg_eigh.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/zeros.h>

#include <utility>

#include "nn/heads/cluster_locals.h"
#include "nn/intra_op_threads.h"
#include "nn/new_tensors.h"
#include "nn/power_normalize.h"
#include "util/check.h"

namespace vantage {
namespace {

constexpr int kMostChannels = 65536;

}  // namespace

void Declare(OptionsDescription& description, LocalOptions& options) {
  description
      .Add("projection", options.projection,
           "Channels of a learned 1x1 convolution of the map, initialised with a PCA; 0: none")
      .Range(0, kMostChannels);
  description
      .Add("windows", options.windows,
           "Sides of the windows that the map is max-pooled with at stride 1; empty: the map itself")
      .Range(1, static_cast<double>(nn::kLargestWindow));
  description
      .Add("local_dimension", options.dimension,
           "The channels of a location are cut into local features of this dimension; 0: one local feature")
      .Range(0, kMostChannels);
  description.Add("last_relu", options.last_relu, "VGG: take the map after the last ReLU, not before it");
}

void Declare(OptionsDescription& description, AggregateOptions& options) {
  nn::DeclarePower(description, options.power);
  nn::DeclareOutputDimension(description, options.output_dimension);
}

namespace nn {
namespace {

// C x H x W activations as a row for each location.
at::Tensor LocationRows(const at::Tensor& map_1CHW) {
  return map_1CHW[0].permute({1, 2, 0}).reshape({-1, map_1CHW.size(1)});
}

}  // namespace

FeatureRequest RequestOfLocals(const LocalOptions& options, const TrunkRow& trunk) {
  if (options.last_relu) return {};
  if (!trunk.can_end_before_activation)
    throw UsageError(StrCat("last_relu: a ", trunk.name, " always ends in a ReLU"));
  return {.map_end = MapEnd::kBeforeActivation};
}

LocalHead::LocalHead(const LocalOptions& locals, const AggregateOptions& aggregate, int64_t channels,
                     std::unique_ptr<Aggregation> aggregation, std::string name)
    : options_(locals),
      power_(aggregate.power),
      local_dimension_(LocalDimension(locals, channels)),
      aggregation_(std::move(aggregation)),
      name_(std::move(name)),
      linear_(kLinearOfLocals, aggregate.output_dimension, aggregation_->dimension()) {
  if (options_.projection == 0) return;
  weight_ = at::zeros({options_.projection, channels, 1, 1}, NewTensor());
  bias_ = at::zeros({options_.projection}, NewTensor());
}

int64_t LocalHead::dimension() const { return linear_.dimension(); }

at::Tensor LocalHead::Locals(const at::Tensor& map_BCHW) const {
  VANTAGE_CHECK(!LacksProjection(), "the projection of the local features is not initialised: it comes from ",
                "weights that hold it, or from 'vantage train'");
  return MakeLocals(weight_.defined() ? at::conv2d(map_BCHW, weight_, bias_) : map_BCHW, options_.windows,
                    local_dimension_);
}

at::Tensor LocalHead::Forward(const Features& features, const PassContext& /*pass*/) const {
  at::Tensor aggregated = aggregation_->Forward(Locals(features.map_BCHW));
  if (power_ != 1) aggregated = NormalizeAlong(PowerNormalize(aggregated, power_), 1);
  return linear_(aggregated);
}

void LocalHead::Replace(const TensorReplacer& replacer) {
  if (weight_.defined()) {
    replacer("conv_1.weight", weight_, TensorRole::kParameter);
    replacer("conv_1.bias", bias_, TensorRole::kParameter);
  }
  aggregation_->Replace(name_, replacer);
  linear_.Replace(replacer);
}

bool LocalHead::LacksProjection() const { return weight_.defined() && !weight_.any().item<bool>(); }

bool LocalHead::IsInitialized() const { return !LacksProjection() && aggregation_->IsInitialized(); }

InitializedHead LocalHead::Initialize(TrainingFeatures& features, const HeadInitialization& options,
                                      const RunContext& context) {
  InitializedHead result;
  if (weight_.defined()) result.explained_variance = MakeProjection(features);
  const int64_t clusters = aggregation_->CentersWanted();
  if (clusters == 0) return result;
  const auto locals_of = [&](const Features& photo) { return Locals(photo.map_BCHW)[0]; };
  aggregation_->SetCenters(ClusterLocals(features, locals_of, clusters, options, context, result));
  return result;
}

double LocalHead::MakeProjection(TrainingFeatures& features) {
  const IntraOpThreads one_thread(1);  // so that sums do not depend on their number
  one_thread.Enter();
  int64_t count = 0;
  at::Tensor sum_C;
  at::Tensor products_CC;
  features.ForEach(
      "principal components of the activations",
      [](const Features& of_photo, RandomStream&) {
        return LocationRows(of_photo.map_BCHW).cpu().to(at::kDouble);
      },
      [&](const at::Tensor& x_NC) {
        if (!sum_C.defined()) {
          sum_C = at::zeros({x_NC.size(1)}, at::kDouble);
          products_CC = at::zeros({x_NC.size(1), x_NC.size(1)}, at::kDouble);
        }
        count += x_NC.size(0);
        sum_C += x_NC.sum(0);
        products_CC += at::mm(x_NC.t(), x_NC);
      });
  const at::Tensor mean_C = sum_C / count;
  const at::Tensor covariance_CC = products_CC / count - mean_C.unsqueeze(1) * mean_C.unsqueeze(0);
  const auto [values, vectors] = at::linalg_eigh(covariance_CC);  // ascending
  const int64_t rows = options_.projection;
  const int64_t first = values.size(0) - rows;
  at::Tensor weight_RC = vectors.narrow(1, first, rows).t().flip({0}).contiguous();
  // The sign of an eigenvector is arbitrary: its largest element becomes positive.
  const at::Tensor largest = weight_RC.gather(1, weight_RC.abs().argmax(1, /*keepdim=*/true));
  weight_RC = weight_RC * largest.sign();
  weight_ = weight_RC.reshape(weight_.sizes()).to(weight_.options());
  bias_ = (-weight_RC.matmul(mean_C)).to(bias_.options());
  return (values.narrow(0, first, rows).sum() / values.sum()).item<double>();
}

}  // namespace nn

}  // namespace vantage

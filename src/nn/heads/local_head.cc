// SPDX-License-Identifier: BSD-3-Clause
#include "nn/heads/local_head.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/conv2d.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/linalg_eigh.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/zeros.h>

#include <utility>

#include "nn/intra_op_threads.h"
#include "nn/new_tensors.h"
#include "nn/power_normalize.h"
#include "numerics/kmeans.h"
#include "util/check.h"

namespace vantage::nn {
namespace {

// C x H x W activations as a row for each location.
at::Tensor LocationRows(const at::Tensor& map_1CHW) {
  return map_1CHW[0].permute({1, 2, 0}).reshape({-1, map_1CHW.size(1)});
}

FeatureRequest LocalRequest(const DescriptorNetOptions& options, const TrunkRow& trunk) {
  if (options.locals.last_relu) return {};
  if (!trunk.can_end_before_activation)
    throw UsageError(StrCat("locals.last_relu: a ", trunk.name, " ends in a ReLU in any case"));
  return {.map_end = MapEnd::kBeforeActivation};
}

}  // namespace

LocalHead::LocalHead(const DescriptorNetOptions& options, int64_t channels,
                     std::unique_ptr<Aggregation> aggregation, std::string name)
    : options_(options.locals),
      power_(options.power),
      local_dimension_(LocalDimension(options.locals, channels)),
      aggregation_(std::move(aggregation)),
      name_(std::move(name)),
      linear_(LinearLayer::Make(options.fc_whitening, options.output_dimension, aggregation_->dimension())) {
  if (options_.projection == 0) return;
  weight_ = at::zeros({options_.projection, channels, 1, 1}, NewTensor());
  bias_ = at::zeros({options_.projection}, NewTensor());
}

int64_t LocalHead::dimension() const { return linear_ ? linear_.weight.size(0) : aggregation_->dimension(); }

at::Tensor LocalHead::Locals(const at::Tensor& map_BCHW) const {
  VANTAGE_CHECK(!LacksProjection(), "the projection of the local features has not been made: it comes from ",
                "weights that hold it, or from 'vantage train'");
  return MakeLocals(weight_.defined() ? at::conv2d(map_BCHW, weight_, bias_) : map_BCHW, options_.windows,
                    local_dimension_);
}

at::Tensor LocalHead::Forward(const Features& features, const PassContext& /*pass*/) const {
  at::Tensor aggregated = aggregation_->Forward(Locals(features.map_BCHW));
  if (power_ != 1) aggregated = NormalizeAlong(PowerNormalize(aggregated, power_), 1);
  return linear_ ? NormalizeAlong(linear_(aggregated), 1) : aggregated;
}

void LocalHead::Replace(const TensorReplacer& replacer) {
  if (weight_.defined()) {
    replacer("conv_1.weight", weight_, TensorRole::kParameter);
    replacer("conv_1.bias", bias_, TensorRole::kParameter);
  }
  aggregation_->Replace(name_, replacer);
  linear_.Replace("learned_pca", replacer);
}

bool LocalHead::LacksProjection() const { return weight_.defined() && !weight_.any().item<bool>(); }

bool LocalHead::IsInitialized() const { return !LacksProjection() && aggregation_->IsInitialized(); }

InitializedHead LocalHead::Initialize(TrainingFeatures& features, const HeadInitialization& options,
                                      const RunContext& context) {
  InitializedHead result;
  if (weight_.defined()) result.explained_variance = MakeProjection(features);
  const int64_t clusters = aggregation_->CentersWanted();
  if (clusters == 0) return result;
  const DescriptorMatrix locals = Sample(clusters * options.locals_per_cluster, features);
  VANTAGE_CHECK(locals.rows() >= clusters, features.size(), " photos have ", locals.rows(),
                " local features, too few for ", clusters, " clusters");
  const numerics::KMeansResult found = numerics::KMeans(
      locals,
      {.clusters = static_cast<int>(clusters), .iterations = options.iterations, .seed = options.seed},
      context);
  result.locals = locals.rows();
  result.mean_squared_distance = found.mean_squared_distance;
  DescriptorMatrix centers = found.centers;
  aggregation_->SetCenters(
      at::from_blob(centers.data(), {centers.rows(), centers.cols()}, at::kFloat).clone());
  return result;
}

double LocalHead::MakeProjection(TrainingFeatures& features) {
  const IntraOpThreads one_thread(1);  // sums then do not depend on how many there are
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
  // Eigenvectors have no sign: their largest element is positive.
  const at::Tensor largest = weight_RC.gather(1, weight_RC.abs().argmax(1, /*keepdim=*/true));
  weight_RC = weight_RC * largest.sign();
  weight_ = weight_RC.reshape(weight_.sizes()).to(weight_.options());
  bias_ = (-weight_RC.matmul(mean_C)).to(bias_.options());
  return (values.narrow(0, first, rows).sum() / values.sum()).item<double>();
}

DescriptorMatrix LocalHead::Sample(int64_t wanted, TrainingFeatures& features) const {
  const int64_t of_photo = (wanted + features.size() - 1) / features.size();
  std::vector<at::Tensor> parts;
  int64_t rows = 0;
  features.ForEach(
      "local features of training photos",
      [&](const Features& photo, RandomStream& random) {
        const at::Tensor locals_ND = Locals(photo.map_BCHW)[0].cpu();
        std::vector<int64_t> picks = random.Sample(locals_ND.size(0), of_photo);
        return locals_ND.index_select(0, at::from_blob(picks.data(), {std::ssize(picks)}, at::kLong));
      },
      [&](const at::Tensor& locals_ND) {
        rows += locals_ND.size(0);
        parts.push_back(locals_ND.contiguous());
      });
  DescriptorMatrix locals(rows, parts[0].size(1));
  rows = 0;
  for (const at::Tensor& part : parts) {
    locals.middleRows(rows, part.size(0)) =
        Eigen::Map<const DescriptorMatrix>(part.const_data_ptr<float>(), part.size(0), part.size(1));
    rows += part.size(0);
  }
  return locals;
}

void CheckLocalHead(const DescriptorNetOptions& options) {
  if (options.pooling != "gem" || options.local_whitening || options.regional) {
    throw UsageError(StrCat("the head '", options.head,
                            "' goes with the pooling gem, and without local whitening or regions"));
  }
  if (options.fc_whitening && options.output_dimension == 0)
    throw UsageError(StrCat("the head '", options.head, "' with FC whitening needs an output dimension"));
  CheckOutputDimension(options, options.fc_whitening);
  CheckOptions(options.locals);
}

HeadRow LocalHeadRow() {
  return {.trunk_prefix = "base_features.",
          .linear = "learned_pca",
          .takes_whitening = true,
          .request = LocalRequest,
          .check = CheckLocalHead,
          .declare = DeclareLocals};
}

}  // namespace vantage::nn

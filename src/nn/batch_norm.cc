// SPDX-License-Identifier: BSD-3-Clause
#include "nn/batch_norm.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/native_batch_norm.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/zeros.h>

#include <utility>

#include "nn/new_tensors.h"
#include "util/check.h"

namespace vantage::nn {
BatchNorm::BatchNorm(std::string name, int64_t channels, double epsilon)
    : name_(std::move(name)),
      epsilon_(epsilon),
      weight_(at::ones({channels}, NewTensor())),
      bias_(at::zeros({channels}, NewTensor())),
      running_mean_(at::zeros({channels}, NewTensor())),
      running_var_(at::ones({channels}, NewTensor())),
      num_batches_tracked_(at::zeros({}, NewTensor().dtype(at::kLong))) {}

at::Tensor BatchNorm::Scale() const { return weight_ * (running_var_ + epsilon_).rsqrt(); }

at::Tensor BatchNorm::Shift(const at::Tensor& scale, const at::Tensor& bias) const {
  return bias_ + (bias.defined() ? bias - running_mean_ : -running_mean_) * scale;
}

at::Tensor BatchNorm::NormalizeByBatch(const at::Tensor& x_BCHW, const PassContext& pass) const {
  const int64_t values = x_BCHW.numel() / x_BCHW.size(1);
  VANTAGE_CHECK(values > 1, name_, ": a batch of one value a channel has no statistics; use larger photos");
  auto [y, mean, inverse_deviation] =
      at::native_batch_norm(x_BCHW, weight_, bias_, {}, {}, /*training=*/true, /*momentum=*/0, epsilon_);
  if (pass.seen != nullptr) {
    const at::NoGradGuard no_grad;
    const double unbiased = static_cast<double>(values) / static_cast<double>(values - 1);
    (*pass.seen)[name_] =
        at::stack({mean, (inverse_deviation.square().reciprocal_() - epsilon_).clamp_min_(0) * unbiased});
  }
  return y;
}

at::Tensor BatchNorm::RunningStatistics() const { return at::stack({running_mean_, running_var_}); }

void BatchNorm::MoveRunningStatistics(const at::Tensor& seen_2C, double momentum) {
  const at::NoGradGuard no_grad;
  running_mean_.lerp_(seen_2C.select(0, 0), momentum);
  running_var_.lerp_(seen_2C.select(0, 1), momentum);
  num_batches_tracked_.add_(1);
}

void BatchNorm::Replace(const TensorReplacer& replacer) {
  replacer(name_ + ".weight", weight_, TensorRole::kParameter);
  replacer(name_ + ".bias", bias_, TensorRole::kParameter);
  replacer(name_ + ".running_mean", running_mean_, TensorRole::kBuffer);
  replacer(name_ + ".running_var", running_var_, TensorRole::kBuffer);
  replacer(name_ + ".num_batches_tracked", num_batches_tracked_, TensorRole::kBuffer);
}

}  // namespace vantage::nn

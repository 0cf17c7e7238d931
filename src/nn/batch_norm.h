// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <ATen/core/Tensor.h>

#include <string>

#include "nn/pass_context.h"
#include "nn/tensor_owner.h"

namespace vantage::nn {

// Batch norm (Ioffe and Szegedy, ICML 2015): x -> scale x + shift for each channel. Its weight and bias are
// trained; its statistics are the running ones, which stay as they are, or each pass's own.
class BatchNorm : public TensorOwner {
 public:
  BatchNorm(std::string name, int64_t channels, double epsilon);

  const std::string& name() const { return name_; }

  // By the running statistics: gamma / sigma. C.
  at::Tensor Scale() const;
  // beta + (bias - mu) scale, where the norm follows a layer of that bias (none: undefined). C.
  at::Tensor Shift(const at::Tensor& scale, const at::Tensor& bias = {}) const;

  // From now on with each training pass's own statistics, if the weight is trained.
  void UseBatchStatistics() { uses_batch_statistics_ = weight_.requires_grad(); }
  bool uses_batch_statistics() const { return uses_batch_statistics_; }
  // By the statistics of x (B x C x H x W), which go to pass.seen. The running ones stay. Throws Error where
  // a channel has one value only.
  at::Tensor NormalizeByBatch(const at::Tensor& x_BCHW, const PassContext& pass) const;

  // 2 x C: mean and variance.
  at::Tensor RunningStatistics() const;
  // running <- (1 - momentum) running + momentum seen, and counts it. seen: 2 x C.
  void MoveRunningStatistics(const at::Tensor& seen_2C, double momentum);

  void Replace(const TensorReplacer& replacer) override;

 private:
  std::string name_;
  double epsilon_;
  bool uses_batch_statistics_ = false;
  at::Tensor weight_;
  at::Tensor bias_;
  at::Tensor running_mean_;
  at::Tensor running_var_;
  at::Tensor num_batches_tracked_;
};

}  // namespace vantage::nn

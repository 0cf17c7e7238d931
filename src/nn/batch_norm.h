// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <ATen/core/Tensor.h>

#include <string>

#include "nn/pass_context.h"
#include "nn/tensor_owner.h"

namespace vantage::nn {

// Batch norm (Ioffe and Szegedy, ICML 2015): x -> scale x + shift for each channel. Weight and bias are
// trained. The statistics are either the running ones, which a pass does not change, or those of each
// training pass.
class BatchNorm : public TensorOwner {
 public:
  BatchNorm(std::string name, int64_t channels, double epsilon);

  const std::string& name() const { return name_; }

  // gamma / sigma, from the running statistics. Shape: C.
  at::Tensor Scale() const;
  // beta + (bias - mu) scale, from the running statistics. `bias`: bias of the layer that the norm follows;
  // undefined if it has none. Shape: C.
  at::Tensor Shift(const at::Tensor& scale, const at::Tensor& bias = {}) const;

  // Makes training passes use their own statistics, if the weight is trained.
  void UseBatchStatistics() { uses_batch_statistics_ = weight_.requires_grad(); }
  bool uses_batch_statistics() const { return uses_batch_statistics_; }
  // Normalises x (B x C x H x W) by its own statistics, and writes them to pass.seen. The running statistics
  // do not change. Throws Error if a channel has only one value.
  at::Tensor NormalizeByBatch(const at::Tensor& x_BCHW, const PassContext& pass) const;

  // Mean and variance. Shape: 2 x C.
  at::Tensor RunningStatistics() const;
  // running <- (1 - momentum) running + momentum seen; increments num_batches_tracked. seen: 2 x C.
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

// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <map>
#include <string>

namespace vantage::nn {

enum class TensorRole {
  kParameter,  // trained
  kBuffer,     // no gradient: batch norms' running statistics
};

// Called with the name, the tensor itself (which may be replaced) and what it is.
using TensorVisitor = std::function<void(const std::string& name, at::Tensor& tensor, TensorRole role)>;

// Mean and variance of each channel (2 x C, the variance unbiased), by the norm's name.
using BatchStatistics = std::map<std::string, at::Tensor>;

// While it lives: takes down what this thread's passes through norms with batch statistics see.
class BatchStatisticsRecorder {
 public:
  BatchStatisticsRecorder();
  ~BatchStatisticsRecorder();
  BatchStatisticsRecorder(const BatchStatisticsRecorder&) = delete;
  BatchStatisticsRecorder& operator=(const BatchStatisticsRecorder&) = delete;

  // A norm that was passed twice has its last pass here.
  const BatchStatistics& seen() const { return seen_; }

 private:
  friend class BatchNorm;
  BatchStatistics seen_;
  BatchStatisticsRecorder* outer_;  // of this thread, before
};

// Batch norm (Ioffe and Szegedy, ICML 2015): x -> scale x + shift for each channel. Its weight and bias are
// trained; its statistics are the running ones, which stay as they are, or each pass's own.
class BatchNorm {
 public:
  BatchNorm(std::string name, int64_t channels, double epsilon);

  const std::string& name() const { return name_; }

  // By the running statistics: gamma / sigma. C.
  at::Tensor Scale() const;
  // beta + (bias - mu) scale, where the norm follows a layer of that bias (none: undefined). C.
  at::Tensor Shift(const at::Tensor& scale, const at::Tensor& bias = {}) const;

  // From now on with each pass's own statistics, if the weight is trained.
  void UseBatchStatistics() { uses_batch_statistics_ = weight_.requires_grad(); }
  bool uses_batch_statistics() const { return uses_batch_statistics_; }
  // By the statistics of x (B x C x H x W), which the thread's recorder takes down. The running ones stay.
  // Throws Error where a channel has one value only.
  at::Tensor NormalizeByBatch(const at::Tensor& x_BCHW) const;

  // 2 x C: mean and variance.
  at::Tensor RunningStatistics() const;
  // running <- (1 - momentum) running + momentum seen, and counts it. seen: 2 x C.
  void MoveRunningStatistics(const at::Tensor& seen_2C, double momentum);

  void Visit(const TensorVisitor& visitor);

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

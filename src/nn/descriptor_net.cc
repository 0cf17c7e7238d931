// SPDX-License-Identifier: BSD-3-Clause
#include "nn/descriptor_net.h"

#include <ATen/core/grad_mode.h>

#include <map>

#include "nn/fold_norms.h"
#include "nn/new_tensors.h"
#include "util/check.h"

namespace vantage::nn {

void DescriptorNet::To(const at::Device& device) {
  const at::NoGradGuard no_grad;
  device_ = device;
  Replace([&](const std::string&, at::Tensor& tensor, TensorRole) { tensor = tensor.to(device); });
}

DescriptorNet DescriptorNet::Twin() const {
  DescriptorNet twin = [&] {
    const WithoutMemory replaced_below;
    return DescriptorNet(options_);
  }();
  twin.normalization = normalization;
  twin.device_ = device_;
  twin.precision_ = precision_;
  std::map<std::string, at::Tensor> tensors;
  Visit([&](const std::string& name, const at::Tensor& tensor, TensorRole) { tensors[name] = tensor; });
  twin.Replace([&](const std::string& name, at::Tensor& tensor, TensorRole) { tensor = tensors.at(name); });
  if (statistics_momentum_) twin.UseBatchStatistics(*statistics_momentum_);
  return twin;
}

DescriptorNet DescriptorNet::On(const at::Device& device) const {
  if (device == device_) return *this;
  DescriptorNet moved = Twin();
  moved.To(device);
  return moved;
}

DescriptorNet DescriptorNet::Clone() const {
  const at::NoGradGuard no_grad;
  DescriptorNet copy = Twin();
  copy.Replace([&](const std::string&, at::Tensor& tensor, TensorRole) { tensor = tensor.detach().clone(); });
  return copy;
}

void DescriptorNet::UseBatchStatistics(double momentum) {
  statistics_momentum_ = momentum;
  ForEachNorm(*trunk_, [](BatchNorm& norm) { norm.UseBatchStatistics(); });
}

BatchStatistics DescriptorNet::RunningStatistics() const {
  BatchStatistics running;
  ForEachNorm(*trunk_, [&](BatchNorm& norm) {
    if (norm.uses_batch_statistics()) running[norm.name()] = norm.RunningStatistics();
  });
  return running;
}

void DescriptorNet::MoveRunningStatistics(const BatchStatistics& seen) {
  VANTAGE_CHECK(statistics_momentum_, "a network with frozen statistics");
  ForEachNorm(*trunk_, [&](BatchNorm& norm) {
    if (norm.uses_batch_statistics()) norm.MoveRunningStatistics(seen.at(norm.name()), *statistics_momentum_);
  });
}

}  // namespace vantage::nn

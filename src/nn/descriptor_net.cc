// SPDX-License-Identifier: BSD-3-Clause
#include "vantage/nn/descriptor_net.h"

#include <ATen/Context.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/zeros.h>
#include <c10/util/Exception.h>

#include <map>
#include <utility>

#include "vantage/util/error.h"

namespace vantage {

void Describe(OptionsDescription& description, DescriptorNetOptions& options) {
  description.Add("architecture", options.architecture, "Convolutional trunk").OneOf(TrunkArchitectures());
  description.Add("pooling", options.pooling, "How the last feature map becomes one vector")
      .OneOf(PoolingNames());
  description.Add("fc_whitening", options.fc_whitening, "Add a learned linear layer after pooling");
}

DescriptorNet::DescriptorNet(const DescriptorNetOptions& options)
    : options_(options),
      trunk_(std::make_shared<Trunk>(MakeTrunk(options.architecture))),
      pooling_(MakePooling(options.pooling, trunk_->output_channels)) {
  normalization = trunk_->normalization;
  if (options.fc_whitening) {
    whiten_weight_ = at::zeros({dimension(), dimension()});
    whiten_bias_ = at::zeros({dimension()});
  }
}

at::Tensor DescriptorNet::Forward(const at::Tensor& images_B3HW) const {
  // Channels last: LibTorch's convolutions and poolings then need no reordering around them.
  const at::Tensor images = images_B3HW.to(device_).contiguous(at::MemoryFormat::ChannelsLast);
  const at::Tensor pooled = L2Normalize(pooling_(trunk_->layers->Forward(images)));
  if (!whiten_weight_.defined()) return pooled;
  return L2Normalize(at::linear(pooled, whiten_weight_, whiten_bias_));
}

void DescriptorNet::Visit(const TensorVisitor& visitor) {
  trunk_->layers->Visit([&](const std::string& name, at::Tensor& tensor, TensorRole role) {
    visitor(CirtorchName(*trunk_, name), tensor, role);
  });
  pooling_.Visit(visitor);
  if (whiten_weight_.defined()) {
    visitor("whiten.weight", whiten_weight_, TensorRole::kParameter);
    visitor("whiten.bias", whiten_bias_, TensorRole::kParameter);
  }
}

void DescriptorNet::To(const at::Device& device) {
  const at::NoGradGuard no_grad;
  device_ = device;
  Visit([&](const std::string&, at::Tensor& tensor, TensorRole) { tensor = tensor.to(device); });
}

DescriptorNet DescriptorNet::Clone() const {
  const at::NoGradGuard no_grad;
  DescriptorNet copy(options_);
  copy.normalization = normalization;
  copy.device_ = device_;
  std::map<std::string, at::Tensor> tensors;
  DescriptorNet shared = *this;
  shared.Visit([&](const std::string& name, at::Tensor& tensor, TensorRole) { tensors[name] = tensor; });
  copy.Visit([&](const std::string& name, at::Tensor& tensor, TensorRole) {
    tensor = tensors.at(name).detach().clone();
  });
  return copy;
}

at::Tensor ImagesToTensor(const std::vector<Image>& images, const Normalization& normalization) {
  VANTAGE_CHECK(!images.empty(), "a batch of no images");
  const int64_t height = images[0].height;
  const int64_t width = images[0].width;
  at::Tensor batch_B3HW =
      at::empty({static_cast<int64_t>(images.size()), 3, height, width},
                at::TensorOptions().dtype(at::kFloat).memory_format(at::MemoryFormat::ChannelsLast));
  float* values = batch_B3HW.mutable_data_ptr<float>();  // B x H x W x 3 in memory
  // As torchvision computes it, in float32: v / 255, minus the mean, divided by the deviation.
  std::array<std::array<float, 256>, 3> table{};
  for (size_t c = 0; c < 3; ++c) {
    for (size_t v = 0; v < 256; ++v) {
      table[c][v] = (static_cast<float>(v) / 255.0F - static_cast<float>(normalization.mean[c])) /
                    static_cast<float>(normalization.std[c]);
    }
  }
  for (const Image& image : images) {
    VANTAGE_CHECK(image.height == height && image.width == width, "a batch of images of different sizes");
    for (size_t i = 0; i < image.pixels.size(); i += 3) {
      for (size_t c = 0; c < 3; ++c) *values++ = table[c][image.pixels[i + c]];
    }
  }
  return batch_B3HW;
}

at::Device ParseDevice(const std::string& name) {
  try {
    const at::Device device(name);
    if (device.is_cpu()) return device;
    if (device.is_cuda() && at::globalContext().hasCUDA()) return device;
  } catch (const c10::Error&) {
    throw UsageError(StrCat("unknown device '", name, "'; known are cpu, cuda, cuda:1, ..."));
  }
  throw UsageError(StrCat("device '", name, "': this machine or this LibTorch has none"));
}

}  // namespace vantage

// SPDX-License-Identifier: BSD-3-Clause
#include "vantage/nn/descriptor_net.h"

#include <ATen/Context.h>
#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/zeros.h>
#include <c10/util/Exception.h>

#include <map>
#include <utility>

#include "nn/resize_images.h"
#include "vantage/util/error.h"

namespace vantage {

void Describe(OptionsDescription& description, DescriptorNetOptions& options) {
  description.Add("architecture", options.architecture, "Convolutional trunk").OneOf(TrunkArchitectures());
  description.Add("pooling", options.pooling, "How the last feature map becomes one vector")
      .OneOf(PoolingNames());
  description.Add("fc_whitening", options.fc_whitening, "A learned linear layer after pooling");
  description.Add("local_whitening", options.local_whitening,
                  "A learned linear layer at every location before pooling");
  description.Add("regional", options.regional, "Pool and whiten R-MAC's regions, and add them up");
}

std::string NameOf(const DescriptorNetOptions& options) {
  return StrCat(options.architecture, "-", options.pooling,
                options.local_whitening ? ", with local whitening" : "", options.regional ? ", regional" : "",
                options.fc_whitening ? ", with FC whitening" : "");
}

at::Tensor DescriptorNet::LinearLayer::operator()(const at::Tensor& x) const {
  return at::linear(x, weight, bias);
}

void DescriptorNet::LinearLayer::Visit(const std::string& name, const TensorVisitor& visitor) {
  if (!weight.defined()) return;
  visitor(name + ".weight", weight, TensorRole::kParameter);
  visitor(name + ".bias", bias, TensorRole::kParameter);
}

DescriptorNet::LinearLayer DescriptorNet::MakeLinear(bool wanted) const {
  if (!wanted) return {};
  return {at::zeros({dimension(), dimension()}), at::zeros({dimension()})};
}

DescriptorNet::DescriptorNet(const DescriptorNetOptions& options)
    : options_(options),
      trunk_(std::make_shared<Trunk>(MakeTrunk(options.architecture))),
      pooling_(MakePooling(options.pooling, trunk_->output_channels)),
      local_whitening_(MakeLinear(options.local_whitening)),
      region_whitening_(MakeLinear(options.regional)),
      whitening_(MakeLinear(options.fc_whitening)) {
  normalization = trunk_->normalization;
}

at::Tensor DescriptorNet::Forward(const at::Tensor& images_B3HW) const {
  // Channels last: LibTorch's convolutions and poolings then need no reordering around them.
  const at::Tensor images = images_B3HW.to(device_, trunk_type_).contiguous(at::MemoryFormat::ChannelsLast);
  at::Tensor map_BCHW = trunk_->layers->Forward(images).to(at::kFloat);
  if (local_whitening_) map_BCHW = local_whitening_(map_BCHW.permute({0, 2, 3, 1})).permute({0, 3, 1, 2});
  const at::Tensor pooled = L2Normalize(Pool(map_BCHW));
  return whitening_ ? L2Normalize(whitening_(pooled)) : pooled;
}

at::Tensor DescriptorNet::Pool(const at::Tensor& x_BCHW) const {
  if (!options_.regional) return pooling_(x_BCHW);
  return SumOverRegions(x_BCHW, [&](const at::Tensor& part) {
    return L2Normalize(region_whitening_(L2Normalize(pooling_(part))));
  });
}

at::Tensor DescriptorNet::Forward(const at::Tensor& images_B3HW, const std::vector<double>& scales) const {
  VANTAGE_CHECK(!scales.empty(), "no scale to describe images at");
  if (scales.size() == 1 && scales[0] == 1) return Forward(images_B3HW);
  const double exponent = MultiScaleExponent();
  at::Tensor sum;
  for (const double scale : scales) {
    const at::Tensor powered =
        Forward(scale == 1 ? images_B3HW : ResizeImages(images_B3HW, scale)).pow(exponent);
    sum = sum.defined() ? sum + powered : powered;
  }
  const at::Tensor mean = (sum / static_cast<double>(scales.size())).pow(1 / exponent);
  return mean / mean.norm(2, {1}, /*keepdim=*/true);
}

double DescriptorNet::MultiScaleExponent() const {
  const bool is_plain = options_.pooling == "gem" && !options_.regional && !options_.fc_whitening;
  return is_plain ? pooling_.p.item<double>() : 1;
}

void DescriptorNet::Visit(const TensorVisitor& visitor) {
  trunk_->layers->Visit([&](const std::string& name, at::Tensor& tensor, TensorRole role) {
    visitor(CirtorchName(*trunk_, name), tensor, role);
  });
  local_whitening_.Visit("lwhiten", visitor);
  pooling_.Visit(options_.regional ? "pool.rpool" : "pool", visitor);
  region_whitening_.Visit("pool.whiten", visitor);
  whitening_.Visit("whiten", visitor);
}

void DescriptorNet::To(const at::Device& device) {
  const at::NoGradGuard no_grad;
  device_ = device;
  Visit([&](const std::string&, at::Tensor& tensor, TensorRole) { tensor = tensor.to(device); });
}

DescriptorNet DescriptorNet::Frozen(at::ScalarType type) const {
  const at::NoGradGuard no_grad;
  DescriptorNet frozen = Clone();
  frozen.trunk_->layers->Freeze(type);
  frozen.trunk_type_ = type;
  frozen.frozen_ = true;
  return frozen;
}

DescriptorNet DescriptorNet::Clone() const {
  VANTAGE_CHECK(!frozen_, "a frozen network cannot be cloned");
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

// SPDX-License-Identifier: BSD-3-Clause
#include "nn/network.h"

#include <string_view>
#include <utility>

#include "util/string.h"
#include "vantage/error.h"

namespace vantage::nn {
namespace {

void CheckPower(const DescriptorNetOptions& options) {
  if (options.power >= kLeastPower && options.power <= 1) return;
  throw UsageError(StrCat("a power normalisation of ", options.power,
                          ": it is in [0.01, 1], and 1, which is ", "none, for the head 'cosplace'"));
}

}  // namespace

Network::Network(const DescriptorNetOptions& options)
    : options_(options), head_row_(&HeadNamed(options.head)) {
  const TrunkRow& trunk = TrunkNamed(options.architecture);
  request_ = head_row_->request(options_, trunk);
  if (!trunk.has_tokens && (request_.class_token || request_.tokens)) {
    throw UsageError(
        StrCat("the head '", options.head, "' needs tokens, which a ", trunk.name, " does not have"));
  }
  head_row_->check(options_);
  CheckPower(options_);
  trunk_ = MakeTrunk(options.architecture, request_.map_end);
  head_ = head_row_->make(options_, trunk.channels);
  if (options_.output_dimension == trunk.channels && head_row_->has_pooling) options_.output_dimension = 0;
  normalization = trunk.normalization;
}

Features Network::FeaturesOf(const at::Tensor& images_B3HW, const PassContext& pass) const {
  // Channels last: LibTorch's convolutions and poolings then need no reordering around them.
  if (device_.is_cuda()) RoundToTf32(precision_ == Precision::kTf32);
  const at::Tensor images =
      images_B3HW.to(device_, TypeOf(precision_)).contiguous(at::MemoryFormat::ChannelsLast);
  return trunk_->Forward(images, request_, pass);
}

at::Tensor Network::Forward(const at::Tensor& images_B3HW, const PassContext& pass) const {
  return head_->Forward(FeaturesOf(images_B3HW, pass), pass);
}

void Network::Replace(const TensorReplacer& replacer) {
  trunk_->Replace([&](const std::string& name, at::Tensor& tensor, TensorRole role) {
    replacer(NameOfTrunk(name), tensor, role);
  });
  head_->Replace(replacer);
}

std::string Network::NameOfTrunk(const std::string& name) const {
  constexpr std::string_view kFeatures = "features.";
  const std::string cirtorch = CirtorchName(trunk_->row(), name);
  if (!cirtorch.starts_with(kFeatures)) return cirtorch;
  return head_row_->trunk_prefix + cirtorch.substr(kFeatures.size());
}

}  // namespace vantage::nn

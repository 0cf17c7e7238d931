// SPDX-License-Identifier: BSD-3-Clause
#include "nn/network.h"

#include <string_view>
#include <utility>

#include "util/string.h"
#include "vantage/error.h"

namespace vantage::nn {
Network::Network(const DescriptorNetOptions& options) : options_(options), head_row_(&RowOf(options.head)) {
  const TrunkRow& trunk = TrunkNamed(options_.architecture);
  CheckOptions(options_);
  options_ = Simplified(std::move(options_));
  request_ = RequestOf(options_.head, trunk);
  if (!trunk.has_tokens && (request_.class_token || request_.tokens)) {
    throw UsageError(
        StrCat("the head '", options_.head.kind(), "' needs tokens, which a ", trunk.name, " does not have"));
  }
  trunk_ = MakeTrunk(options_.architecture, request_.map_end);
  head_ = head_row_->make(options_.head, trunk.channels);
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

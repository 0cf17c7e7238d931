// SPDX-License-Identifier: BSD-3-Clause
#include "nn/network.h"

#include <algorithm>
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

at::Tensor Network::InputOf(const at::Tensor& images_B3HW) const {
  if (device_.is_cuda()) RoundToTf32(precision_ == Precision::kTf32);
  // Channels last: LibTorch's convolutions and poolings then need no reordering around them.
  return images_B3HW.to(device_, TypeOf(precision_)).contiguous(at::MemoryFormat::ChannelsLast);
}

Features Network::FeaturesOf(const at::Tensor& images_B3HW, const PassContext& pass) const {
  return trunk_->Forward(InputOf(images_B3HW), request_, pass);
}

int Network::FrozenStages() const {
  const int frozen = trunk_->FrozenStages();
  if (!request_.tokens) return frozen;
  const int block = request_.tokens->block;
  return std::min(frozen, block + 1 + (block < 0 ? trunk_->stages() : 0));
}

TrunkState Network::FirstStages(const at::Tensor& images_B3HW, int count, const PassContext& pass) const {
  TrunkState state = trunk_->Stem(InputOf(images_B3HW), pass);
  state.ends_in_class_token = !request_.map && !request_.tokens;
  return trunk_->Run(std::move(state), 0, count, pass);
}

at::Tensor Network::ForwardFrom(const TrunkState& state, int first, const PassContext& pass) const {
  if (device_.is_cuda()) RoundToTf32(precision_ == Precision::kTf32);
  return head_->Forward(trunk_->ForwardFrom(state, first, request_, pass), pass);
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

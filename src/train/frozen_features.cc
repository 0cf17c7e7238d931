// SPDX-License-Identifier: BSD-3-Clause
#include "train/frozen_features.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/cat.h>

#include <utility>

namespace vantage::train {

nn::TrunkState FrozenFeatures::Of(const nn::Network& net, PhotoId photo,
                                  const std::function<at::Tensor()>& input) {
  {
    const std::scoped_lock lock(mutex_);
    if (const auto found = states_.find(photo); found != states_.end()) {
      ++reused_;
      return found->second;
    }
  }
  const at::NoGradGuard no_graph;
  nn::TrunkState state = net.FirstStages(input(), stages_);
  const auto bytes = static_cast<int64_t>(state.x.nbytes());
  const std::scoped_lock lock(mutex_);
  if (bytes_ + bytes <= most_bytes_ && states_.try_emplace(photo, state).second) bytes_ += bytes;
  return state;
}

nn::TrunkState FrozenFeatures::Batch(std::vector<nn::TrunkState> states) {
  nn::TrunkState batch = states.front();
  if (states.size() == 1) return batch;
  std::vector<at::Tensor> parts;
  for (nn::TrunkState& state : states) parts.push_back(std::move(state.x));
  batch.x = at::cat(parts);
  return batch;
}

size_t FrozenFeatures::photos() const {
  const std::scoped_lock lock(mutex_);
  return states_.size();
}

int64_t FrozenFeatures::bytes() const {
  const std::scoped_lock lock(mutex_);
  return bytes_;
}

int64_t FrozenFeatures::reused() const {
  const std::scoped_lock lock(mutex_);
  return reused_;
}

}  // namespace vantage::train

// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "nn/network.h"
#include "vantage/training_set.h"

namespace vantage::train {

// The trunk's state after its first stages, none of which is trained, by photo. A photo's state is computed
// from the photo alone, never in a batch, so that its bits do not depend on what was kept; a run that is
// resumed ends in the same weights. Keeps the states of the first photos that fit into the memory, and
// forgets none. May be used from several threads.
class FrozenFeatures {
 public:
  // stages: at most Network::FrozenStages of the networks that it is used with, which must be the same up to
  // there.
  FrozenFeatures(int stages, int64_t most_bytes) : stages_(stages), most_bytes_(most_bytes) {}

  int stages() const { return stages_; }
  // input: returns the photo, 1 x 3 x H x W, normalised; called if its state is not kept.
  nn::TrunkState Of(const nn::Network& net, PhotoId photo, const std::function<at::Tensor()>& input);
  // The states of photos of one size as one batch.
  static nn::TrunkState Batch(std::vector<nn::TrunkState> states);

  size_t photos() const;
  int64_t bytes() const;
  int64_t reused() const;  // calls of Of that computed nothing

 private:
  const int stages_;
  const int64_t most_bytes_;
  mutable std::mutex mutex_;
  std::unordered_map<PhotoId, nn::TrunkState> states_;
  int64_t bytes_ = 0;
  int64_t reused_ = 0;
};

}  // namespace vantage::train

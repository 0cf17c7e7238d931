// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "nn/losses/losses.h"
#include "nn/network.h"
#include "vantage/image.h"

namespace vantage::train {

// A tuple's photos, decoded and reduced: query, positive, negatives.
struct LoadedTuple {
  std::vector<Image> images;
  std::vector<TupleLabel> labels;
  // Whether the photo is likely to have a gradient, as far as mining knows: a guess that costs time where it
  // is wrong and changes nothing.
  std::vector<bool> may_have_gradient;
  uint64_t seed = 0;    // of what layers draw
  std::string skipped;  // why the tuple cannot be used; images are empty then
};

// How a tuple's photos go through the network.
struct PassLimits {
  // Photos of equal size share a pass while they have together at most so many pixels.
  int64_t batch_pixels = 0;
  // Of so many pixels of a tuple what the gradient needs is kept from the first pass on; the others are
  // computed twice where they have a gradient.
  int64_t kept_pixels = 0;
  // What gradients are multiplied with: see GradientScale.
  double gradient_scale = 1;
};

// The loss of one tuple and its gradient by the network's parameters, in passes that may run side by side:
// descriptors of all photos, the loss's gradient by each descriptor, then the network's gradient photo by
// photo, of those photos alone whose descriptor has one. The sum over passes is the plain gradient of the
// loss. Memory: activations of at most `kept_pixels` and of one pass a thread.
//
// Where the network's norms use batch statistics, all photos of one size share a pass, whatever the limits,
// and go backward together: another batch would be another function.
//
//   for (size_t i = 0; i < tuple.forward_passes(); ++i) tuple.Forward(i);     // in any order, on any thread
//   tuple.DifferentiateLoss();                                                // once, after all of them
//   for (size_t i = 0; i < tuple.backward_passes(); ++i) sum += tuple.Backward(i);  // as above
class TupleGradient {
 public:
  // parameters: what the gradient is by; empty where only the loss is wanted. All must outlive this.
  TupleGradient(const nn::Network& net, const TupleLoss& loss, std::span<const at::Tensor> parameters,
                LoadedTuple tuple, const PassLimits& limits);

  size_t forward_passes() const { return forward_.size(); }
  // Returns what norms with batch statistics saw.
  nn::BatchStatistics Forward(size_t pass);

  void DifferentiateLoss();
  double loss() const { return loss_value_; }

  size_t backward_passes() const { return backward_.size(); }
  // By each parameter, times the limits' gradient_scale; undefined where the loss does not depend on it.
  std::vector<at::Tensor> Backward(size_t pass);

  size_t photos() const { return tuple_.labels.size(); }
  // Photos that went through a backward pass.
  size_t photos_with_gradient() const;

 private:
  struct Pass {
    std::vector<size_t> photos;  // of the tuple, of one size
    bool keeps_graph = false;
    at::Tensor descriptors;  // photos x D
  };

  void PlanForward(const PassLimits& limits);
  // The same for norms with batch statistics.
  void PlanWholeBatches(const PassLimits& limits);
  // Groups photos of equal size into passes.
  std::vector<Pass> Group(const std::vector<size_t>& photos, int64_t batch_pixels) const;
  // `seen`: what norms with batch statistics saw, or null.
  at::Tensor Describe(const Pass& pass, nn::BatchStatistics* seen) const;

  const nn::Network& net_;
  const TupleLoss& loss_;
  std::span<const at::Tensor> parameters_;
  LoadedTuple tuple_;
  int64_t batch_pixels_ = 0;
  double gradient_scale_ = 1;
  std::vector<Pass> forward_;
  std::vector<Pass> backward_;
  double loss_value_ = 0;
  at::Tensor gradient_ND_;  // of the loss by the tuple's descriptors
};

}  // namespace vantage::train

// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "nn/losses/losses.h"
#include "nn/network.h"
#include "nn/pass_context.h"
#include "train/frozen_features.h"
#include "vantage/image.h"
#include "vantage/preprocessing.h"

namespace vantage::train {

// A tuple's photos, decoded and reduced in size: query, positive, negatives.
struct LoadedTuple {
  std::vector<Image> images;
  std::vector<TupleLabel> labels;
  std::vector<PreprocessingStep> tensor_steps;  // still to be applied
  // Whether mining expects each photo to have a gradient. A wrong guess costs time but does not change the
  // result.
  std::vector<bool> may_have_gradient;
  std::vector<PhotoId> photos = {};  // of the images
  bool is_augmented = false;         // if so, FrozenFeatures is not used
  at::Tensor teacher_ND = {};        // LossInput::teacher_ND
  nn::PassContext pass = {};         // seed and options of the layers; TupleGradient sets the rest
  std::string skipped;               // why the tuple cannot be used; images are empty then
};

// Limits on how a tuple's photos go through the network.
struct PassLimits {
  // Photos of equal size share a pass of at most this many pixels (or of one photo, if that is larger).
  int64_t batch_pixels = 0;
  // Keep activations for at most this many pixels per tuple; recompute other photos that have a gradient in
  // the backward pass.
  int64_t kept_pixels = 0;
};

// The loss of one tuple and its gradient with respect to the network's parameters, in passes that may run in
// parallel. First come the descriptors of all photos, then the loss's gradient with respect to each
// descriptor, then the network's gradient, in passes of photos whose descriptors have a nonzero gradient. The
// sum over passes is exactly the gradient of the loss. Memory: activations of at most `kept_pixels`, and of
// one pass per thread.
//
// If the network's norms use batch statistics, all photos of one size share a forward and a backward pass
// regardless of the limits, because the network's function depends on the batch.
//
//   for (size_t i = 0; i < tuple.forward_passes(); ++i) tuple.Forward(i);     // in any order, on any thread
//   tuple.DifferentiateLoss();                                                // once, after all of them
//   for (size_t i = 0; i < tuple.backward_passes(); ++i) sum += tuple.Backward(i);  // as above
class TupleGradient {
 public:
  // parameters: those to differentiate by; empty if only the loss is needed. All references must outlive this
  // object.
  // frozen: keeps the output of the network's untrained stages; null: all stages are computed in each pass.
  TupleGradient(const nn::Network& net, const TupleLoss& loss, std::span<const at::Tensor> parameters,
                LoadedTuple tuple, const PassLimits& limits, double gradient_scale = 1,
                FrozenFeatures* frozen = nullptr);

  size_t forward_passes() const { return forward_.size(); }
  // Returns the statistics observed by norms with batch statistics.
  nn::BatchStatistics Forward(size_t pass);

  void DifferentiateLoss();
  double loss() const { return loss_value_; }

  size_t backward_passes() const { return backward_.size(); }
  // The gradient with respect to each parameter, times gradient_scale (see GradientScale); undefined if the
  // loss does not depend on it.
  std::vector<at::Tensor> Backward(size_t pass);

  size_t photos() const { return tuple_.labels.size(); }
  // Number of photos in the backward passes.
  size_t photos_with_gradient() const;

 private:
  struct Pass {
    std::vector<size_t> photos;  // indices in the tuple; all of one size
    bool keeps_graph = false;
    at::Tensor descriptors;  // photos x D
  };

  void PlanForward(const PassLimits& limits);
  // The same for networks with batch statistics.
  void PlanWholeBatches(const PassLimits& limits);
  // Groups photos of equal size into passes.
  std::vector<Pass> Group(const std::vector<size_t>& photos, int64_t batch_pixels) const;
  // `seen`: receives the statistics observed by norms with batch statistics; may be null.
  at::Tensor Describe(const Pass& pass, nn::BatchStatistics* seen) const;
  // The images of the tuple, as the network takes them.
  at::Tensor Input(const std::vector<size_t>& photos) const;

  const nn::Network& net_;
  const TupleLoss& loss_;
  std::span<const at::Tensor> parameters_;
  LoadedTuple tuple_;
  int64_t batch_pixels_ = 0;
  double gradient_scale_ = 1;
  FrozenFeatures* frozen_;
  std::vector<Pass> forward_;
  std::vector<Pass> backward_;
  double loss_value_ = 0;
  at::Tensor gradient_ND_;  // of the loss with respect to the tuple's descriptors
};

}  // namespace vantage::train

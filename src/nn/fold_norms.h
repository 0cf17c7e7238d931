// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <functional>

#include "nn/batch_norm.h"

namespace vantage::nn {

class Trunk;

// The additional interface of layers that have a batch norm.
class NormedLayer {
 public:
  virtual ~NormedLayer() = default;
  // The batch norm; null if the layer has none or has folded it.
  virtual BatchNorm* norm() = 0;
  // Whether the norm follows weights of this layer, so that it can be folded into them.
  virtual bool norm_follows_weights() const = 0;
  // Folds the norm, with its running statistics, into the layer's tensors. The new tensors are differentiable
  // functions of the old ones.
  virtual void FoldNorm() = 0;
};

// The additional interface of layers with scales or layer norms beside their weights.
class FoldableLayer {
 public:
  virtual ~FoldableLayer() = default;
  // Folds them into the weights, unless that has been done. The new tensors are differentiable functions of
  // the old ones.
  virtual void Fold() = 0;
};

// The additional interface of layers whose tensors can be laid out for speed.
class FreezableLayer {
 public:
  virtual ~FreezableLayer() = default;
  // Must be called once, after norms have been folded and weights converted to their final type. The layer
  // then accepts only inputs of that type in channels-last layout, and has no gradients.
  virtual void Freeze() = 0;
};

// Visits all norms that have not been folded.
void ForEachNorm(Trunk& trunk, const std::function<void(BatchNorm&)>& visit);

// Folds scales and layer norms, and batch norms that follow weights and use running statistics.
void FoldForTraining(Trunk& trunk);

// Folds all norms and scales, converts floating-point tensors to `type` (except those of
// Trunk::ComputesInFloat32), and lays out layers for speed.
void Freeze(Trunk& trunk, at::ScalarType type);

// Freezes the stem and the first `stages` stages; nothing if `stages` is 0.
void FreezeFirstStages(Trunk& trunk, int stages, at::ScalarType type);

}  // namespace vantage::nn

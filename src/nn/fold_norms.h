// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <functional>

#include "nn/batch_norm.h"

namespace vantage::nn {

class Trunk;

// What a layer with a batch norm is beside a Layer.
class NormedLayer {
 public:
  virtual ~NormedLayer() = default;
  // Null if there is none, or it has been folded.
  virtual BatchNorm* norm() = 0;
  // Whether it follows weights of the layer, into which it is folded.
  virtual bool norm_follows_weights() const = 0;
  // Makes the norm by its running statistics part of the layer's tensors, which become functions of what they
  // were made from.
  virtual void FoldNorm() = 0;
};

// What a layer that can be laid out for speed is beside a Layer.
class FreezableLayer {
 public:
  virtual ~FreezableLayer() = default;
  // To be called once, after norms are folded and weights have their type. From then on the layer takes
  // inputs of that type, channels last, and has no gradients.
  virtual void Freeze() = 0;
};

// Visits all norms that are not folded.
void ForEachNorm(Trunk& trunk, const std::function<void(BatchNorm&)>& visit);

// Folds norms that follow weights, except those that use batch statistics.
void FoldNorms(Trunk& trunk);

// Folds all norms, gives all tensors of floating point the type, and lays layers out for speed.
void Freeze(Trunk& trunk, at::ScalarType type);

}  // namespace vantage::nn

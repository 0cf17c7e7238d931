// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <ATen/core/Tensor.h>

#include <memory>
#include <string>

#include "nn/head.h"

namespace vantage::nn {

// What makes one descriptor of a photo's local features. Forward may be called from several threads.
class Aggregation {
 public:
  virtual ~Aggregation() = default;

  // Of the descriptor.
  virtual int64_t dimension() const = 0;
  // locals: B x N x D, N at least 1, of unit length, in any order. Returns B x dimension(), of unit length.
  virtual at::Tensor Forward(const at::Tensor& locals_BND) const = 0;
  // Replaces the parameters, as NAME.xyz.
  virtual void Replace(const std::string& name, const TensorReplacer& replacer) = 0;

  // Centres of clusters of locals that the parameters are made from; 0: they need none.
  virtual int64_t CentersWanted() const { return 0; }
  // Makes the parameters from CentersWanted() x D centres, those of the largest clusters first.
  virtual void SetCenters(const at::Tensor& /*centers_KD*/) {}
  // Whether the parameters have been made or read. Forward throws Error where not.
  virtual bool IsInitialized() const { return true; }
};

}  // namespace vantage::nn

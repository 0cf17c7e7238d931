// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <ATen/core/Tensor.h>

#include <memory>
#include <string>

#include "nn/head.h"

namespace vantage::nn {

// Combines a photo's local features into one descriptor. Forward may be called from several threads.
class Aggregation {
 public:
  virtual ~Aggregation() = default;

  // Dimension of the descriptor.
  virtual int64_t dimension() const = 0;
  // locals: B x N x D, N at least 1, of unit length, in any order. Returns B x dimension(), of unit length.
  virtual at::Tensor Forward(const at::Tensor& locals_BND) const = 0;
  // Replaces the parameters, which are named NAME.xyz.
  virtual void Replace(const std::string& name, const TensorReplacer& replacer) = 0;

  // Number of cluster centres of locals that the parameters are computed from; 0: none are needed.
  virtual int64_t CentersWanted() const { return 0; }
  // Computes the parameters from CentersWanted() x D centres, sorted by decreasing cluster size.
  virtual void SetCenters(const at::Tensor& /*centers_KD*/) {}
  // Whether the parameters have been computed or read. Forward throws Error if this is false.
  virtual bool IsInitialized() const { return true; }
};

}  // namespace vantage::nn

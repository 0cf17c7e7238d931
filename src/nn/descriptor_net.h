// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <optional>

#include "nn/network.h"

namespace vantage::nn {

// A network that can be trained, read and written. Copies share their tensors; a Clone has its own.
class DescriptorNet : public Network {
 public:
  // Sets weights to zero until they are read (model_file.h), except linear layers, which start as the
  // identity, and GeM exponents, which start at 3. Throws UsageError for an unknown name or for options that
  // cannot be combined.
  explicit DescriptorNet(const DescriptorNetOptions& options) : Network(options) {}

  using Network::head;
  using Network::trunk;
  Trunk& trunk() { return *trunk_; }
  Head& head() { return *head_; }
  // Whether the network can describe photos: all weights of the head have been initialised or read.
  bool IsInitialized() const { return head_->IsInitialized(); }

  // Returns the network on `device`, and leaves this one where it is. If it is already on `device`, both
  // share the tensors.
  DescriptorNet On(const at::Device& device) const;
  // Moves the tensors to `device`, including those of copies. A copy's device() keeps its old value.
  void To(const at::Device& device);

  // Sets the precision in which the trunk computes; fp32 by default.
  void ComputeTrunkIn(Precision precision) { precision_ = precision; }

  // Makes batch norms whose weights require gradients use the statistics of each training pass, that is of
  // the photos in one call of Forward. `momentum`: used by MoveRunningStatistics.
  void UseBatchStatistics(double momentum);
  // Running statistics of the norms that use batch statistics.
  BatchStatistics RunningStatistics() const;
  // running <- (1 - momentum) running + momentum seen, for each norm that uses batch statistics. `seen` must
  // have a value for each of them. Throws Error if UseBatchStatistics has not been called.
  void MoveRunningStatistics(const BatchStatistics& seen);

  DescriptorNet Clone() const;
  // Returns a network that shares the tensors but has its own layers, which may be changed.
  DescriptorNet Twin() const;
};

}  // namespace vantage::nn

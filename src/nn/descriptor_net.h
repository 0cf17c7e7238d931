// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <optional>

#include "nn/network.h"

namespace vantage::nn {

// A network that is trained, read and written. Copies share their tensors; Clone has its own.
class DescriptorNet : public Network {
 public:
  // Weights are zero until they are read (model_file.h); linear layers begin as the identity, exponents as 3.
  // Throws UsageError for an unknown name, or for options that do not go together.
  explicit DescriptorNet(const DescriptorNetOptions& options) : Network(options) {}

  using Network::head;
  using Network::trunk;
  Trunk& trunk() { return *trunk_; }
  Head& head() { return *head_; }
  // Whether the network can describe photos: all weights of the head have been made or read.
  bool IsInitialized() const { return head_->IsInitialized(); }

  // The network on a device; this one stays where it is. On its own device they share the tensors.
  DescriptorNet On(const at::Device& device) const;
  // Moves the tensors, those of copies too.
  void To(const at::Device& device);

  // What the trunk computes in from now on; fp32 until it is called.
  void ComputeTrunkIn(Precision precision) { precision_ = precision; }

  // From now on the batch norms whose weights require gradients use the statistics of each training pass: of
  // the photos that go through Forward together. `momentum`: of MoveRunningStatistics.
  void UseBatchStatistics(double momentum);
  // The running statistics of those norms.
  BatchStatistics RunningStatistics() const;
  // running <- (1 - momentum) running + momentum seen. `seen` has a value for each of the norms.
  void MoveRunningStatistics(const BatchStatistics& seen);

  DescriptorNet Clone() const;
  // Another network of the same tensors, whose layers may be changed.
  DescriptorNet Twin() const;
};

}  // namespace vantage::nn

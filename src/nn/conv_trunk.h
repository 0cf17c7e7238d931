// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "nn/trunk.h"

namespace vantage::nn {

// Combines the layers into one sequence.
template <typename... Layers>
std::unique_ptr<Layer> InSequence(std::unique_ptr<Layers>... layers) {
  auto sequence = std::make_unique<Sequence>();
  (sequence->Add(std::move(layers)), ...);
  return sequence;
}

// A trunk whose layers process feature maps in sequence.
class ConvTrunk : public Trunk {
 public:
  struct Layers {
    Sequence stem;
    std::vector<std::unique_ptr<Layer>> stages;
    Sequence last;  // may be empty
  };

  ConvTrunk(const TrunkRow& row, Layers layers) : Trunk(row), layers_(std::move(layers)) {}

  TrunkState Stem(const at::Tensor& images_B3HW, const PassContext& pass) const override;
  int stages() const override { return static_cast<int>(layers_.stages.size()); }
  TrunkState Run(TrunkState state, int first, int last, const PassContext& pass) const override;
  Features Finish(const TrunkState& state, const FeatureRequest& request,
                  const PassContext& pass) const override;
  void ForEachLayer(const std::function<void(Layer&)>& visit) override;
  void Replace(const TensorReplacer& replacer) override;

 private:
  Layers layers_;
};

}  // namespace vantage::nn

// SPDX-License-Identifier: BSD-3-Clause
#include "train/weight_average.h"

#include <ATen/core/grad_mode.h>

#include <map>
#include <string>

#include "util/check.h"

namespace vantage {

WeightAverage::WeightAverage(const DescriptorNet& net, double decay) : net_(net.Clone()), decay_(decay) {
  if (!(decay >= 0 && decay < 1)) {
    throw UsageError(StrCat("the decay of a weight average is in [0, 1), not ", decay));
  }
}

void WeightAverage::Update(const DescriptorNet& net) {
  const at::NoGradGuard no_grad;
  std::map<std::string, at::Tensor> now;
  DescriptorNet shared = net;
  shared.Visit([&](const std::string& name, at::Tensor& tensor, TensorRole) { now[name] = tensor; });
  net_.Visit([&](const std::string& name, at::Tensor& average, TensorRole role) {
    if (role == TensorRole::kParameter) {
      average.lerp_(now.at(name), 1 - decay_);
    } else {
      average.copy_(now.at(name));
    }
  });
}

TorchValue WeightAverage::StateDict() const {
  TorchDict state;
  state.ordered = true;
  DescriptorNet shared = net_;
  shared.Visit([&](const std::string& name, at::Tensor& tensor, TensorRole) { state.Set(name, {tensor}); });
  return {std::move(state)};
}

void WeightAverage::LoadStateDict(const TorchFile& file, const PickleValue& state) {
  const at::NoGradGuard no_grad;
  net_.Visit([&](const std::string& name, at::Tensor& average, TensorRole) {
    const std::string what = "weight average: " + name;
    const at::Tensor value = ReadTensor(file, Member(state, name, file.source() + ": weight average"), what);
    VANTAGE_CHECK(value.sizes() == average.sizes(), file.source(), ": ", what,
                  " has another shape than the network's");
    average.copy_(value);
  });
}

}  // namespace vantage

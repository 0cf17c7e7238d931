// SPDX-License-Identifier: BSD-3-Clause
#include "train/weight_average.h"

#include <ATen/core/grad_mode.h>

#include <map>
#include <string>

#include "util/check.h"

namespace vantage::train {

WeightAverage::WeightAverage(const nn::DescriptorNet& net, double decay) : net_(net.Clone()), decay_(decay) {
  if (!(decay >= 0 && decay < 1)) {
    throw UsageError(StrCat("the decay of a weight average is in [0, 1), not ", decay));
  }
}

void WeightAverage::Update(const nn::DescriptorNet& net) {
  const at::NoGradGuard no_grad;
  std::map<std::string, at::Tensor> now;
  net.Visit([&](const std::string& name, const at::Tensor& tensor, nn::TensorRole) { now[name] = tensor; });
  net_.Visit([&](const std::string& name, const at::Tensor& average, nn::TensorRole role) {
    if (role != nn::TensorRole::kBuffer) {
      average.lerp_(now.at(name), 1 - decay_);
    } else {
      average.copy_(now.at(name));
    }
  });
}

nn::TorchValue WeightAverage::StateDict() const {
  nn::TorchDict state;
  state.ordered = true;
  net_.Visit(
      [&](const std::string& name, const at::Tensor& tensor, nn::TensorRole) { state.Set(name, {tensor}); });
  return {std::move(state)};
}

void WeightAverage::LoadStateDict(const serialize::TorchFile& file, const serialize::PickleValue& state) {
  const at::NoGradGuard no_grad;
  net_.Visit([&](const std::string& name, const at::Tensor& average, nn::TensorRole) {
    const std::string what = "weight average: " + name;
    const at::Tensor value =
        nn::ReadTensor(file, serialize::Member(state, name, file.source() + ": weight average"), what);
    VANTAGE_CHECK(value.sizes() == average.sizes(), file.source(), ": ", what,
                  " has another shape than the network's");
    average.copy_(value);
  });
}

}  // namespace vantage::train

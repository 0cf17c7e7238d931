// SPDX-License-Identifier: BSD-3-Clause
#include "nn/heads/random_weights.h"

#include <ATen/ops/empty.h>

#include <cmath>

#include "util/random.h"

namespace vantage::nn {
namespace {

template <typename Draw>
at::Tensor Drawn(const std::string& name, const at::Tensor& like, uint64_t seed, const Draw& draw) {
  RandomStream random(seed, name);
  at::Tensor values = at::empty(like.sizes(), at::kFloat);
  for (float *value = values.mutable_data_ptr<float>(), *end = value + values.numel(); value != end; ++value)
    *value = static_cast<float>(draw(random));
  return values.to(like.options());
}

}  // namespace

at::Tensor UniformWeights(const std::string& name, const at::Tensor& like, uint64_t seed) {
  const double fan_in = static_cast<double>(like.numel()) / static_cast<double>(like.size(0));
  const double bound = 1 / std::sqrt(fan_in);
  return Drawn(name, like, seed, [bound](RandomStream& random) { return random.Uniform(-bound, bound); });
}

at::Tensor NormalWeights(const std::string& name, const at::Tensor& like, uint64_t seed) {
  return Drawn(name, like, seed, [](RandomStream& random) { return random.Normal(); });
}

}  // namespace vantage::nn

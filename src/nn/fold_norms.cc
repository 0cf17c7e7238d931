// SPDX-License-Identifier: BSD-3-Clause
#include "nn/fold_norms.h"

#include "nn/trunk.h"

namespace vantage::nn {
namespace {

// Calls use(layer) for each layer and each layer inside of one that is also a Kind.
template <typename Kind>
void ForEachOf(Trunk& trunk, const std::function<void(Kind&)>& use) {
  const std::function<void(Layer&)> visit = [&](Layer& layer) {
    if (auto* kind = dynamic_cast<Kind*>(&layer)) use(*kind);
    layer.ForEachChild(visit);
  };
  trunk.ForEachLayer(visit);
}

}  // namespace

void ForEachNorm(Trunk& trunk, const std::function<void(BatchNorm&)>& visit) {
  ForEachOf<NormedLayer>(trunk, [&](NormedLayer& layer) {
    if (layer.norm() != nullptr) visit(*layer.norm());
  });
}

void FoldNorms(Trunk& trunk) {
  ForEachOf<NormedLayer>(trunk, [](NormedLayer& layer) {
    const BatchNorm* norm = layer.norm();
    if (norm != nullptr && layer.norm_follows_weights() && !norm->uses_batch_statistics()) layer.FoldNorm();
  });
}

void Freeze(Trunk& trunk, at::ScalarType type) {
  ForEachOf<NormedLayer>(trunk, [](NormedLayer& layer) {
    if (layer.norm() != nullptr) layer.FoldNorm();
  });
  ForEachOf<FoldableLayer>(trunk, [](FoldableLayer& layer) { layer.Fold(); });
  trunk.Replace([&](const std::string& name, at::Tensor& tensor, TensorRole) {
    if (tensor.is_floating_point() && !trunk.ComputesInFloat32(name)) tensor = tensor.to(type);
  });
  ForEachOf<FreezableLayer>(trunk, [](FreezableLayer& layer) { layer.Freeze(); });
}

}  // namespace vantage::nn

// SPDX-License-Identifier: BSD-3-Clause
#include "nn/fold_norms.h"

#include <ATen/core/grad_mode.h>

#include <vector>

#include "nn/intra_op_threads.h"
#include "nn/trunk.h"
#include "util/cpu.h"
#include "util/index.h"
#include "util/parallel.h"

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

// As ForEachOf, for several layers at a time, the last ones first: they are the largest.
template <typename Kind>
void InParallel(Trunk& trunk, const std::function<void(Kind&)>& use) {
  std::vector<Kind*> layers;
  ForEachOf<Kind>(trunk, [&](Kind& layer) { layers.push_back(&layer); });
  const bool has_gradients = at::GradMode::is_enabled();
  const IntraOpThreads one_thread(1);
  ParallelFor(std::ssize(layers), UsableProcessors(), [&](int64_t i) {
    one_thread.Enter();
    const at::AutoGradMode mode(has_gradients);  // the threads' own
    use(*layers[layers.size() - 1 - ToIndex(i)]);
  });
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
  InParallel<NormedLayer>(trunk, [](NormedLayer& layer) {
    if (layer.norm() != nullptr) layer.FoldNorm();
  });
  ForEachOf<FoldableLayer>(trunk, [](FoldableLayer& layer) { layer.Fold(); });
  trunk.Replace([&](const std::string& name, at::Tensor& tensor, TensorRole) {
    if (tensor.is_floating_point() && !trunk.ComputesInFloat32(name)) tensor = tensor.to(type);
  });
  InParallel<FreezableLayer>(trunk, [](FreezableLayer& layer) { layer.Freeze(); });
}

}  // namespace vantage::nn

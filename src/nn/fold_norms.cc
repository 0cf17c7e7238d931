// SPDX-License-Identifier: BSD-3-Clause
#include "nn/fold_norms.h"

#include <ATen/core/grad_mode.h>

#include <span>
#include <vector>

#include "nn/intra_op_threads.h"
#include "nn/trunk.h"
#include "util/cpu.h"
#include "util/index.h"
#include "util/parallel.h"

namespace vantage::nn {
namespace {

// The trunk's layers: the stem, each stage, and what follows the last one.
std::vector<Layer*> LayersOf(Trunk& trunk) {
  std::vector<Layer*> layers;
  trunk.ForEachLayer([&](Layer& layer) { layers.push_back(&layer); });
  return layers;
}

// Calls use(layer) for each layer and each layer inside of one that is also a Kind.
template <typename Kind>
void ForEachOf(std::span<Layer* const> layers, const std::function<void(Kind&)>& use) {
  const std::function<void(Layer&)> visit = [&](Layer& layer) {
    if (auto* kind = dynamic_cast<Kind*>(&layer)) use(*kind);
    layer.ForEachChild(visit);
  };
  for (Layer* layer : layers) visit(*layer);
}

// As ForEachOf, for several layers at a time, the last ones first: they are the largest.
template <typename Kind>
void InParallel(std::span<Layer* const> layers, const std::function<void(Kind&)>& use) {
  std::vector<Kind*> kinds;
  ForEachOf<Kind>(layers, [&](Kind& layer) { kinds.push_back(&layer); });
  const bool has_gradients = at::GradMode::is_enabled();
  const IntraOpThreads one_thread(1);
  ParallelFor(std::ssize(kinds), UsableProcessors(), [&](int64_t i) {
    one_thread.Enter();
    const at::AutoGradMode mode(has_gradients);  // the threads' own
    use(*kinds[kinds.size() - 1 - ToIndex(i)]);
  });
}

void FreezeLayers(const Trunk& trunk, std::span<Layer* const> layers, at::ScalarType type) {
  InParallel<NormedLayer>(layers, [](NormedLayer& layer) {
    if (layer.norm() != nullptr) layer.FoldNorm();
  });
  ForEachOf<FoldableLayer>(layers, [](FoldableLayer& layer) { layer.Fold(); });
  for (Layer* layer : layers) {
    layer->Replace([&](const std::string& name, at::Tensor& tensor, TensorRole) {
      if (tensor.is_floating_point() && !trunk.ComputesInFloat32(name)) tensor = tensor.to(type);
    });
  }
  InParallel<FreezableLayer>(layers, [](FreezableLayer& layer) { layer.Freeze(); });
}

}  // namespace

void ForEachNorm(Trunk& trunk, const std::function<void(BatchNorm&)>& visit) {
  ForEachOf<NormedLayer>(LayersOf(trunk), [&](NormedLayer& layer) {
    if (layer.norm() != nullptr) visit(*layer.norm());
  });
}

void FoldForTraining(Trunk& trunk) {
  const std::vector<Layer*> layers = LayersOf(trunk);
  ForEachOf<NormedLayer>(layers, [](NormedLayer& layer) {
    const BatchNorm* norm = layer.norm();
    if (norm != nullptr && layer.norm_follows_weights() && !norm->uses_batch_statistics()) layer.FoldNorm();
  });
  ForEachOf<FoldableLayer>(layers, [](FoldableLayer& layer) { layer.Fold(); });
}

void Freeze(Trunk& trunk, at::ScalarType type) { FreezeLayers(trunk, LayersOf(trunk), type); }

void FreezeFirstStages(Trunk& trunk, int stages, at::ScalarType type) {
  if (stages == 0) return;
  const std::vector<Layer*> layers = LayersOf(trunk);
  FreezeLayers(trunk, std::span(layers).first(ToIndex(stages) + 1), type);
  trunk.MarkFrozen(stages);
}

}  // namespace vantage::nn

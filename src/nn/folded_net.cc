// SPDX-License-Identifier: BSD-3-Clause
#include "nn/folded_net.h"

#include <ATen/core/grad_mode.h>
#include <torch/csrc/autograd/autograd.h>

#include "nn/fold_norms.h"
#include "util/check.h"

namespace vantage::nn {
namespace {

DescriptorNet Fold(const DescriptorNet& net) {
  const at::AutoGradMode with_graph(true);
  DescriptorNet folded = net.Twin();
  FoldForTraining(folded.trunk());
  return folded;
}

}  // namespace

FoldedNet::FoldedNet(const DescriptorNet& net) : net_(Fold(net)) {
  net_.Replace([&](const std::string&, at::Tensor& tensor, TensorRole role) {
    const at::Tensor folded = tensor;
    // Channels last, as the passes are: convolutions then need no copy of another layout.
    tensor = folded.dim() == 4 ? folded.detach().contiguous(at::MemoryFormat::ChannelsLast) : folded.detach();
    if (role == TensorRole::kBuffer || !folded.requires_grad()) return;
    tensor.requires_grad_(true);
    folded_.push_back(folded);
    leaves_.push_back(tensor);
  });
  const at::NoGradGuard no_grad;
  FreezeFirstStages(net_.trunk(), net_.trunk().FrozenStages(), TypeOf(net_.precision()));
}

std::vector<at::Tensor> FoldedNet::GradientsBy(std::span<const at::Tensor> parameters,
                                               const std::vector<at::Tensor>& by_leaf) const {
  if (by_leaf.empty()) return std::vector<at::Tensor>(parameters.size());
  VANTAGE_CHECK(by_leaf.size() == leaves_.size(), "gradients by ", by_leaf.size(), " tensors, not ",
                leaves_.size());
  std::vector<at::Tensor> outputs;
  std::vector<at::Tensor> gradients;
  for (size_t i = 0; i < leaves_.size(); ++i) {
    if (!by_leaf[i].defined()) continue;
    outputs.push_back(folded_[i]);
    gradients.push_back(by_leaf[i]);
  }
  if (outputs.empty()) return std::vector<at::Tensor>(parameters.size());
  return torch::autograd::grad(outputs, {parameters.begin(), parameters.end()}, gradients,
                               /*retain_graph=*/false, /*create_graph=*/false, /*allow_unused=*/true);
}

}  // namespace vantage::nn

// SPDX-License-Identifier: BSD-3-Clause
#include "nn/frozen_net.h"

#include <ATen/core/grad_mode.h>

#include <set>

#include "nn/fold_norms.h"
#include "nn/intra_op_threads.h"

namespace vantage::nn {
namespace {

Network FrozenTwin(const DescriptorNet& net, Precision precision) {
  const at::NoGradGuard no_grad;
  // LibTorch's threads would share copies of a few kilobytes, and spin until the next one.
  const IntraOpThreads one_thread(1);
  one_thread.Enter();
  DescriptorNet twin = net.Twin();
  Freeze(twin.trunk(), TypeOf(precision));
  twin.ComputeTrunkIn(precision);
  // Folding makes tensors of its own of most; copying all before would cost as much as reading them.
  std::set<const void*> of_net;
  net.Visit([&](const std::string&, const at::Tensor& tensor, TensorRole) {
    of_net.insert(tensor.storage().data());
  });
  twin.Replace([&](const std::string&, at::Tensor& tensor, TensorRole) {
    if (of_net.contains(tensor.storage().data())) tensor = tensor.detach().clone();
  });
  return twin;
}

}  // namespace

FrozenNet::FrozenNet(const DescriptorNet& net, Precision precision) : Network(FrozenTwin(net, precision)) {
  statistics_momentum_.reset();
}

}  // namespace vantage::nn

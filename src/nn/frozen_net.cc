// SPDX-License-Identifier: BSD-3-Clause
#include "nn/frozen_net.h"

#include <ATen/core/grad_mode.h>

#include <set>
#include <utility>

#include "nn/fold_norms.h"
#include "nn/intra_op_threads.h"

namespace vantage::nn {
namespace {

// Freezes a network that shares its layers with no other. Tensors that need no change stay shared.
Network Frozen(DescriptorNet net, Precision precision) {
  const at::NoGradGuard no_grad;
  // LibTorch's threads would share copies of a few kilobytes, and spin until the next one.
  const IntraOpThreads one_thread(1);
  one_thread.Enter();
  Freeze(net.trunk(), TypeOf(precision));
  net.ComputeTrunkIn(precision);
  return net;
}

// Copies the tensors that `frozen` still shares with the network. Freezing makes tensors of its own of most:
// copying all before would cost as much as reading them.
void CopyShared(const DescriptorNet& net, Network& frozen) {
  const at::NoGradGuard no_grad;
  const IntraOpThreads one_thread(1);  // as above
  one_thread.Enter();
  std::set<const void*> of_net;
  net.Visit([&](const std::string&, const at::Tensor& tensor, TensorRole) {
    of_net.insert(tensor.storage().data());
  });
  frozen.Replace([&](const std::string&, at::Tensor& tensor, TensorRole) {
    if (of_net.contains(tensor.storage().data())) tensor = tensor.detach().clone();
  });
}

// The network with layers of its own: copies of `net` keep theirs.
DescriptorNet TwinInPlaceOf(DescriptorNet&& net) {
  const DescriptorNet released = std::move(net);
  return released.Twin();
}

}  // namespace

FrozenNet::FrozenNet(const DescriptorNet& net, Precision precision) : Network(Frozen(net.Twin(), precision)) {
  CopyShared(net, *this);
  statistics_momentum_.reset();
}

FrozenNet::FrozenNet(DescriptorNet&& net, Precision precision)
    : Network(Frozen(TwinInPlaceOf(std::move(net)), precision)) {
  statistics_momentum_.reset();
}

}  // namespace vantage::nn

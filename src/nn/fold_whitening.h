// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "nn/descriptor_net.h"
#include "vantage/whitening.h"

namespace vantage::nn {

// The network with the whitening as its last linear layer, of weight P and bias -P m, so that its descriptors
// are the whitened ones of `net` (TPAMI 2019, section 3.4). Only for a whitening that was learned at one
// scale: the layer comes before scales are averaged. Tensors are copied.
//
// Throws as CheckTakesWhitening, and Error where the dimensions do not fit.
DescriptorNet FoldWhitening(const DescriptorNet& net, const Whitening& whitening);

// Throws UsageError where a network of this kind ends in a linear layer already: what is scaled to unit
// length between two layers makes no one layer.
void CheckTakesWhitening(const DescriptorNetOptions& options);

}  // namespace vantage::nn

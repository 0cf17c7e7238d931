// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "nn/descriptor_net.h"
#include "vantage/whitening.h"

namespace vantage::nn {

// Returns a copy of `net` with the whitening as its last linear layer, of weight P and bias -P m. Its
// descriptors are the whitened descriptors of `net` (TPAMI 2019, section 3.4). Correct only for a whitening
// that was learned at one scale, because the layer is applied before scales are averaged. Tensors are copied.
//
// Throws under the same conditions as CheckTakesWhitening, and Error if the dimensions do not fit.
DescriptorNet FoldWhitening(const DescriptorNet& net, const Whitening& whitening);

// Throws UsageError if no linear layer can be added to such a network. Most often it already ends in one: two
// linear layers with a normalisation between them cannot be merged.
void CheckTakesWhitening(const DescriptorNetOptions& options);

}  // namespace vantage::nn

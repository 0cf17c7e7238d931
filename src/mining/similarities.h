// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "vantage/descriptors.h"

namespace vantage::mining {

// a b^T, for A x D and B x D, computed by LibTorch's BLAS library with the number of threads set by
// IntraOpThreads. `product` is resized to A x B; it keeps its memory if it already has that size.
void Similarities(const Eigen::Ref<const DescriptorMatrix>& a, const Eigen::Ref<const DescriptorMatrix>& b,
                  DescriptorMatrix& product);

}  // namespace vantage::mining

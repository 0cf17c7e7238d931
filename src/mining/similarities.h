// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "vantage/descriptors.h"

namespace vantage::mining {

// a b^T, of A x D and B x D, by LibTorch's BLAS library, which takes the number of threads that
// IntraOpThreads says. `product` is made A x B; its memory is taken again where it fits.
void Similarities(const Eigen::Ref<const DescriptorMatrix>& a, const Eigen::Ref<const DescriptorMatrix>& b,
                  DescriptorMatrix& product);

}  // namespace vantage::mining

// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <vector>

#include "search/stages/stages.h"

namespace vantage::search {

// Re-ranks the first `top` of each ranking; the others follow unchanged. With the descriptors x_i of the
// first `top`, the `neighbors` nearest N(i) of i among them, and a_ij = beta max(0, <x_i, x_j>):
//   x'_i = (x_i + sum_N(i) a_ij x_j) / (1 + sum_N(i) a_ij)
//   s_i  = <q, x'_i>
//   q'   = the elementwise maximum of the neighbors + 1 x'_i with the largest s_i
// The new score is (s_i + <q', x'_i>) / 2. Equal scores keep their order. queries: Q x D, rows of unit
// length, one for each ranking. Differs from SuperGlobal's code: negative similarities have weight 0, so that
// the denominator stays positive.
std::vector<std::vector<Neighbor>> RerankBySuperGlobal(std::vector<std::vector<Neighbor>> rankings,
                                                       const Eigen::Ref<const DescriptorMatrix>& queries,
                                                       const RowReader& rows,
                                                       const SuperGlobalOptions& options,
                                                       const RunContext& context = {});

}  // namespace vantage::search

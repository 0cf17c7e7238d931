// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <vector>

#include "search/stages/stages.h"

namespace vantage::search {

// Ranks the first `top` of each ranking again; the others stay behind them as they are. With x_i the
// descriptors of the first and N(i) the `neighbors` nearest of i among them:
//   x'_i = (x_i + beta sum_N(i) <x_i, x_j> x_j) / (1 + beta sum_N(i) <x_i, x_j>)
//   s_i  = <q, x'_i>
//   q'   = the elementwise maximum of the neighbors + 1 x'_i with the largest s_i
// they are ranked by (s_i + <q', x'_i>) / 2, which becomes their score. queries: Q x D, rows of unit length,
// one for each ranking. Equal scores keep their order.
std::vector<std::vector<Neighbor>> RerankBySuperGlobal(std::vector<std::vector<Neighbor>> rankings,
                                                       const Eigen::Ref<const DescriptorMatrix>& queries,
                                                       const RowReader& rows,
                                                       const SuperGlobalOptions& options,
                                                       const RunContext& context = {});

}  // namespace vantage::search

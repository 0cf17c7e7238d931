// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <vector>

#include "vantage/config/options_description.h"
#include "vantage/search/expansion.h"
#include "vantage/search/knn.h"

namespace vantage {

// SuperGlobal's re-ranking by descriptors that are refined among what was found (Shao et al., "Global
// Features are All You Need for Image Retrieval and Reranking", ICCV 2023, section 3.3), as its code has it.
struct SuperGlobalOptions {
  // The first so many of each ranking are ranked again; 0: none. At least 0; the paper: 400.
  int64_t count = 0;
  // Each is averaged with so many of its nearest among them, and as many and one give the query's second
  // descriptor. At least 0; the paper: 9.
  int64_t neighbors = 9;
  // Weight of these nearest, times their similarity. [0, 1]; the paper: 0.15.
  double beta = 0.15;
};
void Declare(OptionsDescription& description, SuperGlobalOptions& options);

// Ranks the first `count` of each ranking again; the others stay behind them as they are. With x_i the
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

}  // namespace vantage

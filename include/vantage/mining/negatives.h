// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "vantage/descriptors/descriptors.h"
#include "vantage/training_set/training_set.h"
#include "vantage/util/run_context.h"

namespace vantage {

// Which non-matching photos become negatives (TPAMI 2019, section 4.3).
enum class NegativeVariant {
  kN1,  // the nearest of other scenes, any number of a scene
  kN2,  // at most one of a scene
};
NegativeVariant ParseNegativeVariant(const std::string& name);

struct MinedNegatives {
  // For each query: rows of the pool, nearest first; fewer than asked for where the pool has no more.
  std::vector<std::vector<int64_t>> rows;
  // Beside each row: ||q - n + 1e-6||, in [0, 2] for rows of unit length.
  std::vector<std::vector<double>> distances;
  // Their mean over all, as cirtorch reports it; NaN where there are none.
  double average_distance = 0;
};

// The `count` nearest pool photos of other scenes for each query, exactly as cirtorch picks them; equal
// similarities by pool row. queries: Q x D, pool: N x D, rows of unit length; the scenes are those of the
// rows. A row of the pool that is not finite is never picked, and such a query gets nothing. Blocks of
// queries are compared with the pool side by side; beside the descriptors each thread takes some MiB. The
// picks do not depend on the number of threads. Reports the queries that are done, one thread at a time.
// Throws Error where sizes differ; Interrupted.
MinedNegatives MineNegatives(const Eigen::Ref<const DescriptorMatrix>& queries,
                             const std::vector<SceneId>& query_scenes,
                             const Eigen::Ref<const DescriptorMatrix>& pool,
                             const std::vector<SceneId>& pool_scenes, int count, NegativeVariant variant,
                             const RunContext& context = {});

}  // namespace vantage

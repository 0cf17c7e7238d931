// SPDX-License-Identifier: BSD-3-Clause
#include "vantage/search.h"

#include <algorithm>

#include "search/neighbor_heap.h"
#include "util/check.h"
#include "util/index.h"
#include "util/parallel.h"

namespace vantage {
namespace {

// Similarities in memory at a time: 32 MiB.
constexpr int64_t kKnnBlockElements = int64_t{1} << 23;
constexpr int64_t kKnnQueriesPerBlock = 256;

}  // namespace

std::vector<std::vector<Neighbor>> NearestNeighbors(const Eigen::Ref<const DescriptorMatrix>& queries,
                                                    const Eigen::Ref<const DescriptorMatrix>& database,
                                                    int64_t k, const RunContext& context) {
  VANTAGE_CHECK(queries.cols() == database.cols(), "search: queries of ", queries.cols(),
                " dimensions in a database of ", database.cols());
  std::vector<std::vector<Neighbor>> neighbors(ToIndex(queries.rows()));
  const auto kept = ToIndex(std::clamp<int64_t>(k, 0, database.rows()));
  if (kept == 0) return neighbors;
  DescriptorMatrix similarities;
  for (int64_t first_query = 0; first_query < queries.rows(); first_query += kKnnQueriesPerBlock) {
    const int64_t query_count = std::min(kKnnQueriesPerBlock, queries.rows() - first_query);
    const int64_t block = std::max<int64_t>(1, kKnnBlockElements / query_count);
    for (int64_t first = 0; first < database.rows(); first += block) {
      context.CheckCancelled();
      const int64_t count = std::min(block, database.rows() - first);
      similarities.noalias() =
          queries.middleRows(first_query, query_count) * database.middleRows(first, count).transpose();
      ParallelFor(query_count, context.ThreadCount(), [&](int64_t q) {
        std::vector<Neighbor>& heap = neighbors[ToIndex(first_query + q)];
        search::OfferAll(heap, kept, first, similarities.row(q).data(), count);
      });
    }
  }
  for (std::vector<Neighbor>& heap : neighbors) std::sort_heap(heap.begin(), heap.end(), search::Better);
  return neighbors;
}

}  // namespace vantage

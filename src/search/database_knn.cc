// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>

#include "search/neighbor_heap.h"
#include "search/similarity_blocks.h"
#include "util/check.h"
#include "util/index.h"
#include "util/parallel.h"
#include "vantage/search.h"

namespace vantage {
namespace {

constexpr int64_t kBlockValues = int64_t{1} << 22;  // values of the database: 16 MiB as float32
constexpr int64_t kMostRows = int64_t{1} << 14;
constexpr int64_t kQueriesPerBlock = 1024;

}  // namespace

void search::ForEachSimilarityBlock(const Eigen::Ref<const DescriptorMatrix>& queries,
                                    const DescriptorDatabase& database, const RunContext& context,
                                    const std::function<void(const search::SimilarityBlock&)>& visit) {
  VANTAGE_CHECK(queries.rows() == 0 || database.size() == 0 || queries.cols() == database.dimension(),
                database.path().string(), ": queries of ", queries.cols(), " dimensions in a database of ",
                database.dimension());
  if (queries.rows() == 0 || database.size() == 0) return;
  const int64_t block_rows = std::clamp<int64_t>(kBlockValues / std::max<int64_t>(1, database.dimension()), 1,
                                                 std::min(kMostRows, database.size()));
  const int64_t blocks = (database.size() + block_rows - 1) / block_rows;
  OrderedPrefetch<DescriptorMatrix> read_ahead(blocks, 2, 3, [&](int64_t block) {
    const int64_t first = block * block_rows;
    return database.Read(first, std::min(block_rows, database.size() - first));
  });
  const bool look_at_lengths = database.ClaimLengths();
  UnusualLengths lengths;
  search::SimilarityBlock similarities;
  for (int64_t block = 0; block < blocks; ++block) {
    context.CheckCancelled();
    context.Report({"searching", block * block_rows, database.size(), ""});
    const DescriptorMatrix rows = *read_ahead.Next();
    if (look_at_lengths) lengths.Add(rows);
    similarities.first_row = block * block_rows;
    for (int64_t first = 0; first < queries.rows(); first += kQueriesPerBlock) {
      similarities.first_query = first;
      similarities.values.noalias() =
          queries.middleRows(first, std::min(kQueriesPerBlock, queries.rows() - first)) * rows.transpose();
      visit(similarities);
    }
  }
  lengths.Warn(database.path().string());
}

std::vector<std::vector<Neighbor>> NearestNeighbors(const Eigen::Ref<const DescriptorMatrix>& queries,
                                                    const DescriptorDatabase& database, int64_t k,
                                                    const RunContext& context) {
  std::vector<std::vector<Neighbor>> neighbors(ToIndex(queries.rows()));
  const auto kept = ToIndex(std::clamp<int64_t>(k, 0, database.size()));
  search::ForEachSimilarityBlock(queries, database, context, [&](const search::SimilarityBlock& block) {
    ParallelFor(block.values.rows(), context.ThreadCount(), [&](int64_t i) {
      search::OfferAll(neighbors[ToIndex(block.first_query + i)], kept, block.first_row,
                       block.values.row(i).data(), block.values.cols());
    });
  });
  for (std::vector<Neighbor>& heap : neighbors) std::sort_heap(heap.begin(), heap.end(), search::Better);
  return neighbors;
}

}  // namespace vantage

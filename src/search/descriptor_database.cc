// SPDX-License-Identifier: BSD-3-Clause
#include "vantage/search/descriptor_database.h"

#include <algorithm>
#include <cmath>

#include "search/descriptor_reader.h"
#include "search/neighbor_heap.h"
#include "vantage/util/error.h"
#include "vantage/util/parallel.h"

namespace vantage {
namespace {

constexpr int64_t kBlockValues = int64_t{1} << 22;  // of the database: 16 MiB as float32
constexpr int64_t kMostRows = int64_t{1} << 14;
constexpr int64_t kQueriesPerBlock = 1024;

}  // namespace

DescriptorDatabase::DescriptorDatabase(const std::filesystem::path& path) : reader_(OpenDescriptors(path)) {}
DescriptorDatabase::~DescriptorDatabase() = default;
DescriptorDatabase::DescriptorDatabase(DescriptorDatabase&&) noexcept = default;

const std::filesystem::path& DescriptorDatabase::path() const { return reader_->path(); }
const std::vector<std::string>& DescriptorDatabase::names() const {
  return reader_->facts().descriptors.names;
}
const DescriptorProvenance& DescriptorDatabase::provenance() const { return reader_->facts().provenance; }
int64_t DescriptorDatabase::size() const { return reader_->rows(); }
bool DescriptorDatabase::ClaimLengths() const { return reader_->ClaimLengths(); }
int64_t DescriptorDatabase::dimension() const { return reader_->dimension(); }

DescriptorMatrix DescriptorDatabase::Read(int64_t first, int64_t count) const {
  VANTAGE_CHECK(first >= 0 && count >= 0 && first + count <= size(), path().string(), ": rows ", first,
                " to ", first + count, " of ", size());
  DescriptorMatrix values = reader_->Read(first, count);
  // A sum is finite where all its terms are, but for overflow.
  if (!std::isfinite(values.sum())) {
    for (int64_t i = 0; i < count; ++i) {
      VANTAGE_CHECK(values.row(i).allFinite(), path().string(), ": row ", first + i,
                    " holds a value that is not finite ('", names()[static_cast<size_t>(first + i)], "')");
    }
  }
  return values;
}

DescriptorMatrix DescriptorDatabase::ReadRows(const std::vector<int64_t>& rows) const {
  DescriptorMatrix values(static_cast<Eigen::Index>(rows.size()), dimension());
  for (size_t i = 0; i < rows.size(); ++i) values.row(static_cast<Eigen::Index>(i)) = Read(rows[i], 1);
  return values;
}

void ForEachSimilarityBlock(const Eigen::Ref<const DescriptorMatrix>& queries,
                            const DescriptorDatabase& database, const RunContext& context,
                            const std::function<void(const SimilarityBlock&)>& visit) {
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
  int64_t not_unit = 0;
  SimilarityBlock similarities;
  for (int64_t block = 0; block < blocks; ++block) {
    context.CheckCancelled();
    context.Report({"searching", block * block_rows, database.size(), ""});
    const DescriptorMatrix rows = *read_ahead.Next();
    if (look_at_lengths) not_unit += CountNotUnitLength(rows);
    similarities.first_row = block * block_rows;
    for (int64_t first = 0; first < queries.rows(); first += kQueriesPerBlock) {
      similarities.first_query = first;
      similarities.values.noalias() =
          queries.middleRows(first, std::min(kQueriesPerBlock, queries.rows() - first)) * rows.transpose();
      visit(similarities);
    }
  }
  WarnOfLengths(not_unit, database.size(), database.path().string());
}

std::vector<std::vector<Neighbor>> NearestNeighbors(const Eigen::Ref<const DescriptorMatrix>& queries,
                                                    const DescriptorDatabase& database, int64_t k,
                                                    const RunContext& context) {
  std::vector<std::vector<Neighbor>> neighbors(static_cast<size_t>(queries.rows()));
  const auto kept = static_cast<size_t>(std::clamp<int64_t>(k, 0, database.size()));
  ForEachSimilarityBlock(queries, database, context, [&](const SimilarityBlock& block) {
    ParallelFor(block.values.rows(), context.ThreadCount(), [&](int64_t i) {
      OfferAll(neighbors[static_cast<size_t>(block.first_query + i)], kept, block.first_row,
               block.values.row(i).data(), block.values.cols());
    });
  });
  for (std::vector<Neighbor>& heap : neighbors) std::sort_heap(heap.begin(), heap.end(), Better);
  return neighbors;
}

}  // namespace vantage

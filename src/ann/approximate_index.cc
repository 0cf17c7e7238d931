// SPDX-License-Identifier: BSD-3-Clause
#include "vantage/index.h"

#include <faiss/impl/FaissException.h>

#include <algorithm>

#include "ann/state.h"
#include "search/neighbor_heap.h"
#include "util/check.h"
#include "util/index.h"
#include "util/parallel.h"
#include "util/rethrow.h"
#include "util/string.h"

namespace vantage {
namespace {

constexpr int64_t kQueriesPerBlock = 256;

// Replaces scores that were computed from codes by exact inner products. Rows are read in increasing order.
void Rescore(const Eigen::Ref<const Eigen::RowVectorXf>& query, const DescriptorDatabase& database,
             std::vector<Neighbor>& found) {
  std::sort(found.begin(), found.end(),
            [](const Neighbor& a, const Neighbor& b) { return a.index < b.index; });
  for (Neighbor& neighbor : found) neighbor.score = database.Read(neighbor.index, 1).row(0).dot(query);
}

}  // namespace

ApproximateIndex::ApproximateIndex(std::unique_ptr<State> state) : state_(std::move(state)) {}
ApproximateIndex::~ApproximateIndex() = default;
ApproximateIndex::ApproximateIndex(ApproximateIndex&&) noexcept = default;

int64_t ApproximateIndex::size() const { return state_->index->ntotal; }
int64_t ApproximateIndex::dimension() const { return state_->index->d; }
const IndexChoice& ApproximateIndex::options() const { return state_->options; }

void ApproximateIndex::SearchAs(const IndexChoice& options) {
  const ann::IndexRow& row = ann::RowOf(options);
  CheckOptions(options);
  if (options.kind() != state_->options.kind())
    throw UsageError(StrCat("the index is of the kind ", state_->options.kind(), ", not ", options.kind()));
  state_->type = row.make(options);
}

std::vector<std::vector<Neighbor>> ApproximateIndex::Query(const Eigen::Ref<const DescriptorMatrix>& queries,
                                                           const DescriptorDatabase& database, int64_t k,
                                                           const RunContext& context) const try {
  VANTAGE_CHECK(database.size() == size() && database.dimension() == dimension(), database.path().string(),
                ": is not what the index was built from (", size(), " photos of ", dimension(),
                " dimensions)");
  VANTAGE_CHECK(queries.rows() == 0 || queries.cols() == dimension(), database.path().string(),
                ": queries of ", queries.cols(), " dimensions in an index of ", dimension());
  VANTAGE_CHECK(queries.allFinite(), "search: a query holds a value that is not finite");
  std::vector<std::vector<Neighbor>> results(ToIndex(queries.rows()));
  const int64_t kept = std::clamp<int64_t>(k, 0, size());
  if (kept == 0) return results;
  const int64_t refine = state_->type->Refine();
  const bool rescored = refine > 0;
  const int64_t asked = std::min(size(), std::max(kept, refine * kept));
  const auto parameters = state_->type->Parameters();
  const FaissThreads threads(context.ThreadCount());
  for (int64_t first = 0; first < queries.rows(); first += kQueriesPerBlock) {
    context.CheckCancelled();
    context.Report({"searching the index", first, queries.rows(), ""});
    const DescriptorMatrix block =
        queries.middleRows(first, std::min(kQueriesPerBlock, queries.rows() - first));
    std::vector<float> scores(ToIndex(block.rows() * asked));
    std::vector<faiss::Index::idx_t> labels(scores.size());
    try {
      state_->index->search(block.rows(), block.data(), asked, scores.data(), labels.data(),
                            parameters.get());
    } catch (const faiss::FaissException& error) {
      throw Error(StrCat("the index cannot be searched: ", error.what()));
    }
    ParallelFor(block.rows(), context.ThreadCount(), [&](int64_t q) {
      std::vector<Neighbor>& found = results[ToIndex(first + q)];
      for (auto i = ToIndex(q * asked); i < ToIndex((q + 1) * asked); ++i) {
        if (labels[i] >= 0) found.push_back({labels[i], scores[i]});  // -1: the index found fewer
      }
      if (rescored) Rescore(block.row(q), database, found);
      std::sort(found.begin(), found.end(), search::Better);
      found.resize(std::min(found.size(), ToIndex(kept)));
    });
  }
  return results;
} catch (...) {
  RethrowAsError();
}

}  // namespace vantage

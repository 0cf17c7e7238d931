// SPDX-License-Identifier: BSD-3-Clause
#include "vantage/index.h"

#include <faiss/IndexHNSW.h>
#include <faiss/IndexIVF.h>

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

// What FAISS takes beside the queries; null where the kind has nothing to set.
std::unique_ptr<faiss::SearchParameters> Parameters(const std::string& kind,
                                                    const ApproximateSearchOptions& options) {
  if (kind == "hnsw") {
    auto parameters = std::make_unique<faiss::SearchParametersHNSW>();
    parameters->efSearch = static_cast<int>(options.ef_search);
    return parameters;
  }
  if (kind == "flat") return nullptr;
  auto parameters = std::make_unique<faiss::SearchParametersIVF>();
  parameters->nprobe = ToIndex(options.nprobe);
  return parameters;
}

// Inner products of the query with the found rows instead of what their codes gave.
void Rescore(const Eigen::Ref<const Eigen::RowVectorXf>& query, const DescriptorDatabase& database,
             std::vector<Neighbor>& found) {
  std::sort(found.begin(), found.end(),
            [](const Neighbor& a, const Neighbor& b) { return a.index < b.index; });
  for (Neighbor& neighbor : found) neighbor.score = database.Read(neighbor.index, 1).row(0).dot(query);
}

}  // namespace

void Declare(OptionsDescription& description, ApproximateSearchOptions& options) {
  description.Add("nprobe", options.nprobe, "ivf-flat, ivf-pq: clusters that a query is compared with")
      .AtLeast(1)
      .Flag("nprobe");
  description.Add("ef_search", options.ef_search, "hnsw: candidates that a query keeps, or k")
      .Range(1, 1e9)
      .Flag("ef_search");
  description
      .Add("refine", options.refine,
           "ivf-pq: compare so many times k of what the codes find exactly; 0: none")
      .Range(0, 1e6)
      .Flag("refine");
}

ApproximateIndex::ApproximateIndex(std::unique_ptr<State> state) : state_(std::move(state)) {}
ApproximateIndex::~ApproximateIndex() = default;
ApproximateIndex::ApproximateIndex(ApproximateIndex&&) noexcept = default;

int64_t ApproximateIndex::size() const { return state_->index->ntotal; }
int64_t ApproximateIndex::dimension() const { return state_->index->d; }
const ApproximateIndexOptions& ApproximateIndex::options() const { return state_->options; }

std::vector<std::vector<Neighbor>> ApproximateIndex::Query(const Eigen::Ref<const DescriptorMatrix>& queries,
                                                           const DescriptorDatabase& database, int64_t k,
                                                           const ApproximateSearchOptions& options,
                                                           const RunContext& context) const try {
  CheckOptions(options);
  VANTAGE_CHECK(database.size() == size() && database.dimension() == dimension(), database.path().string(),
                ": is not what the index was built from (", size(), " photos of ", dimension(),
                " dimensions)");
  VANTAGE_CHECK(queries.rows() == 0 || queries.cols() == dimension(), database.path().string(),
                ": queries of ", queries.cols(), " dimensions in an index of ", dimension());
  VANTAGE_CHECK(queries.allFinite(), "search: a query holds a value that is not finite");
  std::vector<std::vector<Neighbor>> results(ToIndex(queries.rows()));
  const int64_t kept = std::clamp<int64_t>(k, 0, size());
  if (kept == 0) return results;
  const bool rescored = state_->options.kind == "ivf-pq" && options.refine > 0;
  const int64_t asked = rescored ? std::min(size(), std::max(kept, options.refine * kept)) : kept;
  const auto parameters = Parameters(state_->options.kind, options);
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
        if (labels[i] >= 0) found.push_back({labels[i], scores[i]});  // -1: too few were met
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

// SPDX-License-Identifier: BSD-3-Clause
#include <faiss/Clustering.h>
#include <faiss/IndexFlat.h>
#include <faiss/IndexHNSW.h>
#include <faiss/IndexIVFFlat.h>
#include <faiss/IndexIVFPQ.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "ann/database_identity.h"
#include "ann/state.h"
#include "numerics/single_threaded_blas.h"
#include "util/check.h"
#include "util/index.h"
#include "util/parallel.h"
#include "util/random.h"
#include "util/rethrow.h"
#include "util/string.h"

namespace vantage {
namespace {

constexpr int64_t kFewestPerList = 39;  // FAISS warns below it
constexpr int64_t kCodes = 256;         // of a byte
constexpr int64_t kLargestPqM = 64;
constexpr int kClusteringRounds = 10;               // as IndexIVF has it
constexpr int64_t kBlockValues = int64_t{1} << 22;  // that are read at a time: 16 MiB
constexpr int64_t kMostPhotos = int64_t{1} << 31;   // that hnsw can count
constexpr faiss::MetricType kMetric = faiss::METRIC_INNER_PRODUCT;

bool HasLists(const std::string& kind) { return kind == "ivf-flat" || kind == "ivf-pq"; }

int64_t LargestDivisor(int64_t number, int64_t most) {
  int64_t divisor = std::max<int64_t>(1, std::min(number, most));
  while (number % divisor != 0) --divisor;
  return divisor;
}

std::unique_ptr<faiss::Index> MakeEmpty(const ApproximateIndexOptions& options, int64_t dimension) {
  const auto d = ToIndex(dimension);
  const auto nlist = ToIndex(options.nlist);
  if (options.kind == "flat") return std::make_unique<faiss::IndexFlatIP>(dimension);
  if (options.kind == "hnsw") {
    auto index = std::make_unique<faiss::IndexHNSWFlat>(static_cast<int>(dimension),
                                                        static_cast<int>(options.hnsw_m), kMetric);
    index->hnsw.efConstruction = static_cast<int>(options.ef_construction);
    return index;
  }
  auto quantizer = std::make_unique<faiss::IndexFlatIP>(dimension);
  std::unique_ptr<faiss::IndexIVF> index;
  if (options.kind == "ivf-flat") {
    index = std::make_unique<faiss::IndexIVFFlat>(quantizer.get(), d, nlist, kMetric);
  } else {
    auto coded =
        std::make_unique<faiss::IndexIVFPQ>(quantizer.get(), d, nlist, ToIndex(options.pq_m), 8, kMetric);
    coded->pq.cp.seed = static_cast<int>(options.seed & std::numeric_limits<int>::max());
    coded->pq.cp.min_points_per_centroid = 1;  // no warning on standard error
    index = std::move(coded);
  }
  index->own_fields = true;
  quantizer.release();
  return index;
}

// Rows drawn without repetition, in the order of the file.
DescriptorMatrix DrawRows(const DescriptorDatabase& database, int64_t count, int64_t seed) {
  RandomStream random(static_cast<uint64_t>(seed), "approximate index, training rows");
  std::vector<int64_t> rows = random.Sample(database.size(), count);
  std::sort(rows.begin(), rows.end());
  return database.ReadRows(rows);
}

// k-means a round at a time: FAISS begins each with the centres that the last one left.
void TrainLists(faiss::IndexIVF& index, const DescriptorMatrix& rows, int64_t seed,
                const RunContext& context) {
  faiss::ClusteringParameters parameters;
  parameters.niter = 1;
  parameters.spherical = true;
  parameters.seed = static_cast<int>(seed & std::numeric_limits<int>::max());
  parameters.min_points_per_centroid = 1;
  parameters.max_points_per_centroid = std::numeric_limits<int>::max();
  faiss::Clustering clustering(index.d, static_cast<int>(index.nlist), parameters);
  for (int round = 0; round < kClusteringRounds; ++round) {
    context.CheckCancelled();
    context.Report({"clustering", round, kClusteringRounds, ""});
    clustering.train(rows.rows(), rows.data(), *index.quantizer);
  }
  context.Report({"clustering", kClusteringRounds, kClusteringRounds, ""});
}

void Train(faiss::Index& index, const DescriptorDatabase& database, const ApproximateIndexOptions& options,
           const RunContext& context) {
  auto* lists = dynamic_cast<faiss::IndexIVF*>(&index);
  if (lists == nullptr) return;
  const DescriptorMatrix rows = DrawRows(database, options.training_rows, options.seed);
  TrainLists(*lists, rows, options.seed, context);
  context.CheckCancelled();
  context.Report({"learning codes", 0, 0, ""});
  // Codes are learned by very many small steps. Threads that wait for each other after each took minutes on
  // two busy cores for what one does in seconds.
  const FaissThreads one(1);
  const numerics::SingleThreadedBlas single;
  lists->train(rows.rows(), rows.data());  // what is left: the quantizer has its centres
}

void AddAll(faiss::Index& index, const DescriptorDatabase& database, const RunContext& context) {
  if (auto* flat = dynamic_cast<faiss::IndexFlat*>(&index)) {
    flat->codes.reserve(ToIndex(database.size()) * flat->code_size);
  }
  const int64_t block_rows = std::max<int64_t>(1, kBlockValues / std::max<int64_t>(1, database.dimension()));
  const int64_t blocks = (database.size() + block_rows - 1) / block_rows;
  OrderedPrefetch<DescriptorMatrix> read_ahead(blocks, 1, 2, [&](int64_t block) {
    const int64_t first = block * block_rows;
    return database.Read(first, std::min(block_rows, database.size() - first));
  });
  const bool look_at_lengths = database.ClaimLengths();
  int64_t not_unit = 0;
  for (int64_t block = 0; block < blocks; ++block) {
    context.CheckCancelled();
    context.Report({"indexing", block * block_rows, database.size(), ""});
    const DescriptorMatrix rows = *read_ahead.Next();
    if (look_at_lengths) not_unit += CountNotUnitLength(rows);
    index.add(rows.rows(), rows.data());
  }
  WarnOfLengths(not_unit, database.size(), database.path().string());
  context.Report({"indexing", database.size(), database.size(), ""});
}

}  // namespace

void Declare(OptionsDescription& description, ApproximateIndexOptions& options) {
  description
      .Add("kind", options.kind,
           "Search an index of FAISS, which finds most of the nearest: flat (all vectors, in memory), "
           "ivf-flat "
           "(only the clusters nearest to the query), ivf-pq (the same with vectors of pq_m bytes), hnsw (a "
           "graph of neighbours); none: compare with all")
      .OneOf({"none", "flat", "ivf-flat", "ivf-pq", "hnsw"})
      .Flag("index");
  description
      .Add("nlist", options.nlist, "ivf-flat, ivf-pq: clusters; 0: 4 sqrt(N), no fewer than 39 photos each")
      .AtLeast(0)
      .Flag("nlist");
  description
      .Add("pq_m", options.pq_m,
           "ivf-pq: bytes a descriptor, a divisor of its dimension; 0: the largest up to 64")
      .AtLeast(0)
      .Flag("pq_m");
  description.Add("hnsw_m", options.hnsw_m, "hnsw: neighbours of each photo in the graph")
      .Range(2, 512)
      .Flag("hnsw_m");
  description
      .Add("ef_construction", options.ef_construction,
           "hnsw: candidates looked at to find a photo's neighbours")
      .Range(1, 1e9)
      .Flag("ef_construction");
  description
      .Add("training_rows", options.training_rows,
           "Descriptors, drawn at random, that clusters and codes are learned from; 0: 64 a cluster, for "
           "ivf-pq "
           "at least 65536")
      .AtLeast(0);
  description.Add("seed", options.seed, "Of what is drawn").AtLeast(0);
}

ApproximateIndexOptions Completed(ApproximateIndexOptions options, const DescriptorDatabase& database) {
  CheckOptions(options);
  const int64_t size = database.size();
  VANTAGE_CHECK(size > 0 && database.dimension() > 0, database.path().string(), ": holds no descriptor");
  if (options.kind == "none") throw UsageError("index: kind none is no index");
  if (options.kind == "hnsw" && size >= kMostPhotos) {
    throw UsageError(StrCat("index: hnsw holds fewer than ", kMostPhotos, " photos, not ", size));
  }
  if (!HasLists(options.kind)) return options;
  if (options.nlist == 0) {
    options.nlist = std::clamp<int64_t>(std::llround(4 * std::sqrt(static_cast<double>(size))), 1,
                                        std::max<int64_t>(1, size / kFewestPerList));
  }
  const bool coded = options.kind == "ivf-pq";
  if (options.pq_m == 0) options.pq_m = LargestDivisor(database.dimension(), kLargestPqM);
  if (options.training_rows == 0) {
    options.training_rows = std::max(64 * options.nlist, coded ? int64_t{65536} : int64_t{0});
  }
  options.training_rows = std::min(options.training_rows, size);
  if (options.training_rows < options.nlist) {
    throw UsageError(StrCat("index: ", options.nlist, " clusters (nlist) of ", options.training_rows,
                            " descriptors to learn from"));
  }
  if (coded && options.training_rows < kCodes) {
    throw UsageError(StrCat("index: ivf-pq learns its codes from at least ", kCodes, " descriptors, not ",
                            options.training_rows, "; ivf-flat does with fewer"));
  }
  if (coded && database.dimension() % options.pq_m != 0) {
    throw UsageError(StrCat("index: ", options.pq_m, " bytes a descriptor (pq_m) do not divide ",
                            database.dimension(), " dimensions"));
  }
  return options;
}

bool IsOfKind(const faiss::Index& index, const ApproximateIndexOptions& options) {
  if (index.metric_type != kMetric || !index.is_trained) return false;
  if (options.kind == "flat") return dynamic_cast<const faiss::IndexFlat*>(&index) != nullptr;
  if (options.kind == "hnsw") return dynamic_cast<const faiss::IndexHNSWFlat*>(&index) != nullptr;
  const auto* lists = dynamic_cast<const faiss::IndexIVF*>(&index);
  if (lists == nullptr || static_cast<int64_t>(lists->nlist) != options.nlist) return false;
  const auto* coded = dynamic_cast<const faiss::IndexIVFPQ*>(lists);
  return options.kind == "ivf-pq" ? coded != nullptr && static_cast<int64_t>(coded->pq.M) == options.pq_m
                                  : dynamic_cast<const faiss::IndexIVFFlat*>(lists) != nullptr;
}

ApproximateIndex ApproximateIndex::Build(const DescriptorDatabase& database,
                                         const ApproximateIndexOptions& options,
                                         const RunContext& context) try {
  auto state = std::make_unique<State>();
  state->options = Completed(options, database);
  state->identity = ann::DatabaseIdentity(database);
  const FaissThreads threads(context.ThreadCount());
  try {
    state->index = MakeEmpty(state->options, database.dimension());
    Train(*state->index, database, state->options, context);
    AddAll(*state->index, database, context);
  } catch (const faiss::FaissException& error) {
    throw Error(StrCat(database.path().string(), ": no index could be built: ", error.what()));
  }
  return ApproximateIndex(std::move(state));
} catch (...) {
  RethrowAsError();
}

}  // namespace vantage

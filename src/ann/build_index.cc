// SPDX-License-Identifier: BSD-3-Clause
#include <faiss/Clustering.h>
#include <faiss/IndexFlat.h>
#include <faiss/IndexIVF.h>
#include <faiss/impl/FaissException.h>

#include <algorithm>
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

constexpr int kClusteringRounds = 10;               // IndexIVF's default
constexpr int64_t kBlockValues = int64_t{1} << 22;  // read at a time: 16 MiB

// Draws rows without repetition; returns them in the order of the file.
DescriptorMatrix DrawRows(const DescriptorDatabase& database, int64_t count, int64_t seed) {
  RandomStream random(static_cast<uint64_t>(seed), "approximate index, training rows");
  std::vector<int64_t> rows = random.Sample(database.size(), count);
  std::sort(rows.begin(), rows.end());
  return database.ReadRows(rows);
}

// Runs k-means one round at a time, to report progress: FAISS starts each round from the quantizer's centres.
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

void Train(faiss::Index& index, const DescriptorDatabase& database, const ann::TrainingDraw& draw,
           const RunContext& context) {
  if (draw.rows == 0) return;
  const DescriptorMatrix rows = DrawRows(database, draw.rows, draw.seed);
  if (auto* lists = dynamic_cast<faiss::IndexIVF*>(&index)) TrainLists(*lists, rows, draw.seed, context);
  context.CheckCancelled();
  context.Report({"learning codes", 0, 0, ""});
  // Learning codes takes very many small steps. With several threads, which wait for each other after each
  // step, it took minutes on two busy cores; one thread takes seconds.
  const FaissThreads one(1);
  const numerics::SingleThreadedBlas single;
  index.train(rows.rows(), rows.data());  // trains the codes only: the quantizer has its centres
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
  UnusualLengths lengths;
  for (int64_t block = 0; block < blocks; ++block) {
    context.CheckCancelled();
    context.Report({"indexing", block * block_rows, database.size(), ""});
    const DescriptorMatrix rows = *read_ahead.Next();
    if (look_at_lengths) lengths.Add(rows);
    index.add(rows.rows(), rows.data());
  }
  lengths.Warn(database.path().string());
  context.Report({"indexing", database.size(), database.size(), ""});
}

}  // namespace

ApproximateIndex::State::State(const IndexChoice& wanted, const DescriptorDatabase& database) {
  const ann::IndexRow& row = ann::RowOf(wanted);
  CheckOptions(wanted);
  VANTAGE_CHECK(database.size() > 0 && database.dimension() > 0, database.path().string(),
                ": holds no descriptor");
  options = row.complete(wanted, database);
  type = row.make(options);
}

ApproximateIndex ApproximateIndex::Build(const DescriptorDatabase& database, const IndexChoice& options,
                                         const RunContext& context) try {
  auto state = std::make_unique<State>(options, database);
  state->identity = ann::DatabaseIdentity(database);
  const FaissThreads threads(context.ThreadCount());
  try {
    state->index = state->type->MakeEmpty(database.dimension());
    Train(*state->index, database, state->type->Training(), context);
    AddAll(*state->index, database, context);
  } catch (const faiss::FaissException& error) {
    throw Error(StrCat(database.path().string(), ": no index could be built: ", error.what()));
  }
  return ApproximateIndex(std::move(state));
} catch (...) {
  RethrowAsError();
}

}  // namespace vantage

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

constexpr int kClusteringRounds = 10;               // as IndexIVF has it
constexpr int64_t kBlockValues = int64_t{1} << 22;  // that are read at a time: 16 MiB

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

void Train(faiss::Index& index, const DescriptorDatabase& database, const ann::TrainingDraw& draw,
           const RunContext& context) {
  if (draw.rows == 0) return;
  const DescriptorMatrix rows = DrawRows(database, draw.rows, draw.seed);
  if (auto* lists = dynamic_cast<faiss::IndexIVF*>(&index)) TrainLists(*lists, rows, draw.seed, context);
  context.CheckCancelled();
  context.Report({"learning codes", 0, 0, ""});
  // Codes are learned by very many small steps. Threads that wait for each other after each took minutes on
  // two busy cores for what one does in seconds.
  const FaissThreads one(1);
  const numerics::SingleThreadedBlas single;
  index.train(rows.rows(), rows.data());  // what is left: the quantizer has its centres
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

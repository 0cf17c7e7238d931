// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "vantage/config/options_description.h"
#include "vantage/search/knn.h"

namespace vantage {

// How an index is built. Bytes of memory a photo, D the dimension: flat 4 D; ivf-flat 4 D + 8; hnsw 4 D + 8
// hnsw_m and more for the upper layers; ivf-pq pq_m + 8.
struct ApproximateIndexOptions {
  // none: no index, the database is searched exactly. flat: all vectors, in memory. ivf-flat: only the
  // clusters nearest to a query are searched (Sivic and Zisserman, ICCV 2003). ivf-pq: the same with vectors
  // of pq_m bytes (Jégou et al., TPAMI 2011). hnsw: a graph of neighbours (Malkov and Yashunin, TPAMI 2020).
  std::string kind = "none";
  // Clusters of ivf-flat and ivf-pq. At least 0; 0: 4 sqrt(N), but no fewer than 39 photos each.
  int64_t nlist = 0;
  // Parts that ivf-pq makes a byte each of; they divide the dimension. At least 0; 0: as many as do, at most
  // 64.
  int64_t pq_m = 0;
  // Neighbours of each photo in hnsw's graph. [2, 512].
  int64_t hnsw_m = 32;
  // Candidates that hnsw looks at to find a photo's neighbours. At least 1.
  int64_t ef_construction = 200;
  // Descriptors, drawn at random, that clusters and codes are learned from. At least 0; 0: 64 a cluster, for
  // ivf-pq at least 65536.
  int64_t training_rows = 0;
  // Of what is drawn. At least 0.
  int64_t seed = 0;
};
void Declare(OptionsDescription& description, ApproximateIndexOptions& options);

// How an index is searched.
struct ApproximateSearchOptions {
  // ivf-flat, ivf-pq: clusters that a query is compared with. At least 1.
  int64_t nprobe = 16;
  // hnsw: candidates that a query keeps, or k where that is more. At least 1.
  int64_t ef_search = 128;
  // ivf-pq: so many times k of what the codes find are compared exactly, with the database's descriptors. At
  // least 0; 0: none, scores are those of the codes.
  int64_t refine = 4;
};
void Declare(OptionsDescription& description, ApproximateSearchOptions& options);

// An index of FAISS over a descriptor file: finds most of the nearest, faster than comparing all. Any number
// of threads may search it.
class ApproximateIndex {
 public:
  // Reads the database block by block; it need not fit in memory, only what the index keeps of it. Progress
  // and interruption as everywhere, but for hnsw between blocks and while ivf-pq learns its codes. Throws
  // UsageError where an option does not fit the database, Error where the database is empty or holds a value
  // that is not finite.
  static ApproximateIndex Build(const DescriptorDatabase& database, const ApproximateIndexOptions& options,
                                const RunContext& context = {});

  // Reads what Save wrote: `path`, a file of faiss.write_index, and `path`.json, which says what it belongs
  // to. Throws Error naming the file where one is missing or damaged, where it was built from another
  // database (photos' names, dimension, values of 256 rows spread over it, model) or with other options. The
  // checksum finds damage, not ill will: FAISS believes a file whose checksum was made to fit.
  static ApproximateIndex Load(const std::filesystem::path& path, const DescriptorDatabase& database,
                               const ApproximateIndexOptions& options);

  // Each of the two files appears whole or not at all.
  void Save(const std::filesystem::path& path) const;

  ~ApproximateIndex();
  ApproximateIndex(ApproximateIndex&&) noexcept;

  // Some of the `k` best of the database for each query, best first; fewer than k where too few are met
  // (nprobe). queries: Q x D. database: the one that the index was built from. Throws Error where dimensions
  // or sizes differ or a query is not finite.
  std::vector<std::vector<Neighbor>> Query(const Eigen::Ref<const DescriptorMatrix>& queries,
                                           const DescriptorDatabase& database, int64_t k,
                                           const ApproximateSearchOptions& options = {},
                                           const RunContext& context = {}) const;

  int64_t size() const;
  int64_t dimension() const;
  // With nothing left to be chosen.
  const ApproximateIndexOptions& options() const;

 private:
  struct State;
  explicit ApproximateIndex(std::unique_ptr<State> state);

  std::unique_ptr<State> state_;
};

// The index in the file, or, where there is none, one that is built and written there. An empty path: built,
// not written.
struct ObtainedIndex {
  ApproximateIndex index;
  bool reused = false;
};
ObtainedIndex ObtainIndex(const std::filesystem::path& path, const DescriptorDatabase& database,
                          const ApproximateIndexOptions& options, const RunContext& context = {});

// recall@k: the share of the exact k nearest (all where the database has fewer) that the index finds, mean
// over `count` queries drawn with the seed, or all where there are fewer. NaN without queries. Searches
// exactly once for them, which reads the whole database.
double MeasureRecall(const ApproximateIndex& index, const Eigen::Ref<const DescriptorMatrix>& queries,
                     const DescriptorDatabase& database, int64_t k, const ApproximateSearchOptions& options,
                     int64_t count, uint64_t seed, const RunContext& context = {});

}  // namespace vantage

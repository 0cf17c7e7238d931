// SPDX-License-Identifier: BSD-3-Clause
// Databases to search: an exact one that a program fills (module search), and approximate ones (module ann).
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "vantage/choice.h"
#include "vantage/descriptors.h"
#include "vantage/options.h"
#include "vantage/run_context.h"
#include "vantage/search.h"

namespace vantage {

// A result of Index::Query.
struct Match {
  std::string id;
  float score = 0;  // inner product: of vectors of unit length, the cosine of the angle between them
};

// Descriptors to search, which a program adds as it runs: a robot's keyframes, an application's photos.
//
//   vantage::Index index(net.dimension(), model_sha256);
//   index.Add("keyframe-17", descriptor);
//   for (const vantage::Match& match : index.Query(descriptor, 5)) { ... }
//   index.Save("map.h5");
//
// Search is exact. Ids are texts: photos have names, and the number of a keyframe can be written as a text
// (std::to_string allocates nothing up to 15 digits). A descriptor file can hold both.
//
// Any number of threads may use an Index at the same time. Queries run in parallel. A change waits for the
// queries that are running, and later queries wait for the change.
class Index {
 public:
  // An empty index. dimension: of its vectors; 0: that of the first vector added. model: what the vectors
  // come from, by convention the SHA-256 of the model's file; "" if it does not matter.
  explicit Index(int64_t dimension = 0, const std::string& model = "");
  // The same for vectors whose whole provenance is known (ProvenanceOf in describer.h).
  Index(int64_t dimension, DescriptorProvenance provenance);

  // An index of the descriptors that extraction returned or a file holds. Throws Error if names repeat or a
  // value is not finite.
  explicit Index(DescriptorFile file);

  // Reads a file of Save, or of `vantage extract`. Throws Error as ReadDescriptors does.
  static Index Load(const std::filesystem::path& path);

  // Writes the vectors as a descriptor file: NAME.h5, or NAME.npy and NAME.json if the path ends in .npy.
  // Each file appears whole or not at all. Writes a copy of the vectors, so other threads can use the index
  // meanwhile.
  void Save(const std::filesystem::path& path) const;

  Index(const Index&) = delete;
  Index& operator=(const Index&) = delete;

  // Adds a vector (D) after the others. Throws Error and changes nothing if the id exists already, the
  // dimension differs, or a value is not finite.
  void Add(const std::string& id, std::span<const float> vector);

  // Adds vectors (ids.size() x D): all of them, or none if it throws as Add does.
  void AddBatch(const std::vector<std::string>& ids, const Eigen::Ref<const DescriptorMatrix>& vectors);

  // Removes a vector; the others keep their order. Returns false if there is none with this id. Moves all
  // later vectors: some milliseconds for tens of thousands.
  bool Remove(const std::string& id);

  // The `k` vectors with the largest inner product with `vector` (D), best first; equal scores in the order
  // in which they were added. All vectors if k is larger than the index. Throws Error if a value is not
  // finite, or if the dimension differs from dimension(), unless that is 0.
  std::vector<Match> Query(std::span<const float> vector, int64_t k) const;

  // The same for each row of `vectors` (Q x D); cheaper than one by one.
  std::vector<std::vector<Match>> QueryBatch(const Eigen::Ref<const DescriptorMatrix>& vectors, int64_t k,
                                             const RunContext& context = {}) const;

  int64_t size() const;
  // 0 until it is known.
  int64_t dimension() const;
  // SHA-256 of the model that the vectors come from, or "". Compare it with the model that describes the
  // queries.
  std::string model() const;
  // How the vectors were made. CheckComparable compares it with the provenance of the queries.
  const DescriptorProvenance& provenance() const { return provenance_; }
  bool Contains(const std::string& id) const;

 private:
  std::shared_lock<std::shared_mutex> LockToRead() const;
  std::unique_lock<std::shared_mutex> LockToChange();
  void CheckVectors(const Eigen::Ref<const DescriptorMatrix>& vectors, const char* what) const;
  int64_t Size() const { return static_cast<int64_t>(ids_.size()); }

  // With a shared mutex alone, readers could keep a writer waiting forever. Threads lock mutex_ in the order
  // in which they lock this one.
  mutable std::mutex turn_;
  mutable std::shared_mutex mutex_;  // guards what follows
  std::vector<std::string> ids_;
  std::unordered_map<std::string, int64_t> row_of_;
  DescriptorMatrix values_;  // the first ids_.size() rows; the rest is spare capacity
  int64_t dimension_ = 0;
  std::vector<FailedPhoto> failed_;  // of the file that was loaded, kept for Save
  DescriptorProvenance provenance_;  // never changes
};

// Kinds of approximate indexes. D: the dimension, N: the number of photos. nprobe, ef_search and refine say
// how an index is searched, the other options how it is built.

// All vectors, in memory: 4 D bytes per photo. Exact.
struct FlatIndexOptions {
  static constexpr const char* kKind = "flat";
};

// Searches only the clusters nearest to a query (Sivic and Zisserman, ICCV 2003): 4 D + 8 bytes per photo.
struct IvfFlatIndexOptions {
  static constexpr const char* kKind = "ivf-flat";
  // Number of clusters. At least 0; 0: 4 sqrt(N), but at most N / 39.
  int64_t nlist = 0;
  // Number of descriptors, drawn at random, from which the clusters are learned. At least 0; 0: 64 per
  // cluster.
  int64_t training_rows = 0;
  // Seed of the random draw. At least 0.
  int64_t seed = 0;
  // Number of clusters that are searched for a query. At least 1.
  int64_t nprobe = 16;
};
void Declare(OptionsDescription& description, IvfFlatIndexOptions& options);

// The same with vectors of m bytes by product quantisation (Jégou et al., TPAMI 2011): m + 8 bytes per photo.
struct IvfPqIndexOptions {
  static constexpr const char* kKind = "ivf-pq";
  int64_t nlist = 0;
  // Number of parts that a vector is cut into; each becomes one byte. Divides D. At least 0; 0: the largest
  // divisor up to 64.
  int64_t m = 0;
  // At least 0; 0: 64 per cluster, at least 65536.
  int64_t training_rows = 0;
  int64_t seed = 0;
  int64_t nprobe = 16;
  // The best refine * k results of the codes are compared exactly, with the database's descriptors. At least
  // 0; 0: none are; scores are those of the codes.
  int64_t refine = 4;
};
void Declare(OptionsDescription& description, IvfPqIndexOptions& options);

// A graph of neighbours (Malkov and Yashunin, TPAMI 2020): 4 D + 8 m bytes per photo, plus the upper layers.
struct HnswIndexOptions {
  static constexpr const char* kKind = "hnsw";
  // Neighbours of each photo in the graph. [2, 512].
  int64_t m = 32;
  // Candidates examined to find a photo's neighbours. At least 1.
  int64_t ef_construction = 200;
  // Candidates that a query keeps; k if that is larger. At least 1.
  int64_t ef_search = 128;
};
void Declare(OptionsDescription& description, HnswIndexOptions& options);

struct IndexFamily {
  static constexpr const char* kDefault = "";  // none: the database is searched exactly
  static const Kinds& Table();
};
using IndexChoice = Choice<IndexFamily>;

// A FAISS index of a descriptor file. Finds most of the nearest descriptors, faster than comparing all. Any
// number of threads may search it.
class ApproximateIndex {
 public:
  // Reads the database block by block: the index must fit in memory, the database need not. Reports progress
  // and can be interrupted, for hnsw only between blocks, and not while ivf-pq learns its codes. Throws
  // UsageError if an option does not fit the database, Error if the database is empty or holds a value that
  // is not finite.
  static ApproximateIndex Build(const DescriptorDatabase& database, const IndexChoice& options,
                                const RunContext& context = {});

  // Reads what Save wrote: `path`, a file of faiss.write_index, and `path`.json, which records what it
  // belongs to. Throws Error naming the file if one is missing or damaged, or if the index was built with
  // other options or from another database (photos' names, dimension, values of 256 rows spread over it,
  // model). The checksum finds damage, not tampering: FAISS trusts a file whose checksum was made to fit.
  static ApproximateIndex Load(const std::filesystem::path& path, const DescriptorDatabase& database,
                               const IndexChoice& options);

  // Each of the two files appears whole or not at all.
  void Save(const std::filesystem::path& path) const;

  ~ApproximateIndex();
  ApproximateIndex(ApproximateIndex&&) noexcept;

  // At most `k` of the best photos of the database for each query, best first; fewer if the clusters that are
  // searched hold fewer (nprobe). queries: Q x D. database: the one that the index was built from. Throws
  // Error if dimensions or sizes differ, or if a query is not finite.
  std::vector<std::vector<Neighbor>> Query(const Eigen::Ref<const DescriptorMatrix>& queries,
                                           const DescriptorDatabase& database, int64_t k,
                                           const RunContext& context = {}) const;
  // From now on, searches as these options say. Throws UsageError if they are of another kind. Do not call it
  // while another thread searches.
  void SearchAs(const IndexChoice& options);

  int64_t size() const;
  int64_t dimension() const;
  // The options, with values of 0 replaced by those chosen for the database.
  const IndexChoice& options() const;

 private:
  struct State;
  explicit ApproximateIndex(std::unique_ptr<State> state);

  std::unique_ptr<State> state_;
};

// The index in the file or, if there is no file, one that is built and written there. Empty path: it is built
// and not written.
struct ObtainedIndex {
  ApproximateIndex index;
  bool reused = false;
};
ObtainedIndex ObtainIndex(const std::filesystem::path& path, const DescriptorDatabase& database,
                          const IndexChoice& options, const RunContext& context = {});

// recall@k: the share of the exact k nearest (of all, if the database has fewer) that the index finds. Mean
// over `count` queries drawn with the seed, or over all if there are fewer. NaN without queries. Also
// searches exactly for these queries, which reads the whole database.
double MeasureRecall(const ApproximateIndex& index, const Eigen::Ref<const DescriptorMatrix>& queries,
                     const DescriptorDatabase& database, int64_t k, int64_t count, uint64_t seed,
                     const RunContext& context = {});

}  // namespace vantage

// SPDX-License-Identifier: BSD-3-Clause
// Databases to search in: one that a program fills (module search), and approximate ones (module ann).
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

// What Index::Query found.
struct Match {
  std::string id;
  float score = 0;  // inner product: of vectors of unit length, the cosine of the angle between them
};

// Descriptors to search in, which a program fills as it goes: a robot's keyframes, an application's photos.
//
//   vantage::Index index(net.dimension(), model_sha256);
//   index.Add("keyframe-17", descriptor);
//   for (const vantage::Match& match : index.Query(descriptor, 5)) { ... }
//   index.Save("map.h5");
//
// Search is exact. Ids are texts: photos have names, a keyframe's number is written as one (std::to_string,
// which needs no allocation up to 15 digits), and a file of descriptors can hold both.
//
// Any number of threads may use an Index at a time. Queries run side by side; what changes the index waits
// for those that run and goes before those that come later.
class Index {
 public:
  // An empty index. dimension: of its vectors; 0: that of the first one added. model: what the vectors come
  // from, by convention the SHA-256 of the model's file; "" where it does not matter.
  explicit Index(int64_t dimension = 0, const std::string& model = "");
  // The same of vectors of which all is known that made them (ProvenanceOf of describer.h).
  Index(int64_t dimension, DescriptorProvenance provenance);

  // An index of descriptors, as extraction returns them or a file holds them. Throws Error where names repeat
  // or a value is not finite.
  explicit Index(DescriptorFile file);

  // Reads a file of Save, or of `vantage extract`. Throws Error as ReadDescriptors does.
  static Index Load(const std::filesystem::path& path);

  // Writes the vectors as a descriptor file: NAME.h5, or NAME.npy and NAME.json where the path ends in .npy.
  // It appears whole or not at all. Writes a copy of the vectors, so that others go on meanwhile.
  void Save(const std::filesystem::path& path) const;

  Index(const Index&) = delete;
  Index& operator=(const Index&) = delete;

  // Adds a vector (D) behind the others. Throws Error and changes nothing where the id is there already, the
  // dimension differs, or a value is not finite.
  void Add(const std::string& id, std::span<const float> vector);

  // Adds vectors (ids.size() x D), all or, where it throws as Add, none.
  void AddBatch(const std::vector<std::string>& ids, const Eigen::Ref<const DescriptorMatrix>& vectors);

  // Takes a vector out; the others keep their order. Returns false where there is none of this id. Moves the
  // vectors behind it: some milliseconds for tens of thousands.
  bool Remove(const std::string& id);

  // The `k` vectors with the largest inner product with `vector` (D), best first; equal scores in the order
  // in which they were added. All where k is larger than the index. Throws Error where the dimension differs,
  // unless the index is empty, or a value is not finite.
  std::vector<Match> Query(std::span<const float> vector, int64_t k) const;

  // The same for each row of `vectors` (Q x D), at less cost than one by one.
  std::vector<std::vector<Match>> QueryBatch(const Eigen::Ref<const DescriptorMatrix>& vectors, int64_t k,
                                             const RunContext& context = {}) const;

  int64_t size() const;
  // 0 until it is known.
  int64_t dimension() const;
  // What the vectors come from, or "": compare it with the model that describes the queries.
  std::string model() const;
  // What made the vectors: CheckComparable compares it with that of the queries.
  const DescriptorProvenance& provenance() const { return provenance_; }
  bool Contains(const std::string& id) const;

 private:
  std::shared_lock<std::shared_mutex> LockToRead() const;
  std::unique_lock<std::shared_mutex> LockToChange();
  void CheckVectors(const Eigen::Ref<const DescriptorMatrix>& vectors, const char* what) const;
  int64_t Size() const { return static_cast<int64_t>(ids_.size()); }

  // A shared mutex alone may let readers in for ever while a writer waits; who passes this one first goes
  // first.
  mutable std::mutex turn_;
  mutable std::shared_mutex mutex_;  // guards what follows
  std::vector<std::string> ids_;
  std::unordered_map<std::string, int64_t> row_of_;
  DescriptorMatrix values_;  // the first ids_.size() rows; more is room to grow
  int64_t dimension_ = 0;
  std::vector<FailedPhoto> failed_;  // of the file that was loaded, kept for Save
  DescriptorProvenance provenance_;  // never changes
};

// Kinds of approximate indexes, with D the dimension. Each says how the index is built; nprobe, ef_search and
// refine how it is searched.

// All vectors, in memory: 4 D bytes a photo. Exact.
struct FlatIndexOptions {
  static constexpr const char* kKind = "flat";
};

// Only the clusters nearest to a query are searched (Sivic and Zisserman, ICCV 2003): 4 D + 8 bytes a photo.
struct IvfFlatIndexOptions {
  static constexpr const char* kKind = "ivf-flat";
  // Clusters. At least 0; 0: 4 sqrt(N), but no fewer than 39 photos each.
  int64_t nlist = 0;
  // Descriptors, drawn at random, that clusters are learned from. At least 0; 0: 64 a cluster.
  int64_t training_rows = 0;
  // Of what is drawn. At least 0.
  int64_t seed = 0;
  // Clusters that a query is compared with. At least 1.
  int64_t nprobe = 16;
};
void Declare(OptionsDescription& description, IvfFlatIndexOptions& options);

// The same with vectors of m bytes, product quantisation (Jégou et al., TPAMI 2011): m + 8 bytes a photo.
struct IvfPqIndexOptions {
  static constexpr const char* kKind = "ivf-pq";
  int64_t nlist = 0;
  // Parts that a byte is made of each; they divide D. At least 0; 0: as many as do, at most 64.
  int64_t m = 0;
  // At least 0; 0: 64 a cluster, at least 65536.
  int64_t training_rows = 0;
  int64_t seed = 0;
  int64_t nprobe = 16;
  // This many times k of what the codes find are compared exactly, with the database's descriptors. At least
  // 0; 0: none, scores are those of the codes.
  int64_t refine = 4;
};
void Declare(OptionsDescription& description, IvfPqIndexOptions& options);

// A graph of neighbours (Malkov and Yashunin, TPAMI 2020): 4 D + 8 m bytes a photo, and more for the upper
// layers.
struct HnswIndexOptions {
  static constexpr const char* kKind = "hnsw";
  // Neighbours of each photo in the graph. [2, 512].
  int64_t m = 32;
  // Candidates that are looked at to find a photo's neighbours. At least 1.
  int64_t ef_construction = 200;
  // Candidates that a query keeps, or k if that is more. At least 1.
  int64_t ef_search = 128;
};
void Declare(OptionsDescription& description, HnswIndexOptions& options);

struct IndexFamily {
  static constexpr const char* kDefault = "";  // none: the database is searched exactly
  static const Kinds& Table();
};
using IndexChoice = Choice<IndexFamily>;

// An index of FAISS over a descriptor file: finds most of the nearest, faster than comparing all. Any number
// of threads may search it.
class ApproximateIndex {
 public:
  // Reads the database block by block; it need not fit in memory, only what the index keeps of it. Progress
  // and interruption as everywhere, but for hnsw between blocks and while ivf-pq learns its codes. Throws
  // UsageError where an option does not fit the database, Error where the database is empty or holds a value
  // that is not finite.
  static ApproximateIndex Build(const DescriptorDatabase& database, const IndexChoice& options,
                                const RunContext& context = {});

  // Reads what Save wrote: `path`, a file of faiss.write_index, and `path`.json, which says what it belongs
  // to. Throws Error naming the file where one is missing or damaged, where it was built from another
  // database (photos' names, dimension, values of 256 rows spread over it, model) or with other options. The
  // checksum finds damage, not ill will: FAISS believes a file whose checksum was made to fit.
  static ApproximateIndex Load(const std::filesystem::path& path, const DescriptorDatabase& database,
                               const IndexChoice& options);

  // Each of the two files appears whole or not at all.
  void Save(const std::filesystem::path& path) const;

  ~ApproximateIndex();
  ApproximateIndex(ApproximateIndex&&) noexcept;

  // Some of the `k` best of the database for each query, best first; fewer than k where too few are met
  // (nprobe). queries: Q x D. database: the one that the index was built from. Throws Error where dimensions
  // or sizes differ or a query is not finite.
  std::vector<std::vector<Neighbor>> Query(const Eigen::Ref<const DescriptorMatrix>& queries,
                                           const DescriptorDatabase& database, int64_t k,
                                           const RunContext& context = {}) const;
  // Searches as these options say from now on. Throws UsageError if they are of another kind. Not while
  // another thread searches.
  void SearchAs(const IndexChoice& options);

  int64_t size() const;
  int64_t dimension() const;
  // With nothing left to be chosen.
  const IndexChoice& options() const;

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
                          const IndexChoice& options, const RunContext& context = {});

// recall@k: the share of the exact k nearest (all where the database has fewer) that the index finds, mean
// over `count` queries drawn with the seed, or all where there are fewer. NaN without queries. Searches
// exactly once for them, which reads the whole database.
double MeasureRecall(const ApproximateIndex& index, const Eigen::Ref<const DescriptorMatrix>& queries,
                     const DescriptorDatabase& database, int64_t k, int64_t count, uint64_t seed,
                     const RunContext& context = {});

}  // namespace vantage

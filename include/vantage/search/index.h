// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <filesystem>
#include <mutex>
#include <shared_mutex>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "vantage/descriptors/descriptors.h"
#include "vantage/search/knn.h"
#include "vantage/util/run_context.h"

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
  // The same of vectors of which all is known that made them (ProvenanceOf of extract/model_descriptors.h).
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

}  // namespace vantage

// SPDX-License-Identifier: BSD-3-Clause
#include "vantage/index.h"

#include <algorithm>

#include "util/check.h"
#include "util/index.h"

namespace vantage {
namespace {

constexpr int64_t kFirstCapacity = 64;

using ConstRows = Eigen::Map<const DescriptorMatrix>;

ConstRows AsRow(std::span<const float> vector) {
  return {vector.data(), 1, static_cast<Eigen::Index>(vector.size())};
}

}  // namespace

Index::Index(int64_t dimension, const std::string& model) : Index(dimension, DescriptorProvenance()) {
  if (!model.empty()) provenance_.model_sha256 = model;
}

Index::Index(int64_t dimension, DescriptorProvenance provenance)
    : dimension_(dimension), provenance_(std::move(provenance)) {
  VANTAGE_CHECK(dimension >= 0, "index: a dimension of ", dimension);
}

Index::Index(DescriptorFile file)
    : ids_(std::move(file.descriptors.names)),
      values_(std::move(file.descriptors.values)),
      dimension_(values_.cols()),
      failed_(std::move(file.failed)),
      provenance_(std::move(file.provenance)) {
  VANTAGE_CHECK(Size() == values_.rows(), "index: ", Size(), " ids for ", values_.rows(), " vectors");
  CheckVectors(values_, "added");
  row_of_.reserve(ids_.size());
  for (const std::string& id : ids_) {
    const bool is_new = row_of_.emplace(id, std::ssize(row_of_)).second;
    VANTAGE_CHECK(is_new, "index: '", id, "' is there already");
  }
}

Index Index::Load(const std::filesystem::path& path) { return Index(ReadDescriptors(path)); }

void Index::Save(const std::filesystem::path& path) const {
  DescriptorFile copy;
  {
    const auto lock = LockToRead();
    copy = {{ids_, values_.topRows(Size())}, failed_, provenance_};
  }
  DescriptorFormat format;
  if (!IsDescriptorPath(path)) format.container = "h5";
  WriteDescriptors(copy, path, format);
}

void Index::Add(const std::string& id, std::span<const float> vector) { AddBatch({id}, AsRow(vector)); }

void Index::AddBatch(const std::vector<std::string>& ids, const Eigen::Ref<const DescriptorMatrix>& vectors) {
  const auto count = std::ssize(ids);
  VANTAGE_CHECK(count == vectors.rows(), "index: ", count, " ids for ", vectors.rows(), " vectors");
  if (count == 0) return;
  VANTAGE_CHECK(vectors.cols() > 0, "index: a vector without values");
  const auto lock = LockToChange();
  CheckVectors(vectors, "added");
  const int64_t size = Size();
  const int64_t needed = size + count;
  if (needed > values_.rows() || values_.cols() != vectors.cols()) {
    // Doubles the capacity, so that the total cost of moving vectors is linear.
    values_.conservativeResize(std::max({needed, 2 * size, kFirstCapacity}), vectors.cols());
  }
  ids_.reserve(ToIndex(std::max(needed, 2 * size)));
  for (int64_t i = 0; i < count; ++i) {
    const std::string& id = ids[ToIndex(i)];
    if (!row_of_.emplace(id, size + i).second) {
      for (int64_t added = 0; added < i; ++added) row_of_.erase(ids[ToIndex(added)]);
      throw Error(StrCat("index: '", id, "' is there already"));
    }
  }
  values_.middleRows(size, count) = vectors;
  ids_.insert(ids_.end(), ids.begin(), ids.end());
  dimension_ = vectors.cols();
}

bool Index::Remove(const std::string& id) {
  const auto lock = LockToChange();
  const auto found = row_of_.find(id);
  if (found == row_of_.end()) return false;
  const int64_t row = found->second;
  row_of_.erase(found);
  ids_.erase(ids_.begin() + row);
  for (int64_t i = row; i < Size(); ++i) {
    values_.row(i) = values_.row(i + 1);
    --row_of_[ids_[ToIndex(i)]];
  }
  return true;
}

std::vector<Match> Index::Query(std::span<const float> vector, int64_t k) const {
  RunContext context;
  context.threads = 1;  // starting threads takes longer than one query
  return std::move(QueryBatch(AsRow(vector), k, context).front());
}

std::vector<std::vector<Match>> Index::QueryBatch(const Eigen::Ref<const DescriptorMatrix>& vectors,
                                                  int64_t k, const RunContext& context) const {
  std::vector<std::vector<Match>> matches(ToIndex(vectors.rows()));
  const auto lock = LockToRead();
  CheckVectors(vectors, "searched for");
  if (ids_.empty()) return matches;
  const auto neighbors = NearestNeighbors(vectors, values_.topRows(Size()), k, context);
  for (size_t q = 0; q < matches.size(); ++q) {
    matches[q].reserve(neighbors[q].size());
    for (const Neighbor& neighbor : neighbors[q]) {
      matches[q].push_back({ids_[ToIndex(neighbor.index)], neighbor.score});
    }
  }
  return matches;
}

int64_t Index::size() const {
  const auto lock = LockToRead();
  return Size();
}

int64_t Index::dimension() const {
  const auto lock = LockToRead();
  return dimension_;
}

std::string Index::model() const { return provenance_.model_sha256.value_or(""); }

bool Index::Contains(const std::string& id) const {
  const auto lock = LockToRead();
  return row_of_.contains(id);
}

std::shared_lock<std::shared_mutex> Index::LockToRead() const {
  const std::scoped_lock turn(turn_);
  return std::shared_lock(mutex_);
}

std::unique_lock<std::shared_mutex> Index::LockToChange() {
  const std::scoped_lock turn(turn_);
  return std::unique_lock(mutex_);
}

void Index::CheckVectors(const Eigen::Ref<const DescriptorMatrix>& vectors, const char* what) const {
  VANTAGE_CHECK(dimension_ == 0 || vectors.cols() == dimension_, "index: a vector of ", vectors.cols(),
                " dimensions ", what, " in an index of ", dimension_);
  for (Eigen::Index i = 0; i < vectors.rows(); ++i) {
    VANTAGE_CHECK(vectors.row(i).allFinite(), "index: vector ", i, " of those ", what,
                  " holds a value that is not finite");
  }
}

}  // namespace vantage

// SPDX-License-Identifier: BSD-3-Clause
#include <faiss/IndexHNSW.h>

#include "ann/indexes/indexes.h"
#include "util/string.h"
#include "vantage/error.h"

namespace vantage {
namespace {

constexpr int64_t kMostPhotos = int64_t{1} << 31;  // FAISS's graph numbers photos with int32

class Hnsw : public ann::IndexType {
 public:
  explicit Hnsw(const HnswIndexOptions& options) : options_(options) {}

  std::unique_ptr<faiss::Index> MakeEmpty(int64_t dimension) const override {
    auto index = std::make_unique<faiss::IndexHNSWFlat>(static_cast<int>(dimension),
                                                        static_cast<int>(options_.m), ann::kMetric);
    index->hnsw.efConstruction = static_cast<int>(options_.ef_construction);
    return index;
  }
  bool IsTypeOf(const faiss::Index& index) const override {
    return dynamic_cast<const faiss::IndexHNSWFlat*>(&index) != nullptr;
  }
  std::unique_ptr<faiss::SearchParameters> Parameters() const override {
    auto parameters = std::make_unique<faiss::SearchParametersHNSW>();
    parameters->efSearch = static_cast<int>(options_.ef_search);
    return parameters;
  }

 private:
  HnswIndexOptions options_;
};

HnswIndexOptions CompleteHnsw(HnswIndexOptions options, const DescriptorDatabase& database) {
  if (database.size() >= kMostPhotos)
    throw UsageError(StrCat("index: hnsw holds fewer than ", kMostPhotos, " photos, not ", database.size()));
  return options;
}

}  // namespace

void Declare(OptionsDescription& description, HnswIndexOptions& options) {
  description.Add("m", options.m, "Neighbours of each photo in the graph").Range(2, 512);
  description
      .Add("ef_construction", options.ef_construction, "Candidates visited to find a photo's neighbours")
      .Range(1, 1e9);
  description.Add("ef_search", options.ef_search, "Candidates that a query keeps, at least k").Range(1, 1e9);
}

namespace ann {

IndexRow HnswIndex() {
  return MakeIndexRow<HnswIndexOptions>("A graph of neighbours", CompleteHnsw,
                                        [](const HnswIndexOptions& options) -> std::unique_ptr<IndexType> {
                                          return std::make_unique<Hnsw>(options);
                                        },
                                        {"ef_search"});
}

}  // namespace ann

}  // namespace vantage

// SPDX-License-Identifier: BSD-3-Clause
#include <faiss/IndexFlat.h>
#include <faiss/IndexIVFFlat.h>

#include "ann/indexes/inverted_lists.h"
#include "util/index.h"

namespace vantage {
namespace {

class IvfFlat : public ann::IndexType {
 public:
  explicit IvfFlat(const IvfFlatIndexOptions& options) : options_(options) {}

  std::unique_ptr<faiss::Index> MakeEmpty(int64_t dimension) const override {
    auto quantizer = std::make_unique<faiss::IndexFlatIP>(dimension);
    auto index = std::make_unique<faiss::IndexIVFFlat>(quantizer.get(), ToIndex(dimension),
                                                       ToIndex(options_.nlist), ann::kMetric);
    return ann::OwnQuantizer(std::move(index), std::move(quantizer));
  }
  bool IsTypeOf(const faiss::Index& index) const override {
    const auto* lists = dynamic_cast<const faiss::IndexIVFFlat*>(&index);
    return lists != nullptr && static_cast<int64_t>(lists->nlist) == options_.nlist;
  }
  ann::TrainingDraw Training() const override { return {options_.training_rows, options_.seed}; }
  std::unique_ptr<faiss::SearchParameters> Parameters() const override {
    return ann::ProbeParameters(options_.nprobe);
  }

 private:
  IvfFlatIndexOptions options_;
};

IvfFlatIndexOptions CompleteIvfFlat(IvfFlatIndexOptions options, const DescriptorDatabase& database) {
  ann::CompleteLists(database.size(), /*least_rows=*/0, options.nlist, options.training_rows);
  return options;
}

}  // namespace

void Declare(OptionsDescription& description, IvfFlatIndexOptions& options) {
  ann::DeclareLists(description, options);
}

namespace ann {

IndexRow IvfFlatIndex() {
  return MakeIndexRow<IvfFlatIndexOptions>(
      "Only the clusters nearest to a query are searched", CompleteIvfFlat,
      [](const IvfFlatIndexOptions& options) -> std::unique_ptr<IndexType> {
        return std::make_unique<IvfFlat>(options);
      },
      {"nprobe"});
}

}  // namespace ann

}  // namespace vantage

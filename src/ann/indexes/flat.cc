// SPDX-License-Identifier: BSD-3-Clause
#include <faiss/IndexFlat.h>

#include "ann/indexes/indexes.h"

namespace vantage::ann {
namespace {

class Flat : public IndexType {
 public:
  std::unique_ptr<faiss::Index> MakeEmpty(int64_t dimension) const override {
    return std::make_unique<faiss::IndexFlatIP>(dimension);
  }
  bool IsTypeOf(const faiss::Index& index) const override {
    return dynamic_cast<const faiss::IndexFlat*>(&index) != nullptr;
  }
};

}  // namespace

IndexRow FlatIndex() {
  return MakeIndexRow<FlatIndexOptions>(
      "All vectors in memory, exact",
      [](FlatIndexOptions options, const DescriptorDatabase& /*database*/) { return options; },
      [](const FlatIndexOptions& /*options*/) -> std::unique_ptr<IndexType> {
        return std::make_unique<Flat>();
      },
      {});
}

}  // namespace vantage::ann

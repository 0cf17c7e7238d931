// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <faiss/Index.h>

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <utility>

#include "vantage/index.h"

namespace vantage::ann {

constexpr faiss::MetricType kMetric = faiss::METRIC_INNER_PRODUCT;

// The random sample of database rows from which an index is trained.
struct TrainingDraw {
  int64_t rows = 0;  // 0: no training
  int64_t seed = 0;
};

class IndexType {
 public:
  virtual ~IndexType() = default;
  virtual std::unique_ptr<faiss::Index> MakeEmpty(int64_t dimension) const = 0;
  // Whether the index is of this type and was built with these options.
  virtual bool IsTypeOf(const faiss::Index& index) const = 0;
  virtual TrainingDraw Training() const { return {}; }
  // FAISS's search parameters; null: the defaults.
  virtual std::unique_ptr<faiss::SearchParameters> Parameters() const { return nullptr; }
  // The best Refine() * k results are scored again with exact inner products; 0: none.
  virtual int64_t Refine() const { return 0; }
};

// A row of the family's table. Each kind is a file in this folder.
struct IndexRow {
  Kind kind;
  // The options with automatic values replaced by values for the database, which must not be empty. Throws
  // UsageError if the options do not suit the database.
  std::function<IndexChoice(const IndexChoice& options, const DescriptorDatabase& database)> complete;
  std::function<std::unique_ptr<IndexType>(const IndexChoice& options)> make;
  // Options of searching, which may differ from those that the index was built with.
  std::set<std::string> search_keys;
};

template <KindOptions Options>
IndexRow MakeIndexRow(std::string summary,
                      Options (*complete)(Options options, const DescriptorDatabase& database),
                      std::unique_ptr<IndexType> (*make)(const Options& options),
                      std::set<std::string> search_keys) {
  return {MakeKind<Options>(std::move(summary)),
          [complete](const IndexChoice& options, const DescriptorDatabase& database) -> IndexChoice {
            return complete(options.As<Options>(), database);
          },
          [make](const IndexChoice& options) { return make(options.As<Options>()); }, std::move(search_keys)};
}

// Throws UsageError if no kind is chosen.
const IndexRow& RowOf(const IndexChoice& options);

}  // namespace vantage::ann

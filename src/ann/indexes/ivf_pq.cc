// SPDX-License-Identifier: BSD-3-Clause
#include <faiss/IndexFlat.h>
#include <faiss/IndexIVFPQ.h>

#include <algorithm>
#include <limits>

#include "ann/indexes/inverted_lists.h"
#include "util/index.h"
#include "util/string.h"
#include "vantage/error.h"

namespace vantage {
namespace {

constexpr int64_t kCodes = 256;  // values of a byte
constexpr int64_t kLargestM = 64;
constexpr int64_t kLeastRows = 65536;

int64_t LargestDivisor(int64_t number, int64_t most) {
  int64_t divisor = std::max<int64_t>(1, std::min(number, most));
  while (number % divisor != 0) --divisor;
  return divisor;
}

class IvfPq : public ann::IndexType {
 public:
  explicit IvfPq(const IvfPqIndexOptions& options) : options_(options) {}

  std::unique_ptr<faiss::Index> MakeEmpty(int64_t dimension) const override {
    auto quantizer = std::make_unique<faiss::IndexFlatIP>(dimension);
    auto index = std::make_unique<faiss::IndexIVFPQ>(
        quantizer.get(), ToIndex(dimension), ToIndex(options_.nlist), ToIndex(options_.m), 8, ann::kMetric);
    index->pq.cp.seed = static_cast<int>(options_.seed & std::numeric_limits<int>::max());
    index->pq.cp.min_points_per_centroid = 1;  // silences FAISS's warning
    return ann::OwnQuantizer(std::move(index), std::move(quantizer));
  }
  bool IsTypeOf(const faiss::Index& index) const override {
    const auto* lists = dynamic_cast<const faiss::IndexIVFPQ*>(&index);
    return lists != nullptr && static_cast<int64_t>(lists->nlist) == options_.nlist &&
           static_cast<int64_t>(lists->pq.M) == options_.m;
  }
  ann::TrainingDraw Training() const override { return {options_.training_rows, options_.seed}; }
  std::unique_ptr<faiss::SearchParameters> Parameters() const override {
    return ann::ProbeParameters(options_.nprobe);
  }
  int64_t Refine() const override { return options_.refine; }

 private:
  IvfPqIndexOptions options_;
};

IvfPqIndexOptions CompleteIvfPq(IvfPqIndexOptions options, const DescriptorDatabase& database) {
  if (options.m == 0) options.m = LargestDivisor(database.dimension(), kLargestM);
  ann::CompleteLists(database.size(), kLeastRows, options.nlist, options.training_rows);
  if (options.training_rows < kCodes) {
    throw UsageError(StrCat("index: ivf-pq learns its codes from at least ", kCodes, " descriptors, not ",
                            options.training_rows, "; ivf-flat does with fewer"));
  }
  if (database.dimension() % options.m != 0) {
    throw UsageError(StrCat("index: ", options.m, " bytes a descriptor (m) do not divide ",
                            database.dimension(), " dimensions"));
  }
  return options;
}

}  // namespace

void Declare(OptionsDescription& description, IvfPqIndexOptions& options) {
  ann::DeclareLists(description, options);
  description
      .Add("m", options.m, "Bytes a descriptor, a divisor of its dimension; 0: the largest divisor up to 64")
      .AtLeast(0);
  description
      .Add("refine", options.refine,
           "Multiple of k of the results by codes that is compared exactly; 0: none")
      .Range(0, 1e6);
}

namespace ann {

IndexRow IvfPqIndex() {
  return MakeIndexRow<IvfPqIndexOptions>(
      "Only the clusters nearest to a query are searched, with vectors of a few bytes", CompleteIvfPq,
      [](const IvfPqIndexOptions& options) -> std::unique_ptr<IndexType> {
        return std::make_unique<IvfPq>(options);
      },
      {"nprobe", "refine"});
}

}  // namespace ann

}  // namespace vantage

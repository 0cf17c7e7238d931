// SPDX-License-Identifier: BSD-3-Clause
#include "ann/indexes/inverted_lists.h"

#include <algorithm>
#include <cmath>

#include "util/index.h"
#include "util/string.h"
#include "vantage/error.h"

namespace vantage::ann {
namespace {

constexpr int64_t kFewestPerList = 39;  // FAISS warns below this

}  // namespace

void CompleteLists(int64_t size, int64_t least_rows, int64_t& nlist, int64_t& training_rows) {
  if (nlist == 0) {
    nlist = std::clamp<int64_t>(std::llround(4 * std::sqrt(static_cast<double>(size))), 1,
                                std::max<int64_t>(1, size / kFewestPerList));
  }
  if (training_rows == 0) training_rows = std::max(64 * nlist, least_rows);
  training_rows = std::min(training_rows, size);
  if (training_rows < nlist) {
    throw UsageError(
        StrCat("index: ", nlist, " clusters (nlist) of ", training_rows, " descriptors to learn from"));
  }
}

std::unique_ptr<faiss::Index> OwnQuantizer(std::unique_ptr<faiss::IndexIVF> index,
                                           std::unique_ptr<faiss::Index> quantizer) {
  index->own_fields = true;
  quantizer.release();
  return index;
}

std::unique_ptr<faiss::SearchParameters> ProbeParameters(int64_t nprobe) {
  auto parameters = std::make_unique<faiss::SearchParametersIVF>();
  parameters->nprobe = ToIndex(nprobe);
  return parameters;
}

}  // namespace vantage::ann

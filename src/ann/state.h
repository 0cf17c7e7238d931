// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <faiss/Index.h>
#include <omp.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "vantage/error.h"
#include "vantage/index.h"

namespace vantage {

struct ApproximateIndex::State {
  std::unique_ptr<faiss::Index> index;
  ApproximateIndexOptions options;  // nothing left to be chosen
  nlohmann::json identity;          // of the database
};

// The options with what was left open chosen for the database. Throws UsageError where they do not fit it.
ApproximateIndexOptions Completed(ApproximateIndexOptions options, const DescriptorDatabase& database);

// Whether the index is of this kind and has these options.
bool IsOfKind(const faiss::Index& index, const ApproximateIndexOptions& options);

// Sets how many threads FAISS takes for what this thread asks of it.
class FaissThreads {
 public:
  explicit FaissThreads(int threads) : before_(omp_get_max_threads()) { omp_set_num_threads(threads); }
  ~FaissThreads() { omp_set_num_threads(before_); }
  FaissThreads(const FaissThreads&) = delete;
  FaissThreads& operator=(const FaissThreads&) = delete;

 private:
  int before_;
};

}  // namespace vantage

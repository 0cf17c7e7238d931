// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <omp.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "ann/indexes/indexes.h"
#include "vantage/error.h"
#include "vantage/index.h"

namespace vantage {

struct ApproximateIndex::State {
  std::unique_ptr<faiss::Index> index;
  IndexChoice options;                   // nothing left to be chosen
  std::unique_ptr<ann::IndexType> type;  // of the options
  nlohmann::json identity;               // of the database

  // The options with what was left open chosen for the database. Throws UsageError if they do not fit it.
  State(const IndexChoice& wanted, const DescriptorDatabase& database);
};

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

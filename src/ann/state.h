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
  IndexChoice options;                   // without automatic values
  std::unique_ptr<ann::IndexType> type;  // made from the options
  nlohmann::json identity;               // of the database: see DatabaseIdentity

  // Sets `options`, with automatic values replaced by values for the database, and `type`. Throws UsageError
  // if the options do not suit the database, Error if the database is empty.
  State(const IndexChoice& wanted, const DescriptorDatabase& database);
};

// Sets the number of threads of FAISS calls from this thread, and restores it on destruction.
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

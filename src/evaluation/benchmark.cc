// SPDX-License-Identifier: BSD-3-Clause
#include "util/check.h"
#include "util/rethrow.h"
#include "vantage/evaluation.h"
#include "vantage/photos.h"

namespace vantage {

namespace fs = std::filesystem;

std::vector<Relevance> TaskRelevances(const Benchmark& benchmark, size_t task) {
  std::vector<Relevance> relevances;
  for (const BenchmarkQuery& query : benchmark.queries) {
    relevances.push_back(benchmark.tasks.empty() ? query.relevance : query.by_task.at(task));
  }
  return relevances;
}

void LeaveOut(BenchmarkQuery& query) {
  query.is_left_out = true;
  query.relevance.positives.clear();
  for (Relevance& relevance : query.by_task) relevance.positives.clear();
}

void AddDistractors(Benchmark& benchmark, const fs::path& folder) try {
  for (const fs::path& path : ListPhotoFiles(folder)) benchmark.photos.push_back(folder / path);
} catch (...) {
  RethrowAsError();
}

Benchmark ReadBenchmark(const Protocol& protocol, const BenchmarkSource& source) try {
  VANTAGE_CHECK(source.query_every >= 1, "every ", source.query_every, "-th photo a query");
  Benchmark benchmark = protocol.read(source);
  benchmark.judging = protocol.judging;
  benchmark.has_fixed_photos = protocol.has_fixed_photos;
  return benchmark;
} catch (...) {
  RethrowAsError();
}

}  // namespace vantage

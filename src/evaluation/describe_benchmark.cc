// SPDX-License-Identifier: BSD-3-Clause
#include "vantage/evaluation.h"

#include "util/rethrow.h"

namespace vantage {

BenchmarkDescriptors DescribeBenchmark(const Benchmark& benchmark, const DescribeList& describe) try {
  std::vector<PhotoRequest> requests;
  for (size_t row = 0; row < benchmark.photos.size(); ++row) {
    const int turn = benchmark.turns.empty() ? 0 : benchmark.turns[row];
    requests.push_back({benchmark.photos[row], std::nullopt, turn});
  }
  std::vector<int64_t> query_rows;
  for (const BenchmarkQuery& query : benchmark.queries) {
    if (query.row && !query.box) {
      query_rows.push_back(*query.row);
    } else {
      query_rows.push_back(std::ssize(requests));
      requests.push_back({query.photo, query.box});
    }
  }
  const ExtractedDescriptors extracted = describe(PhotoFiles(std::move(requests)));
  BenchmarkDescriptors described;
  described.database = extracted.values.topRows(static_cast<Eigen::Index>(benchmark.photos.size()));
  described.queries = extracted.values(query_rows, Eigen::all);
  for (const FailedRequest& failed : extracted.failed) described.failed.push_back(failed.reason);
  return described;
} catch (...) {
  RethrowAsError();
}

}  // namespace vantage

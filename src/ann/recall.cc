// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <limits>

#include "util/random.h"
#include "vantage/index.h"

namespace vantage {

double MeasureRecall(const ApproximateIndex& index, const Eigen::Ref<const DescriptorMatrix>& queries,
                     const DescriptorDatabase& database, int64_t k, int64_t count, uint64_t seed,
                     const RunContext& context) {
  RandomStream random(seed, "recall, queries");
  const DescriptorMatrix asked = queries(random.Sample(queries.rows(), count), Eigen::all);
  const auto expected = NearestNeighbors(asked, database, k, context);
  const auto found = index.Query(asked, database, k, context);
  double sum = 0;
  for (size_t q = 0; q < expected.size(); ++q) {
    const auto is_found = [&](const Neighbor& wanted) {
      return std::any_of(found[q].begin(), found[q].end(),
                         [&](const Neighbor& neighbor) { return neighbor.index == wanted.index; });
    };
    sum += static_cast<double>(std::count_if(expected[q].begin(), expected[q].end(), is_found)) /
           static_cast<double>(std::max<size_t>(1, expected[q].size()));
  }
  return expected.empty() ? std::numeric_limits<double>::quiet_NaN()
                          : sum / static_cast<double>(expected.size());
}

}  // namespace vantage

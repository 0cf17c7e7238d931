// SPDX-License-Identifier: BSD-3-Clause
#include "vantage/evaluation.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "search/similarity_blocks.h"
#include "util/index.h"
#include "util/parallel.h"
#include "util/rethrow.h"
#include "vantage/error.h"
#include "vantage/photos.h"

namespace vantage {

SearchPhotos PhotosOf(const Benchmark& benchmark, const std::filesystem::path& folder) {
  return {.query =
              [&benchmark, folder](size_t query) {
                return PhotoPath(PhotoName(benchmark.queries[query].photo, folder), folder);
              },
          .box = [&benchmark](size_t query) { return benchmark.queries[query].box; },
          .database =
              [&benchmark, folder](int64_t row) {
                return PhotoPath(PhotoName(benchmark.photos[ToIndex(row)], folder), folder);
              }};
}

OwnRows OwnRowsOf(const Benchmark& benchmark) {
  OwnRows own;
  for (const BenchmarkQuery& query : benchmark.queries) own.push_back(query.box ? std::nullopt : query.row);
  return own;
}

std::optional<int64_t> WantedCount(const Benchmark& benchmark, int64_t shown) {
  if (benchmark.judging.first == 0) return std::nullopt;
  int64_t junk = 0;
  for (const BenchmarkQuery& query : benchmark.queries) {
    junk = std::max(junk, std::ssize(query.relevance.junk));
    for (const Relevance& relevance : query.by_task) junk = std::max(junk, std::ssize(relevance.junk));
  }
  // shown + 1: the query's own photo, if it is junk, is in the ranking but not shown.
  return std::max(benchmark.judging.first + junk, shown + 1);
}

DatabaseRankings RankDatabase(const DescriptorMatrix& queries, const DescriptorMatrix& database,
                              const RankingOptions& options, const RunContext& context) try {
  DatabaseRankings rankings;
  const int64_t count = options.count.value_or(database.rows());
  for (const auto& neighbors : Search(queries, database, count, options.search, context, options.facts)) {
    std::vector<int64_t>& rows = rankings.rows.emplace_back();
    std::vector<float>& scores = rankings.scores.emplace_back();
    for (const Neighbor& neighbor : neighbors) {
      rows.push_back(neighbor.index);
      scores.push_back(neighbor.score);
    }
  }
  return rankings;
} catch (...) {
  RethrowAsError();
}

std::vector<std::vector<int64_t>> CountDistractorsAbove(const DatabaseRankings& rankings,
                                                        const DescriptorMatrix& queries,
                                                        const DescriptorDatabase& distractors,
                                                        const RunContext& context) {
  std::vector<std::vector<int64_t>> above;
  for (const std::vector<float>& scores : rankings.scores) above.emplace_back(scores.size(), 0);
  search::ForEachSimilarityBlock(queries, distractors, context, [&](const search::SimilarityBlock& block) {
    ParallelFor(block.values.rows(), context.ThreadCount(), [&](int64_t i) {
      const auto query = ToIndex(block.first_query + i);
      const std::vector<float>& scores = rankings.scores[query];
      for (int64_t j = 0; j < block.values.cols(); ++j) {
        // The first place whose score the distractor exceeds. It exceeds all later ones too, which the sums
        // below add.
        const auto place =
            std::upper_bound(scores.begin(), scores.end(), block.values(i, j), std::greater<float>());
        if (place != scores.end()) ++above[query][ToIndex(place - scores.begin())];
      }
    });
  });
  for (std::vector<int64_t>& counts : above) {
    for (size_t place = 1; place < counts.size(); ++place) counts[place] += counts[place - 1];
  }
  return above;
}

DistractorCounts CountDistractorsInFiles(const DatabaseRankings& rankings, const DescriptorMatrix& queries,
                                         const std::vector<std::string>& files,
                                         const DescriptorProvenance& provenance, const std::string& source,
                                         const RunContext& context, bool normalise) {
  DistractorCounts counts;
  for (const std::string& file : files) {
    const DescriptorDatabase distractors(file, {.normalise = normalise});
    CheckComparable(distractors.provenance(), file, provenance, source);
    counts.photos += distractors.size();
    const auto above = CountDistractorsAbove(rankings, queries, distractors, context);
    counts.above.resize(above.size());
    for (size_t q = 0; q < above.size(); ++q) {
      counts.above[q].resize(above[q].size());
      for (size_t place = 0; place < above[q].size(); ++place) counts.above[q][place] += above[q][place];
    }
  }
  return counts;
}

}  // namespace vantage

// SPDX-License-Identifier: BSD-3-Clause
#include <optional>

#include "evaluation/protocols/protocols.h"
#include "util/check.h"
#include "util/file.h"
#include "util/index.h"
#include "util/rethrow.h"
#include "vantage/photos.h"

namespace vantage {

namespace fs = std::filesystem;

Benchmark ReadClassFolders(const fs::path& folder, int query_every) try {
  VANTAGE_CHECK(query_every >= 1, "every ", query_every, "-th photo a query");
  Benchmark benchmark;
  benchmark.name = FolderName(folder);
  for (const auto& [name, paths] : PhotosByClass(folder)) {
    const auto first = std::ssize(benchmark.photos);
    for (const fs::path& path : paths) benchmark.photos.push_back(folder / name / path);
    const auto end = std::ssize(benchmark.photos);
    for (int64_t row = first; row < end && end - first > 1; ++row) {
      if (row % query_every != 0) continue;
      BenchmarkQuery query{benchmark.photos[ToIndex(row)], std::nullopt, {{}, {row}}, row, {}};
      for (int64_t other = first; other < end; ++other) {
        if (other != row) query.relevance.positives.push_back(other);
      }
      benchmark.queries.push_back(std::move(query));
    }
  }
  VANTAGE_CHECK(!benchmark.queries.empty(), folder.string(),
                ": no query: a benchmark has a sub-folder for each class, with two photos or more");
  return benchmark;
} catch (...) {
  RethrowAsError();
}

Protocol evaluation::ClassFolders() {
  return {
      .name = "folder",
      .help = "sub-folders are classes",
      .read =
          [](const BenchmarkSource& source) { return ReadClassFolders(source.folder, source.query_every); },
      .recognises = [](const fs::path&) { return true; }};
}

}  // namespace vantage

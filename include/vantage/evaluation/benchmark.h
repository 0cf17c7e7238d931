// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "vantage/evaluation/average_precision.h"
#include "vantage/image/image.h"
#include "vantage/search/descriptors.h"
#include "vantage/util/run_context.h"

namespace vantage {

struct BenchmarkQuery {
  std::filesystem::path photo;
  // The part of the photo that is asked for; pixels.
  std::optional<Box> box;
  Relevance relevance;
  // The photo's own row in the database, where it is there.
  std::optional<int64_t> row;
};

// Photos to search and what each query should find among them.
struct Benchmark {
  std::string name;
  std::vector<std::filesystem::path> photos;  // the database
  std::vector<BenchmarkQuery> queries;
};

// A folder whose sub-folders are classes: every `query_every`-th photo (in the order of their paths, from the
// first) is a query; photos of its class are its positives, itself left out. Photos outside sub-folders
// belong to no class. Throws Error where there is no folder, or no class of two photos.
Benchmark ReadClassFolders(const std::filesystem::path& folder, int query_every = 1);

// A folder with `queries.json` (a list of {"query", "bbx": [left, top, right, bottom], "ok": [...], "junk":
// [...]}, photos named with or without extension) and the photos of the database beside it; `images.json`
// ({"imlist": [...]}), where there is one, names them. Throws Error naming the file and the photo where one
// is missing.
Benchmark ReadBoxedQueries(const std::filesystem::path& folder);

// Adds the photos below the folder to the database; they are right for no query.
void AddDistractors(Benchmark& benchmark, const std::filesystem::path& folder);

// Ground truth as cirtorch's and revisitop's gnd_*.pkl hold it.
struct PickledGroundTruth {
  std::vector<std::string> image_names;  // of the database
  std::vector<std::string> query_names;
  struct Query {
    std::vector<double> box;
    std::vector<int64_t> ok;    // classic
    std::vector<int64_t> easy;  // revisited
    std::vector<int64_t> hard;
    std::vector<int64_t> junk;
  };
  std::vector<Query> queries;
};
PickledGroundTruth ReadPickledGroundTruth(const std::filesystem::path& path);

// The revisited protocol's three tasks (Radenović et al., CVPR 2018, section 3): what counts and what is
// ignored.
enum class RevisitedTask { kEasy, kMedium, kHard };
Relevance RevisitedRelevance(const PickledGroundTruth::Query& query, RevisitedTask task);

// Ranks the database for each query by inner product and judges the rankings.
// queries: one row for each of the benchmark's queries; database: one row for each of its photos. A photo
// without descriptor has a row of zeros.
RetrievalScores EvaluateDescriptors(const Benchmark& benchmark, const DescriptorMatrix& queries,
                                    const DescriptorMatrix& database, const RunContext& context = {});

}  // namespace vantage

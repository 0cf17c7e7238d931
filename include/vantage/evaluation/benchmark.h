// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "vantage/descriptors/descriptors.h"
#include "vantage/evaluation/average_precision.h"
#include "vantage/image/image.h"
#include "vantage/util/run_context.h"

namespace vantage {

struct BenchmarkQuery {
  std::filesystem::path photo;
  // The part of the photo that is asked for; pixels.
  std::optional<Box> box;
  Relevance relevance;
  // The photo's own row in the database, where it is there.
  std::optional<int64_t> row;
  // Of a benchmark with several tasks, what counts in each; `relevance` is then the main task's.
  std::vector<Relevance> by_task;
};

// Photos to search and what each query should find among them.
struct Benchmark {
  std::string name;
  std::vector<std::filesystem::path> photos;  // the database
  // What each photo is turned by before it is described, degrees clockwise: 0, 90, 180 or 270. Empty: none
  // is.
  std::vector<int> turns = {};
  std::vector<BenchmarkQuery> queries;
  // Names of the tasks where there are several: E, M, H of the revisited protocol.
  std::vector<std::string> tasks;
  // Photos that belong to the benchmark and are not there: without them a figure is not the benchmark's.
  std::vector<std::string> missing;
};

// What each query should find in a task (0 where there is one only).
std::vector<Relevance> TaskRelevances(const Benchmark& benchmark, size_t task);

// Leaves a query without positives in all tasks, so that it does not count.
void LeaveOut(BenchmarkQuery& query);

// A folder whose sub-folders are classes: every `query_every`-th photo (in the order of their paths, from the
// first) is a query; photos of its class are its positives, itself left out. Photos outside sub-folders
// belong to no class. Throws Error where there is no folder, or no class of two photos.
Benchmark ReadClassFolders(const std::filesystem::path& folder, int query_every = 1);

// A folder with `queries.json` (a list of {"query", "bbx": [left, top, right, bottom], "ok": [...], "junk":
// [...]}, photos named with or without extension) and the photos of the database beside it; `images.json`
// ({"imlist": [...]}), where there is one, names them. A query in the database is junk for itself unless
// its "ok" names it. Throws Error naming the file and the photo where one is missing.
Benchmark ReadBoxedQueries(const std::filesystem::path& folder);

// Reads what photos are turned by, a line "NAME DEGREES" each (clockwise; 0, 90, 180, 270 or -90), into
// Benchmark::turns; names as PhotoFinder finds them. Throws Error naming file and line where a name is none
// of the benchmark's photos (unless some of its photos are missing) or stands there twice, or the photo is a
// query with a box.
void ReadTurns(Benchmark& benchmark, const std::filesystem::path& path);

// Adds the photos below the folder to the database; they are right for no query.
void AddDistractors(Benchmark& benchmark, const std::filesystem::path& folder);

// Ranks the database for each query by inner product and judges the rankings by the main task.
// queries: one row for each of the benchmark's queries; database: one row for each of its photos. A photo
// without descriptor has a row of zeros.
RetrievalScores EvaluateDescriptors(const Benchmark& benchmark, const DescriptorMatrix& queries,
                                    const DescriptorMatrix& database, const RunContext& context = {});

}  // namespace vantage

// SPDX-License-Identifier: BSD-3-Clause
#include <chrono>
#include <optional>
#include <system_error>
#include <utility>

#include "evaluation/saved_descriptors.h"
#include "util/check.h"
#include "util/rethrow.h"
#include "util/stopwatch.h"
#include "vantage/descriptors.h"
#include "vantage/evaluation.h"
#include "vantage/photos.h"

namespace vantage {
namespace {

namespace fs = std::filesystem;

// Photos named in descriptor files: the database's, then queries that are not in the database.
PhotoFinder PhotosOfFiles(const std::vector<std::string>& database, const std::vector<std::string>& queries) {
  std::vector<fs::path> names(database.begin(), database.end());
  const PhotoFinder known(names);
  for (const std::string& name : queries) {
    if (!known.Find(name)) names.emplace_back(name);
  }
  return PhotoFinder(std::move(names));
}

// Whether both paths name the same descriptor file; NAME.json counts as NAME.npy.
bool IsSameFile(const std::string& a, const std::string& b) {
  const auto values = [](const fs::path& path) {
    return path.extension() == ".json" ? fs::path(path).replace_extension(".npy") : path;
  };
  std::error_code error;
  return fs::equivalent(values(a), values(b), error);
}

bool HasNone(const DescriptorMatrix& values, size_t row) {
  return values.row(static_cast<Eigen::Index>(row)).isZero(0);
}

void WriteRows(const std::vector<std::string>& names, const DescriptorMatrix& values,
               const DescriptorProvenance& provenance, const std::string& path) {
  DescriptorFile file{{}, {}, provenance};
  std::vector<int64_t> rows;
  for (size_t i = 0; i < names.size(); ++i) {
    if (HasNone(values, i)) {
      file.failed.push_back({names[i], names[i] + ": could not be described"});
    } else {
      file.descriptors.names.push_back(names[i]);
      rows.push_back(static_cast<int64_t>(i));
    }
  }
  file.descriptors.values = values(rows, Eigen::all);
  WriteDescriptors(file, path);
}

}  // namespace

DescribedBenchmark ReadDescribedBenchmark(const Protocol& protocol, const BenchmarkSource& source,
                                          const BenchmarkFiles& files) try {
  const DescriptorFile file = ReadDescriptors(files.photos, files.reading);
  const DescriptorFile queries =
      files.queries.empty() ? DescriptorFile() : ReadDescriptors(files.queries, files.reading_queries);
  BenchmarkSource described = source;
  described.photos = [&] { return PhotosOfFiles(file.descriptors.names, queries.descriptors.names); };
  DescribedBenchmark input{ReadBenchmark(protocol, described), {}, file.provenance};
  WarnUnlessUnitLength(file.descriptors.values, files.photos);
  if (!files.queries.empty()) {
    CheckComparable(queries.provenance, files.queries, file.provenance, files.photos);
    WarnUnlessUnitLength(queries.descriptors.values, files.queries);
  }
  evaluation::SavedDescriptors saved =
      evaluation::TakeDescriptors(input.benchmark, file, files.queries.empty() ? nullptr : &queries,
                                  {source.folder, files.photos, files.queries, files.take_distractors});
  input.described = {std::move(saved.queries), std::move(saved.database), std::move(saved.failed)};
  input.left_out = saved.left_out;
  LeaveOutFailed(input);
  return input;
} catch (...) {
  RethrowAsError();
}

void LeaveOutFailed(DescribedBenchmark& input) {
  Benchmark& benchmark = input.benchmark;
  for (size_t q = 0; q < benchmark.queries.size(); ++q) {
    if (!HasNone(input.described.queries, q)) continue;
    LeaveOut(benchmark.queries[q]);
    if (benchmark.has_fixed_photos) benchmark.missing.push_back(benchmark.queries[q].photo.string());
  }
  if (!benchmark.has_fixed_photos) return;
  for (size_t row = 0; row < benchmark.photos.size(); ++row) {
    if (HasNone(input.described.database, row)) benchmark.missing.push_back(benchmark.photos[row].string());
  }
}

void CheckComplete(const Benchmark& benchmark) {
  VANTAGE_CHECK(benchmark.missing.empty(), benchmark.name, ": ", benchmark.missing.size(),
                " photos are missing: ", SomeOf(benchmark.missing),
                "; without them the figure is not the benchmark's (--partial judges the existing photos)");
}

std::string QueriesPath(const std::string& path) { return path + "-queries"; }

void WriteDescribedBenchmark(const DescribedBenchmark& input, const fs::path& folder,
                             const std::string& path) try {
  std::vector<std::string> names;
  for (const fs::path& photo : input.benchmark.photos) names.push_back(PhotoName(photo, folder));
  WriteRows(names, input.described.database, input.provenance, path);
  WriteRows(evaluation::QueryNames(input.benchmark, folder), input.described.queries, input.provenance,
            QueriesPath(path));
} catch (...) {
  RethrowAsError();
}

Distractors SortDistractors(const std::vector<std::string>& paths, const std::string& own) try {
  Distractors distractors;
  for (const std::string& path : paths) {
    if (!IsDescriptorPath(path)) {
      VANTAGE_CHECK(fs::is_directory(path), path, ": no such folder");
      distractors.folders.push_back(path);
      continue;
    }
    if (IsSameFile(path, own)) {
      distractors.is_own = true;
    } else {
      const DescriptorDatabase readable(path);
      distractors.files.push_back(path);
    }
  }
  return distractors;
} catch (...) {
  RethrowAsError();
}

void CheckEvaluateOptions(const EvaluateOptions& options) {
  CheckOptions(options.search);
  if (!options.search.stages.empty() && !options.distractor_files.empty()) {
    throw UsageError(
        "--distractors: a file of descriptors goes with plain search (no --stage); put it and the "
        "benchmark's together "
        "(vantage merge) and name the merged file twice, as descriptors and with --distractors");
  }
}

Evaluation EvaluateBenchmark(const DescribedBenchmark& input, const fs::path& folder,
                             const std::string& source, const EvaluateOptions& options,
                             const RunContext& context) {
  CheckEvaluateOptions(options);
  const DescriptorMatrix& queries = input.described.queries;
  VANTAGE_CHECK(queries.rows() == std::ssize(input.benchmark.queries) &&
                    input.described.database.rows() == std::ssize(input.benchmark.photos),
                "evaluation: ", queries.rows(), " query and ", input.described.database.rows(),
                " database descriptors for ", input.benchmark.queries.size(), " queries and ",
                input.benchmark.photos.size(), " photos");
  Evaluation evaluation;
  const auto start = std::chrono::steady_clock::now();
  const DatabaseRankings rankings =
      RankDatabase(queries, input.described.database,
                   {options.search,
                    {.own = OwnRowsOf(input.benchmark), .photos = PhotosOf(input.benchmark, folder)},
                    WantedCount(input.benchmark, options.shown)},
                   context);
  evaluation.search_seconds = SecondsSince(start);
  const DistractorCounts distractors = CountDistractorsInFiles(
      rankings, queries, options.distractor_files, input.provenance, source, context, options.normalise);
  evaluation.results = JudgeRankings(input.benchmark, folder, rankings, options.shown, distractors.above);
  evaluation.results.source = source;
  evaluation.results.photos += distractors.photos;
  return evaluation;
}

}  // namespace vantage

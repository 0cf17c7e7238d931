// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "vantage/evaluation/average_precision.h"
#include "vantage/evaluation/benchmark.h"
#include "vantage/evaluation/ranking.h"
#include "vantage/evaluation/statistics.h"

namespace vantage {

enum class ResultKind { kPositive, kNegative, kJunk };

// A place of a ranking.
struct RankedPhoto {
  std::string name;  // as PhotoName gives it
  ResultKind kind = ResultKind::kNegative;
  double score = 0;  // NaN: not known
};

// What a query found, as one task judges it.
struct QueryResult {
  std::string task;  // E, M, H; "" where there is one task
  std::string query;
  int64_t positives = 0;
  double average_precision = 0;              // [0, 1]; NaN: has no positives
  std::optional<Box> box = {};               // what was asked for, pixels
  std::vector<int64_t> positive_ranks = {};  // as PositiveRanks gives them
  // The first of the ranking, junk with them. The query's own photo, where it is junk, is not among them.
  std::vector<RankedPhoto> first = {};
};

// What one evaluation found, with all that a page shows of it and another run is compared by.
struct EvaluationResults {
  std::string benchmark;
  std::string source;                // the model or descriptors that were evaluated
  int64_t photos = 0;                // that were searched, distractors with them
  std::vector<std::string> missing;  // Benchmark::missing
  // False where only average precisions are known, as of a file of FormatQueryResults.
  bool has_rankings = true;
  std::vector<std::string> tasks;    // {""} where there is one
  std::vector<QueryResult> queries;  // task by task, in the same order in each
};

// How results call a photo: its path below the benchmark's folder, or as it is.
std::string PhotoName(const std::filesystem::path& photo, const std::filesystem::path& folder);

// "a, b, c and 12 more": at most ten of the names.
std::string SomeOf(const std::vector<std::string>& names);

// Judges one ranking a query in all tasks. folder: the benchmark's. shown: of each ranking the first so many
// are kept. distractors_above: as ScoreRankings takes them, or empty; those photos are not among the first.
EvaluationResults JudgeRankings(const Benchmark& benchmark, const std::filesystem::path& folder,
                                const DatabaseRankings& rankings, int64_t shown,
                                const std::vector<std::vector<int64_t>>& distractors_above = {});

// The queries of a task.
std::vector<QueryResult> QueriesOfTask(const EvaluationResults& results, const std::string& task);

// The task's figures; of results without rankings the average precisions and their mean alone.
RetrievalScores ScoresOfTask(const EvaluationResults& results, const std::string& task);

// The mean over the task's queries of InterpolatedPrecision; empty of results without rankings, or without
// judged queries.
std::vector<double> MeanInterpolatedPrecision(const EvaluationResults& results, const std::string& task,
                                              int levels);

// JSON with all of the results.
std::string FormatResults(const EvaluationResults& results);
// Reads that, or a file of FormatQueryResults. Throws Error naming the file and the place.
EvaluationResults ReadResults(const std::filesystem::path& path);

// CSV with a head line: task, query, positives, average_precision (in full precision, nan where there is
// none).
std::string FormatQueryResults(const std::vector<QueryResult>& results);
// Throws Error naming source and line.
std::vector<QueryResult> ParseQueryResults(const std::string& text, const std::string& source);

// Two runs' results of one query; the first is null where it is not known.
struct QueryPair {
  const QueryResult* first = nullptr;
  const QueryResult* second = nullptr;
};

// The same queries of two runs in the order of the second; queries are matched by their tasks and names,
// those of one photo with several boxes by their order. Throws Error naming the query where a run lacks one,
// or asks for other positives.
std::vector<QueryPair> PairQueries(const std::vector<QueryResult>& first, const std::string& first_source,
                                   const std::vector<QueryResult>& second);

struct TaskComparison {
  std::string task;
  PairedComparison comparison;
};

// Compares two runs task by task. Throws Error as PairQueries does.
std::vector<TaskComparison> CompareRuns(const std::vector<QueryResult>& first,
                                        const std::string& first_source,
                                        const std::vector<QueryResult>& second,
                                        const StatisticsOptions& options);

}  // namespace vantage

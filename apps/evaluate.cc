// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <cmath>
#include <filesystem>
#include <limits>
#include <nlohmann/json.hpp>

#include "benchmark_input.h"
#include "command_line.h"
#include "evaluation_page.h"
#include "model_arguments.h"
#include "session.h"
#include "vantage/evaluation/holidays.h"
#include "vantage/evaluation/ranking.h"
#include "vantage/evaluation/statistics.h"
#include "vantage/features/photo_matcher.h"
#include "vantage/util/error.h"
#include "vantage/util/file.h"
#include "vantage/util/log.h"

namespace vantage {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

std::string Percent(double share) { return FormatFixed(100 * share, 2); }

// JSON has no NaN.
json NumberOrNull(double value) { return std::isnan(value) ? json(nullptr) : json(value); }

json ByK(const std::map<int, double>& values) {
  json result = json::object();
  for (const auto& [k, value] : values) result[std::to_string(k)] = NumberOrNull(value);
  return result;
}

int64_t Judged(const RetrievalScores& scores) {
  return std::count_if(scores.average_precisions.begin(), scores.average_precisions.end(),
                       [](double ap) { return !std::isnan(ap); });
}

class EvaluateCommand : public Command {
 public:
  EvaluateCommand() {
    Describe(description_, search_);
    Describe(description_, statistics_);
    Describe(description_, features_);
    Describe(description_, match_);
    Describe(description_, report_options_);
  }

  std::string Name() const override { return "evaluate"; }
  std::string Summary() const override {
    return "Search a benchmark's queries in its photos and print the figures";
  }

  void Declare(CommandLine& line) override {
    model_.Declare(
        line, "MODEL_OR_DESCRIPTORS",
        "Model, or descriptors (.npy, .h5) of the benchmark's photos, or ranked lists in the format "
        "of Holidays (.txt)");
    benchmark_.Declare(line);
    line.Option("--per-query", per_query_, "CSV file to write: the average precision of each query");
    line.Option("--compare", compare_,
                "File that another run wrote with --per-query: compare query by query, with a paired test");
    line.Option(
        "--report", report_,
        "HTML file to write: figures, all queries' average precision, the worst and best with what they "
        "found");
    line.Option(
        "--rerank", rerank_,
        "Look closer at so many of each query's first: those whose local features agree in one geometry "
        "come first, by the number of features that do");
    line.Options(description_);
    line.Example("vantage evaluate model.pth --data landmarks/ --distractors streets/");
    line.Example("vantage evaluate model.pth --benchmark roxford5k --data oxford5k/ --per-query run.csv");
  }

  void Run(Session& session) override {
    if (fs::path(model_.path).extension() == ".txt") return JudgeResults(session);
    const bool plain = search_.expansion.kind == "none" && search_.augmentation.neighbors == 0 &&
                       !search_.diffusion.enabled && search_.superglobal.count == 0 && rerank_ == 0;
    if (!plain && !benchmark_.DistractorFiles().empty()) {
      throw UsageError(
          "--distractors: a file of descriptors goes with plain search; put it and the benchmark's "
          "together (vantage merge) to search in both");
    }
    BenchmarkInput input = benchmark_.Read(model_, session);
    const DatabaseRankings rankings =
        RankDatabase(input.described.queries, input.described.database, session.context(), search_,
                     GeometricReranking(input.benchmark));
    const std::vector<TaskScores> scores = Score(input, rankings, session.context());
    std::vector<QueryResult> queries;
    for (size_t task = 0; task < scores.size(); ++task) AppendQueries(input, task, scores[task], queries);
    if (!report_.empty()) WritePage(input, scores, rankings, session.context());
    Print(session, input, scores, queries);
  }

 private:
  std::vector<TaskScores> Score(const BenchmarkInput& input, const DatabaseRankings& rankings,
                                const RunContext& context) {
    std::vector<std::vector<int64_t>> above;
    for (const std::string& path : benchmark_.DistractorFiles()) {
      const DescriptorDatabase distractors(path);
      CheckSameModel(distractors.provenance(), path, input.provenance, model_.path);
      distractors_ += distractors.size();
      const auto counts = CountDistractorsAbove(rankings, input.described.queries, distractors, context);
      if (above.empty()) above.resize(counts.size());
      for (size_t q = 0; q < counts.size(); ++q) {
        above[q].resize(counts[q].size());
        for (size_t i = 0; i < counts[q].size(); ++i) above[q][i] += counts[q][i];
      }
    }
    const Benchmark& benchmark = input.benchmark;
    std::vector<TaskScores> scores;
    for (size_t task = 0; task < std::max<size_t>(1, benchmark.tasks.size()); ++task) {
      scores.push_back({benchmark.tasks.empty() ? "" : benchmark.tasks[task],
                        ScoreRankings(rankings.rows, TaskRelevances(benchmark, task), {1, 5, 10}, above)});
    }
    return scores;
  }

  Reranking GeometricReranking(const Benchmark& benchmark) const {
    if (rerank_ <= 0) return {};
    const auto matcher = std::make_shared<PhotoMatcher>(features_, match_);
    return {rerank_, [matcher, folder = fs::path(benchmark_.data()), &benchmark](size_t query, int64_t row) {
              const BenchmarkQuery& asked = benchmark.queries[query];
              if (asked.row && *asked.row == row && !asked.box) return std::numeric_limits<int64_t>::max();
              return matcher->Inliers(PhotoPath(asked.photo, folder),
                                      PhotoPath(benchmark.photos[static_cast<size_t>(row)], folder),
                                      asked.box);
            }};
  }

  void WritePage(const BenchmarkInput& input, const std::vector<TaskScores>& tasks,
                 const DatabaseRankings& rankings, const RunContext& context) const {
    EvaluationReport report;
    report.name = input.benchmark.name;
    if (!input.benchmark.missing.empty()) {
      report.notes.push_back(
          StrCat("Partial, not the benchmark's figure. Missing: ", SomeOf(input.benchmark.missing)));
    }
    for (const TaskScores& task : tasks) {
      const Interval interval = BootstrapMean(task.scores.average_precisions, statistics_);
      const std::string suffix = task.name.empty() ? "" : " " + task.name;
      report.figures.push_back(
          {Percent(task.scores.mean_average_precision), "mAP" + suffix,
           StrCat(Percent(interval.low), " to ", Percent(interval.high), " (", FormatConfidence(), ")")});
      for (const auto& [k, precision] : task.scores.mean_precision_at) {
        report.figures.push_back({Percent(precision), StrCat("mP@", k, suffix), ""});
      }
    }
    report.queries = EvaluatedQueries(input, tasks, rankings, report_options_.results, benchmark_.data());
    for (const std::string& reason :
         WriteEvaluationReport(report, report_options_, report_, context).unreadable) {
      LogWarning("not in the page: ", reason);
    }
  }

  std::string FormatConfidence() const { return FormatFixed(100 * statistics_.confidence, 0) + " %"; }

  void AppendQueries(const BenchmarkInput& input, size_t task, const TaskScores& scores,
                     std::vector<QueryResult>& queries) const {
    const std::vector<Relevance> relevances = TaskRelevances(input.benchmark, task);
    for (size_t q = 0; q < relevances.size(); ++q) {
      queries.push_back({scores.name, PhotoName(input.benchmark.queries[q].photo, benchmark_.data()),
                         static_cast<int64_t>(relevances[q].positives.size()),
                         scores.scores.average_precisions[q]});
    }
  }

  // Ranked lists that another program made, as INRIA's package judges them.
  void JudgeResults(Session& session) {
    if (!benchmark_.IsHolidays()) {
      throw UsageError(StrCat(model_.path, ": ranked lists (.txt) are judged with --benchmark holidays"));
    }
    const std::vector<std::string> names = benchmark_.HolidaysList();
    VANTAGE_CHECK(!names.empty(), benchmark_.data(),
                  ": no holidays_images.dat, which names the benchmark's photos (--ground-truth)");
    BenchmarkInput input;
    input.benchmark.name = "holidays";
    input.benchmark.photos.assign(names.begin(), names.end());
    TaskScores scores{"", ScoreHolidaysResults(ReadHolidaysResults(model_.path), names, model_.path)};
    std::vector<QueryResult> queries;
    for (const std::string& name : names) {
      if (!fs::path(name).stem().string().ends_with("00")) continue;
      const auto of_group = [&](const std::string& other) { return other.substr(0, 4) == name.substr(0, 4); };
      const int64_t group = std::count_if(names.begin(), names.end(), of_group);
      queries.push_back({"", name, group - 1, scores.scores.average_precisions[queries.size()]});
    }
    input.benchmark.queries.resize(queries.size());
    Print(session, input, {scores}, queries);
  }

  void Print(Session& session, const BenchmarkInput& input, const std::vector<TaskScores>& tasks,
             const std::vector<QueryResult>& queries) {
    const Benchmark& benchmark = input.benchmark;
    const int64_t photos = static_cast<int64_t>(benchmark.photos.size()) + distractors_;
    // The revisited protocol's main task is M, the second.
    const RetrievalScores& main = tasks[tasks.size() > 1 ? 1 : 0].scores;
    json result = {{"benchmark", benchmark.name},
                   {"queries", benchmark.queries.size()},
                   {"photos", photos},
                   {"dimension", input.described.database.cols()},
                   {"map", NumberOrNull(main.mean_average_precision)},
                   {"mean_precision_at", ByK(main.mean_precision_at)},
                   {"recall_at", ByK(main.recall_at)},
                   {"failed", input.described.failed},
                   {"partial", !benchmark.missing.empty()},
                   {"missing", benchmark.missing}};
    std::vector<std::vector<std::string>> table = {
        {"benchmark", "queries", "photos", "mAP", FormatConfidence()}};
    for (const auto& [k, unused] : main.mean_precision_at) table[0].push_back(StrCat("mP@", k));
    for (const TaskScores& task : tasks) {
      const Interval interval = BootstrapMean(task.scores.average_precisions, statistics_);
      const std::string name = benchmark.name + (task.name.empty() ? "" : " " + task.name) +
                               (benchmark.missing.empty() ? "" : " (partial)");
      table.push_back({name, std::to_string(Judged(task.scores)), std::to_string(photos),
                       Percent(task.scores.mean_average_precision),
                       StrCat(Percent(interval.low), " to ", Percent(interval.high))});
      for (const auto& [k, precision] : task.scores.mean_precision_at)
        table.back().push_back(Percent(precision));
      result["tasks"][task.name.empty() ? "all" : task.name] = {
          {"map", NumberOrNull(task.scores.mean_average_precision)},
          {"interval", {NumberOrNull(interval.low), NumberOrNull(interval.high)}},
          {"judged_queries", Judged(task.scores)},
          {"mean_precision_at", ByK(task.scores.mean_precision_at)}};
    }
    std::string text = FormatTable(table);
    const int64_t left_out = static_cast<int64_t>(benchmark.queries.size()) - Judged(main);
    if (left_out > 0) text += StrCat(left_out, " queries have no positives and do not count\n");
    if (!benchmark.missing.empty()) {
      text += StrCat("partial, not the benchmark's figure; missing: ", SomeOf(benchmark.missing), "\n");
    }
    if (!input.described.failed.empty()) text += StrCat(input.described.failed.size(), " photos skipped:\n");
    for (const std::string& reason : input.described.failed) text += "  " + reason + "\n";
    if (!compare_.empty()) text += Compare(queries, result);
    if (!per_query_.empty()) WriteFile(per_query_, FormatQueryResults(queries));
    session.PrintResult(result, text);
  }

  std::string Compare(const std::vector<QueryResult>& queries, json& result) const {
    std::string text;
    for (const auto& [task, comparison] :
         CompareRuns(ParseQueryResults(ReadFile(compare_), compare_), compare_, queries, statistics_)) {
      text += StrCat("against ", compare_, task.empty() ? "" : " " + task, ": mAP ",
                     comparison.mean_difference < 0 ? "" : "+", Percent(comparison.mean_difference), " (",
                     Percent(comparison.interval.low), " to ", Percent(comparison.interval.high),
                     "), p = ", FormatFixed(comparison.p_value, 4), "; ", comparison.better,
                     " queries better, ", comparison.worse, " worse of ", comparison.queries, "\n");
      result["comparison"][task.empty() ? "all" : task] = {
          {"mean_difference", comparison.mean_difference},
          {"interval", {comparison.interval.low, comparison.interval.high}},
          {"p_value", comparison.p_value},
          {"better", comparison.better},
          {"worse", comparison.worse},
          {"queries", comparison.queries}};
    }
    return text;
  }

  ModelArguments model_;
  BenchmarkArguments benchmark_;
  std::string per_query_;
  std::string compare_;
  StatisticsOptions statistics_;
  SearchOptions search_;
  int rerank_ = 0;
  FeatureOptions features_;
  MatchOptions match_;
  std::string report_;
  EvaluationReportOptions report_options_;
  OptionsDescription description_;
  int64_t distractors_ = 0;  // read from files
};

}  // namespace

std::unique_ptr<Command> MakeEvaluateCommand() { return std::make_unique<EvaluateCommand>(); }

}  // namespace vantage

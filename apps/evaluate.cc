// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>

#include "benchmark_input.h"
#include "command_line.h"
#include "model_arguments.h"
#include "report/evaluation_report.h"
#include "serialize/json.h"
#include "session.h"
#include "util/check.h"
#include "util/file.h"
#include "util/log.h"
#include "vantage/evaluation.h"
#include "vantage/matching.h"
#include "vantage/run_context.h"

namespace vantage::cli {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

std::string Percent(double share) { return FormatFixed(100 * share, 2); }

json ByK(const std::map<int, double>& values) {
  json result = json::object();
  for (const auto& [k, value] : values) result[std::to_string(k)] = serialize::NumberOrNull(value);
  return result;
}

int64_t Judged(const RetrievalScores& scores) {
  return std::count_if(scores.average_precisions.begin(), scores.average_precisions.end(),
                       [](double ap) { return !std::isnan(ap); });
}

class EvaluateCommand : public Command {
 public:
  EvaluateCommand() {
    Declare(description_, search_);
    Declare(description_, statistics_);
    Declare(description_, features_);
    Declare(description_, match_);
    Declare(description_, report_options_);
  }

  std::string Name() const override { return "evaluate"; }
  std::string Summary() const override {
    return "Search a benchmark's queries in its photos and print the figures";
  }

  void AddArguments(CommandLine& line) override {
    model_.AddTo(line, "MODEL_OR_DESCRIPTORS",
                 "Model, or descriptors (.npy, .h5) of the benchmark's photos, or ranked lists in the format "
                 "of Holidays (.txt)");
    benchmark_.AddTo(line);
    line.Option("--per-query", per_query_, "CSV file to write: the average precision of each query");
    line.Option("--save-results", save_results_,
                "JSON file to write: all that --report shows of this run, for another's --compare");
    line.Option(
        "--compare", compare_,
        "File that another run wrote with --save-results or --per-query: compare query by query, with a "
        "paired test; with --report side by side");
    line.Option(
        "--report", report_,
        "HTML file to write: figures, precision against recall, all queries' average precision, the worst "
        "and best with what they found; with --compare both runs");
    line.Option(
        "--rerank", rerank_,
        "Look closer at so many of each query's first: those whose local features agree in one geometry "
        "come first, by the number of features that do");
    line.Options(description_);
    line.Example("vantage evaluate model.pth --data landmarks/ --distractors streets/");
    line.Example("vantage evaluate model.pth --benchmark roxford5k --data oxford5k/ --per-query run.csv");
  }

  void Run(Session& session) override {
    CheckOutputs(session);
    benchmark_.CheckInputs();
    if (!compare_.empty()) other_ = ReadResults(compare_);
    if (fs::path(model_.path).extension() == ".txt") return JudgeLists(session);
    const bool plain = search_.expansion.kind == "none" && search_.augmentation.neighbors == 0 &&
                       !search_.diffusion.enabled && search_.superglobal.count == 0 && rerank_ == 0;
    if (!plain && !benchmark_.DistractorFiles(model_.path).empty()) {
      throw UsageError(
          "--distractors: a file of descriptors goes with plain search; put it and the benchmark's together "
          "(vantage merge) and name the merged file twice, as descriptors and with --distractors");
    }
    const BenchmarkInput input = benchmark_.Read(model_, session);
    const DescriptorMatrix& queries = input.described.queries;
    const auto start = std::chrono::steady_clock::now();
    const DatabaseRankings rankings =
        RankDatabase(queries, input.described.database, session.context(), search_, Closer(input.benchmark),
                     OwnRowsOf(input.benchmark));
    search_seconds_ = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    const DistractorCounts distractors =
        CountDistractorsInFiles(rankings, queries, benchmark_.DistractorFiles(model_.path), input.provenance,
                                model_.path, session.context());
    EvaluationResults results = JudgeRankings(input.benchmark, benchmark_.data(), rankings,
                                              report_options_.results, distractors.above);
    results.source = model_.path;
    results.photos += distractors.photos;
    left_out_ = input.left_out;
    Finish(session, results, input.described);
  }

 private:
  void CheckOutputs(Session& session) const {
    const OutputRules rules =
        session.Rules({model_.path, compare_, benchmark_.data(), benchmark_.data() + "/queries.json"});
    if (!per_query_.empty()) CheckOutput(per_query_, file_kinds::kText, rules);
    if (!save_results_.empty()) CheckOutput(save_results_, file_kinds::kResults, rules);
    if (!report_.empty()) CheckOutput(report_, file_kinds::kPage, rules);
    benchmark_.CheckOutputs(rules);
  }

  Reranking Closer(const Benchmark& benchmark) const {
    if (rerank_ <= 0) return {};
    const auto matcher = std::make_shared<PhotoMatcher>(features_, match_);
    return RerankByInliers(
        benchmark, benchmark_.data(), rerank_,
        [matcher](const fs::path& query, const fs::path& photo, const std::optional<Box>& box) {
          return matcher->Inliers(query, photo, box);
        });
  }

  // Ranked lists that another program made, as INRIA's package judges them.
  void JudgeLists(Session& session) const {
    if (!benchmark_.IsHolidays()) {
      throw UsageError(StrCat(model_.path, ": ranked lists (.txt) are judged with --benchmark holidays"));
    }
    const std::vector<std::string> names = benchmark_.HolidaysList();
    VANTAGE_CHECK(!names.empty(), benchmark_.data(),
                  ": no holidays_images.dat, which names the benchmark's photos (--ground-truth)");
    Finish(
        session,
        JudgeHolidaysResults(ReadHolidaysResults(model_.path), names, model_.path, report_options_.results),
        {});
  }

  // Writes what was asked for and prints the figures.
  void Finish(Session& session, const EvaluationResults& results,
              const BenchmarkDescriptors& described) const {
    std::vector<TaskComparison> comparisons;
    if (other_) comparisons = CompareRuns(other_->queries, compare_, results.queries, statistics_);
    if (!per_query_.empty()) WriteFile(per_query_, FormatQueryResults(results.queries));
    if (!save_results_.empty()) WriteFile(save_results_, FormatResults(results));
    if (!report_.empty())
      WritePage({results, other_, fs::path(compare_).filename().string(), benchmark_.data(), statistics_},
                session);
    session.PrintResult(ToJson(results, described, comparisons), Text(results, described, comparisons));
  }

  void WritePage(const report::EvaluationReport& report, Session& session) const {
    for (const std::string& reason :
         report::WriteEvaluationReport(report, report_options_, report_, session.context()).unreadable) {
      LogWarning("not in the page: ", reason);
    }
  }

  // The revisited protocol's main task is M, the second.
  static const std::string& MainTask(const EvaluationResults& results) {
    return results.tasks[results.tasks.size() > 1 ? 1 : 0];
  }

  json ToJson(const EvaluationResults& results, const BenchmarkDescriptors& described,
              const std::vector<TaskComparison>& comparisons) const {
    const RetrievalScores main = ScoresOfTask(results, MainTask(results));
    json result = {{"benchmark", results.benchmark},
                   {"queries", main.average_precisions.size()},
                   {"photos", results.photos},
                   {"dimension", described.database.cols()},
                   {"map", serialize::NumberOrNull(main.mean_average_precision)},
                   {"mean_precision_at", ByK(main.mean_precision_at)},
                   {"recall_at", ByK(main.recall_at)},
                   {"search_seconds", serialize::NumberOrNull(search_seconds_)},
                   {"failed", described.failed},
                   {"left_out", left_out_},
                   {"partial", !results.missing.empty()},
                   {"missing", results.missing}};
    for (const std::string& task : results.tasks) {
      const RetrievalScores scores = ScoresOfTask(results, task);
      const Interval interval = BootstrapMean(scores.average_precisions, statistics_);
      result["tasks"][task.empty() ? "all" : task] = {
          {"map", serialize::NumberOrNull(scores.mean_average_precision)},
          {"interval", {serialize::NumberOrNull(interval.low), serialize::NumberOrNull(interval.high)}},
          {"judged_queries", Judged(scores)},
          {"mean_precision_at", ByK(scores.mean_precision_at)}};
    }
    for (const auto& [task, comparison] : comparisons) {
      result["comparison"][task.empty() ? "all" : task] = {
          {"mean_difference", comparison.mean_difference},
          {"interval", {comparison.interval.low, comparison.interval.high}},
          {"p_value", comparison.p_value},
          {"better", comparison.better},
          {"worse", comparison.worse},
          {"queries", comparison.queries}};
    }
    return result;
  }

  std::string Text(const EvaluationResults& results, const BenchmarkDescriptors& described,
                   const std::vector<TaskComparison>& comparisons) const {
    std::vector<std::vector<std::string>> table = {
        {"benchmark", "queries", "photos", "mAP", FormatFixed(100 * statistics_.confidence, 0) + " %"}};
    const RetrievalScores main = ScoresOfTask(results, MainTask(results));
    for (const auto& [k, unused] : main.mean_precision_at) table[0].push_back(StrCat("mP@", k));
    for (const std::string& task : results.tasks) {
      const RetrievalScores scores = ScoresOfTask(results, task);
      const Interval interval = BootstrapMean(scores.average_precisions, statistics_);
      table.push_back({results.benchmark + (task.empty() ? "" : " " + task) +
                           (results.missing.empty() ? "" : " (partial)"),
                       std::to_string(Judged(scores)), std::to_string(results.photos),
                       Percent(scores.mean_average_precision),
                       StrCat(Percent(interval.low), " to ", Percent(interval.high))});
      for (const auto& [k, precision] : scores.mean_precision_at) table.back().push_back(Percent(precision));
    }
    std::string text = FormatTable(table);
    const int64_t left_out = std::ssize(main.average_precisions) - Judged(main);
    if (left_out > 0) text += StrCat(left_out, " queries have no positives and do not count\n");
    if (!results.missing.empty()) {
      text += StrCat("partial, not the benchmark's figure; missing: ", SomeOf(results.missing), "\n");
    }
    if (left_out_ > 0) {
      text += StrCat(left_out_, " photos of ", model_.path,
                     " are not in the benchmark's database and are left out; ", "--distractors ", model_.path,
                     " makes them distractors\n");
    }
    if (!described.failed.empty()) text += StrCat(described.failed.size(), " photos skipped:\n");
    for (const std::string& reason : described.failed) text += "  " + reason + "\n";
    for (const auto& [task, comparison] : comparisons) {
      text += StrCat("against ", compare_, task.empty() ? "" : " " + task, ": mAP ",
                     comparison.mean_difference < 0 ? "" : "+", Percent(comparison.mean_difference), " (",
                     Percent(comparison.interval.low), " to ", Percent(comparison.interval.high),
                     "), p = ", FormatFixed(comparison.p_value, 4), "; ", comparison.better,
                     " queries better, ", comparison.worse, " worse of ", comparison.queries, "\n");
    }
    return text;
  }

  ModelArguments model_;
  BenchmarkArguments benchmark_;
  std::string per_query_;
  std::string save_results_;
  std::string compare_;
  std::optional<EvaluationResults> other_;  // that of compare_
  StatisticsOptions statistics_;
  // Of all queries, and of what the database needs for it; NaN where nothing was searched.
  double search_seconds_ = std::numeric_limits<double>::quiet_NaN();
  int64_t left_out_ = 0;  // descriptors of the file that the benchmark does not use
  SearchOptions search_;
  int rerank_ = 0;
  FeatureOptions features_;
  MatchOptions match_;
  std::string report_;
  report::EvaluationReportOptions report_options_;
  OptionsDescription description_;
};

}  // namespace

std::unique_ptr<Command> MakeEvaluateCommand() { return std::make_unique<EvaluateCommand>(); }

}  // namespace vantage::cli

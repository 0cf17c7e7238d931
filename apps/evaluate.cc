// SPDX-License-Identifier: BSD-3-Clause
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

// The mean under its name, and there under k, if the figure has one.
void PutMean(json& result, const TaskFigure& figure) {
  json& place = result[figure.figure.mean_name];
  (figure.figure.k > 0 ? place[std::to_string(figure.figure.k)] : place) =
      serialize::NumberOrNull(figure.mean);
}

json ToJson(const Interval& interval) {
  return {serialize::NumberOrNull(interval.low), serialize::NumberOrNull(interval.high)};
}

json ToJson(const PairedComparison& comparison) {
  return {{"mean_difference", comparison.mean_difference},
          {"interval", ToJson(comparison.interval)},
          {"p_value", comparison.p_value},
          {"better", comparison.better},
          {"worse", comparison.worse},
          {"queries", comparison.queries}};
}

std::string KeyOf(const std::string& task) { return task.empty() ? "all" : task; }

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
    line.Option("--per-query", per_query_, "CSV file to write: the figures of each query");
    line.Option("--save-results", save_results_,
                "JSON file to write: all that --report shows of this run, for another's --compare");
    line.Option(
        "--compare", compare_,
        "File that another run wrote with --save-results or --per-query: compare query by query, with a "
        "paired test; with --report side by side");
    line.Option(
        "--report", report_,
        "HTML file to write: figures, precision against recall, all queries' main figure, the worst and best "
        "with what they found; with --compare both runs");
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
    const Distractors distractors = benchmark_.ReadDistractors(model_.path);
    if (!compare_.empty()) other_ = ReadResults(compare_);
    if (fs::path(model_.path).extension() == ".txt")
      return Finish(session, benchmark_.JudgeLists(model_.path, report_options_.results), {});
    EvaluateOptions options{search_, {rerank_, {}}, report_options_.results, distractors.files};
    CheckEvaluateOptions(options);
    const DescribedBenchmark input = benchmark_.Read(model_, distractors, session);
    options.reranking = Closer(input.benchmark);
    const Evaluation evaluation =
        EvaluateBenchmark(input, benchmark_.data(), model_.path, options, session.context());
    search_seconds_ = evaluation.search_seconds;
    left_out_ = input.left_out;
    Finish(session, evaluation.results, input.described);
  }

 private:
  void CheckOutputs(Session& session) const {
    std::vector<std::string> inputs = benchmark_.Inputs();
    inputs.insert(inputs.end(), {model_.path, compare_});
    const OutputRules rules = session.Rules(std::move(inputs));
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

  // Writes what was asked for and prints the figures.
  void Finish(Session& session, const EvaluationResults& results,
              const BenchmarkDescriptors& described) const {
    std::vector<TaskComparison> comparisons;
    if (other_) comparisons = CompareRuns(*other_, compare_, results, statistics_);
    if (!per_query_.empty()) WriteFile(per_query_, FormatQueryResults(results));
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

  json ToJson(const EvaluationResults& results, const BenchmarkDescriptors& described,
              const std::vector<TaskComparison>& comparisons) const {
    json result = {{"benchmark", results.benchmark},
                   {"queries", MainFigure(results).values.size()},
                   {"photos", results.photos},
                   {"dimension", described.database.cols()},
                   {"search_seconds", serialize::NumberOrNull(search_seconds_)},
                   {"failed", described.failed},
                   {"left_out", left_out_},
                   {"partial", !results.missing.empty()},
                   {"missing", results.missing}};
    for (const TaskFigure& figure : FiguresOfTask(results, results.main_task)) PutMean(result, figure);
    for (const std::string& task : results.tasks) {
      json& of_task = result["tasks"][KeyOf(task)];
      const std::vector<TaskFigure> figures = FiguresOfTask(results, task);
      for (const TaskFigure& figure : figures) {
        PutMean(of_task, figure);
        if (!figure.figure.in_tables) continue;
        of_task["figures"][figure.figure.name] = {
            {"mean", serialize::NumberOrNull(figure.mean)},
            {"interval", cli::ToJson(BootstrapMean(figure.values, statistics_))}};
      }
      of_task["interval"] = of_task["figures"][figures.at(0).figure.name]["interval"];
      of_task["judged_queries"] = figures.at(0).Counted();
      const QueriesWithoutPositives without = CountWithoutPositives(results, task);
      of_task["without_positives"] = {{"left_out", without.left_out}, {"misses", without.misses}};
    }
    for (const auto& [task, figure, comparison] : comparisons) {
      json& of_task = result["comparison"][KeyOf(task)];
      // The main figure's comes first, and is the task's.
      if (of_task.is_null()) of_task = cli::ToJson(comparison);
      of_task["figures"][figure.name] = cli::ToJson(comparison);
    }
    return result;
  }

  std::string Text(const EvaluationResults& results, const BenchmarkDescriptors& described,
                   const std::vector<TaskComparison>& comparisons) const {
    std::vector<std::vector<std::string>> table;
    for (const std::string& task : results.tasks) {
      std::vector<std::string> head = {"benchmark", "queries", "photos"};
      const std::vector<TaskFigure> figures = FiguresOfTask(results, task);
      std::vector<std::string> row = {results.benchmark + (task.empty() ? "" : " " + task) +
                                          (results.missing.empty() ? "" : " (partial)"),
                                      std::to_string(figures.at(0).Counted()),
                                      std::to_string(results.photos)};
      for (const TaskFigure& figure : figures) {
        if (!figure.figure.in_tables) continue;
        head.push_back(figure.figure.mean_label);
        row.push_back(Percent(figure.mean));
        if (&figure != &figures[0]) continue;  // JSON has the intervals of the others
        const Interval interval = BootstrapMean(figure.values, statistics_);
        head.push_back(FormatFixed(100 * statistics_.confidence, 0) + " %");
        row.push_back(StrCat(Percent(interval.low), " to ", Percent(interval.high)));
      }
      if (table.empty()) table.push_back(std::move(head));
      table.push_back(std::move(row));
    }
    std::string text = FormatTable(table);
    text += CountWithoutPositives(results, results.main_task).Text();
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
    for (const auto& [task, figure, comparison] : comparisons) {
      if (figure.name != comparisons[0].figure.name) continue;  // the page and JSON have the others
      text += StrCat("against ", compare_, task.empty() ? "" : " " + task, ": ", figure.mean_label, " ",
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

// SPDX-License-Identifier: BSD-3-Clause
#include "pipeline/evaluate.h"

#include <nlohmann/json.hpp>

#include "serialize/json.h"
#include "tasks/descriptor_arguments.h"
#include "tasks/model_arguments.h"
#include "tasks/task.h"
#include "util/string.h"

namespace vantage::tasks {
namespace {

using nlohmann::json;
using pipeline::EvaluationOutcome;

// "oxford5k, paris6k: official; folder: sub-folders are classes; default: ...".
std::string HelpOfBenchmark(const std::vector<Protocol>& protocols) {
  std::string help;
  std::vector<std::string> recognised;
  for (size_t i = 0; i < protocols.size(); ++i) {
    const bool is_last = i + 1 == protocols.size() || protocols[i + 1].help != protocols[i].help;
    help += protocols[i].name + (is_last ? StrCat(": ", protocols[i].help, "; ") : ", ");
    if (protocols[i].recognises) recognised.push_back(protocols[i].name);
  }
  return StrCat(help, "default: the first of ", Join(recognised, ", "), " that --data contains");
}

// Stores the mean under its name; if the figure has a k, under its name and k.
void PutMean(json& result, const TaskFigure& figure) {
  json& place = result[figure.figure.mean_name];
  (figure.figure.k > 0 ? place[std::to_string(figure.figure.k)] : place) =
      serialize::NumberOrNull(figure.mean);
}

json JsonOf(const Interval& interval) {
  return {serialize::NumberOrNull(interval.low), serialize::NumberOrNull(interval.high)};
}

json JsonOf(const PairedComparison& comparison) {
  return {{"mean_difference", comparison.mean_difference},
          {"interval", JsonOf(comparison.interval)},
          {"p_value", comparison.p_value},
          {"better", comparison.better},
          {"worse", comparison.worse},
          {"queries", comparison.queries}};
}

std::string KeyOf(const std::string& task) { return task.empty() ? "all" : task; }

class EvaluateCall : public TaskCall {
 public:
  EvaluateCall() : model_(task_.source) {
    vantage::Declare(descriptor_, task_.descriptor);
    for (const Protocol& protocol : task_.protocols) {
      if (protocol.declare) protocol.declare(protocols_);
    }
    vantage::Declare(description_, task_.search);
    vantage::Declare(description_, task_.statistics);
    report::Declare(description_, task_.report_options);
  }

  void Declare(Arguments& arguments) override {
    model_.Declare(arguments, "MODEL_OR_DESCRIPTORS",
                   "Model, or descriptors (.npy, .h5) of the benchmark's photos, or ranked lists in the "
                   "format of Holidays (.txt)");
    arguments.Options(descriptor_);
    DeclareBenchmark(arguments);
    arguments.Output("--per-query", task_.per_query, "CSV file to write: the figures of each query");
    arguments.Output(
        "--save-results", task_.save_results,
        "JSON file to write: everything that --report shows of this run, for the --compare of another run");
    arguments.Input("--compare", task_.compare,
                    "Compare with another run query by query, with a paired test: the file that it wrote "
                    "with --save-results or --per-query. With --report, show both runs side by side");
    arguments.Output("--report", task_.report,
                     "HTML file to write: figures, precision against recall, the main figure of all queries, "
                     "the results of the worst and best queries; with --compare, of both runs");
    arguments.Options(description_);
  }

  Result Run(const Call& call) override {
    task_.source.device = call.common.device;
    task_.overwrite = call.common.overwrite;
    const EvaluationOutcome outcome = Evaluate(task_, call.context);
    Result result = FiguresOf(outcome);
    AddTable(outcome, result);
    result.Text(CountWithoutPositives(outcome.results, outcome.results.main_task).Text());
    if (!outcome.results.missing.empty())
      result.Line("partial, not the benchmark's figure; missing: {missing:some}");
    if (outcome.left_out > 0) {
      result.Text(StrCat(outcome.left_out, " photos of ", task_.source.path,
                         " are not in the benchmark's database and are left out; --distractors ",
                         task_.source.path, " makes them distractors\n"));
    }
    if (!outcome.described.failed.empty()) result.Line("{failed:n} photos skipped:").Lines("failed", "  {}");
    AddComparisons(outcome.comparisons, result);
    return result;
  }

 private:
  void DeclareBenchmark(Arguments& arguments) {
    arguments.Input("--data", task_.data, "The benchmark's folder");
    arguments.Require("--data");
    arguments.Option("--benchmark", task_.benchmark, HelpOfBenchmark(task_.protocols));
    arguments.Input("--ground-truth", task_.ground_truth,
                    "Ground truth: gnd_NAME.pkl, a folder with it or with the text files, or "
                    "holidays_images.dat; default: the folder of --data");
    arguments.Input("--queries", task_.queries,
                    "Descriptors of the queries' boxes, named as the queries, if the photos' descriptors "
                    "come from a file");
    DeclareReading(arguments, task_, "MODEL_OR_DESCRIPTORS");
    arguments.Input("--turns", task_.turns,
                    "Text file with rotations to apply before description, 'NAME DEGREES' a line, clockwise, "
                    "for upright Holidays");
    arguments.Option("--query-every", task_.query_every, "folder: every Nth photo is a query");
    arguments.Options(protocols_);
    arguments.Input("--distractors", task_.distractors,
                    "Folder of photos, or descriptor file, to add, which match no query (may be repeated). A "
                    "file is read block by block and may be larger than memory. From the file of the "
                    "benchmark's own descriptors, the photos that are not in the benchmark are added");
    arguments.Output("--save", task_.save,
                     "NAME: write the model's descriptors to NAME.npy, and the queries' to NAME-queries.npy, "
                     "for several searches. An interrupted call resumes");
    arguments.Option("--restart", task_.restart,
                     "With --save: describe all photos again, including those of an interrupted call");
    arguments.Option("--partial", task_.partial, "Judge a benchmark although photos are missing");
  }

  Result FiguresOf(const EvaluationOutcome& outcome) const {
    const EvaluationResults& results = outcome.results;
    Result result = Result::Of({{"benchmark", results.benchmark},
                                {"queries", MainFigure(results).values.size()},
                                {"photos", results.photos},
                                {"dimension", outcome.described.database.cols()},
                                {"search_seconds", serialize::NumberOrNull(outcome.search_seconds)},
                                {"failed", outcome.described.failed},
                                {"left_out", outcome.left_out},
                                {"partial", !results.missing.empty()},
                                {"missing", results.missing}});
    for (const TaskFigure& figure : FiguresOfTask(results, results.main_task)) PutMean(result.values, figure);
    for (const std::string& task : results.tasks) {
      json& of_task = result.values["tasks"][KeyOf(task)];
      const std::vector<TaskFigure> figures = FiguresOfTask(results, task);
      for (const TaskFigure& figure : figures) {
        PutMean(of_task, figure);
        if (!figure.figure.in_tables) continue;
        of_task["figures"][figure.figure.name] = {
            {"mean", serialize::NumberOrNull(figure.mean)},
            {"interval", JsonOf(BootstrapMean(figure.values, task_.statistics))}};
      }
      of_task["interval"] = of_task["figures"][figures.at(0).figure.name]["interval"];
      of_task["judged_queries"] = figures.at(0).Counted();
      const QueriesWithoutPositives without = CountWithoutPositives(results, task);
      of_task["without_positives"] = {{"left_out", without.left_out}, {"misses", without.misses}};
    }
    return result;
  }

  // Adds a row for each task. The table has the interval of the first figure only; JSON has all.
  void AddTable(const EvaluationOutcome& outcome, Result& result) const {
    const EvaluationResults& results = outcome.results;
    json rows = json::array();
    for (const std::string& task : results.tasks) {
      rows.push_back(result.values["tasks"][KeyOf(task)]);
      rows.back()["name"] = results.benchmark + (task.empty() ? "" : " " + task) +
                            (results.missing.empty() ? "" : " (partial)");
      rows.back()["photos"] = results.photos;
    }
    Result::Columns columns = {
        {"benchmark", "{name}"}, {"queries", "{judged_queries}"}, {"photos", "{photos}"}};
    for (const TaskFigure& figure : FiguresOfTask(results, results.tasks.at(0))) {
      if (!figure.figure.in_tables) continue;
      const bool is_first = columns.size() == 3;
      columns.emplace_back(figure.figure.mean_label, StrCat("{figures.", figure.figure.name, ".mean:%2}"));
      if (is_first) {
        columns.emplace_back(FormatFixed(100 * task_.statistics.confidence, 0) + " %",
                             "{interval.0:%2} to {interval.1:%2}");
      }
    }
    result.Text(Result::Of({{"rows", rows}}).Table("rows", columns).text);
  }

  // Adds the comparison of the main figure to the text. JSON has all figures.
  void AddComparisons(const std::vector<TaskComparison>& comparisons, Result& result) const {
    for (const auto& [task, figure, comparison] : comparisons) {
      json& of_task = result.values["comparison"][KeyOf(task)];
      const json facts = JsonOf(comparison);
      if (of_task.is_null()) of_task = facts;
      of_task["figures"][figure.name] = facts;
      if (figure.name != comparisons[0].figure.name) continue;
      result.Text(StrCat("against ", task_.compare, task.empty() ? "" : " " + task, ": ", figure.mean_label,
                         comparison.mean_difference < 0 ? " " : " +"));
      result.Text(
          Fill("{mean_difference:%2} ({interval.0:%2} to {interval.1:%2}), p = {p_value:4}; {better} queries "
               "better, {worse} worse of {queries}\n",
               facts));
    }
  }

  pipeline::EvaluateTask task_;
  ModelArguments model_;
  OptionsDescription descriptor_;
  OptionsDescription protocols_;
  OptionsDescription description_;
};

}  // namespace

Task EvaluateRow() {
  return {
      .name = "evaluate",
      .section = Section::kRetrieval,
      .summary = "Search a benchmark's queries in its photos and print the figures",
      .examples = {"vantage evaluate model.pth --data landmarks/ --distractors streets/",
                   "vantage evaluate model.pth --benchmark roxford5k --data oxford5k/ --per-query run.csv"},
      .make = MakeCall<EvaluateCall>};
}

}  // namespace vantage::tasks

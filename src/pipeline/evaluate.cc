// SPDX-License-Identifier: BSD-3-Clause
#include "pipeline/evaluate.h"

#include <filesystem>
#include <optional>
#include <utility>

#include "descriptor_files/descriptor_output.h"
#include "util/file.h"
#include "util/log.h"
#include "util/output.h"
#include "util/string.h"
#include "vantage/error.h"

namespace vantage::pipeline {
namespace {

namespace fs = std::filesystem;

Protocol Chosen(const EvaluateTask& task) {
  return ChooseProtocol(task.protocols, task.benchmark, task.data);
}

BenchmarkSource GroundTruthOf(const EvaluateTask& task) {
  return {task.data, task.ground_truth, task.query_every};
}

void CheckEvaluateOutputs(const EvaluateTask& task, OutputClaims& claims) {
  OutputRules rules{{}, task.overwrite, &claims};
  for (const std::string& input : {task.data, task.ground_truth, task.queries, task.turns, task.source.path,
                                   task.compare, task.names, task.query_names}) {
    if (!input.empty()) rules.inputs.emplace_back(input);
  }
  for (const Protocol& protocol : task.protocols) {
    if (!protocol.file.empty()) rules.inputs.push_back(fs::path(task.data) / protocol.file);
  }
  if (!task.per_query.empty()) CheckOutput(task.per_query, file_kinds::kText, rules);
  if (!task.save_results.empty()) CheckOutput(task.save_results, file_kinds::kResults, rules);
  if (!task.report.empty()) CheckOutput(task.report, file_kinds::kPage, rules);
  if (task.restart && task.save.empty())
    throw UsageError("--restart: goes with --save, which keeps descriptors");
  if (task.save.empty()) return;
  for (const std::string& name : {task.save, QueriesPath(task.save)})
    descriptor_files::CheckDescriptorOutput(name, {}, rules);
}

EvaluationResults JudgeLists(const EvaluateTask& task) {
  const Protocol protocol = Chosen(task);
  if (!protocol.judge_lists) {
    std::vector<std::string> names;
    for (const Protocol& other : task.protocols) {
      if (other.judge_lists) names.push_back(other.name);
    }
    throw UsageError(StrCat(task.source.path, ": ranked lists (.txt) are judged with --benchmark ",
                            Join(names, ", --benchmark ")));
  }
  return protocol.judge_lists(task.source.path, GroundTruthOf(task), task.report_options.results);
}

DescribedBenchmark DescribeByModel(const EvaluateTask& task, const Distractors& distractors,
                                   const RunContext& context) {
  if (!task.queries.empty()) throw UsageError("--queries: the model describes the queries");
  if (!task.names.empty() || !task.query_names.empty() || task.normalise)
    throw UsageError("--names, --query-names, --normalise: are for descriptors, not for a model");
  DescribedBenchmark input{ReadBenchmark(Chosen(task), GroundTruthOf(task)), {}};
  for (const std::string& folder : distractors.folders) AddDistractors(input.benchmark, folder);
  if (!task.partial) CheckComplete(input.benchmark);
  if (!task.turns.empty()) ReadTurns(input.benchmark, task.turns);
  Model model = task.source.Read();
  input.provenance = ProvenanceOf(model, task.source.path, task.descriptor);
  std::optional<DescriptorStore> store;
  if (!task.save.empty()) {
    if (task.restart) DescriptorStore::Discard(task.save + ".partial");
    store.emplace(task.save + ".partial");
  }
  const Describer describer = Describer::Take(std::move(model), task.descriptor);
  input.described = DescribeBenchmark(input.benchmark, [&](const PhotoSource& photos) {
    return ExtractDescriptors(describer, photos, context, store ? &*store : nullptr);
  });
  if (store) {
    WriteDescribedBenchmark(input, task.data, task.save);
    store->Remove();
  }
  LeaveOutFailed(input);
  return input;
}

DescribedBenchmark ReadInput(const EvaluateTask& task, const Distractors& distractors,
                             const RunContext& context) {
  const bool from_file = IsDescriptorPath(task.source.path);
  if (from_file && !task.turns.empty())
    throw UsageError("--turns: is for a model, which describes the turned photos");
  if (from_file && !distractors.folders.empty()) {
    throw UsageError(
        "--distractors: a folder of photos needs a model; here the descriptors come from a file");
  }
  DescribedBenchmark input = from_file ? ReadDescribedBenchmark(Chosen(task), GroundTruthOf(task),
                                                                {task.source.path,
                                                                 task.queries,
                                                                 distractors.is_own,
                                                                 {task.names, task.normalise},
                                                                 {task.query_names, task.normalise}})
                                       : DescribeByModel(task, distractors, context);
  if (!task.partial) CheckComplete(input.benchmark);
  return input;
}

void WritePage(const EvaluateTask& task, const EvaluationResults& results,
               const std::optional<EvaluationResults>& other, const RunContext& context) {
  const report::EvaluationReport page{results, other, fs::path(task.compare).filename().string(), task.data,
                                      task.statistics};
  for (const std::string& reason :
       report::WriteEvaluationReport(page, task.report_options, task.report, context).unreadable) {
    LogWarning("not in the page: ", reason);
  }
}

}  // namespace

EvaluationOutcome Evaluate(const EvaluateTask& task, const RunContext& context) {
  CheckOptions(task.descriptor);
  CheckOptions(task.statistics);
  CheckOptions(task.report_options);
  OutputClaims claims;
  CheckEvaluateOutputs(task, claims);
  const Distractors distractors = SortDistractors(task.distractors, task.source.path);
  std::optional<EvaluationResults> other;
  if (!task.compare.empty()) other = ReadResults(task.compare);
  EvaluationOutcome outcome;
  if (fs::path(task.source.path).extension() == ".txt") {
    outcome.results = JudgeLists(task);
  } else {
    const EvaluateOptions options{task.search, task.report_options.results, distractors.files,
                                  task.normalise};
    CheckEvaluateOptions(options);
    DescribedBenchmark input = ReadInput(task, distractors, context);
    Evaluation evaluation = EvaluateBenchmark(input, task.data, task.source.path, options, context);
    outcome.results = std::move(evaluation.results);
    outcome.search_seconds = evaluation.search_seconds;
    outcome.left_out = input.left_out;
    outcome.described = std::move(input.described);
  }
  const EvaluationResults& results = outcome.results;
  if (other) outcome.comparisons = CompareRuns(*other, task.compare, results, task.statistics);
  if (!task.per_query.empty()) WriteFile(task.per_query, FormatQueryResults(results));
  if (!task.save_results.empty()) WriteFile(task.save_results, FormatResults(results));
  if (!task.report.empty()) WritePage(task, results, other, context);
  return outcome;
}

}  // namespace vantage::pipeline

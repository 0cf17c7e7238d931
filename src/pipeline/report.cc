// SPDX-License-Identifier: BSD-3-Clause
#include "pipeline/report.h"

#include <filesystem>

#include "mining/tuple_miner.h"
#include "nn/model_file.h"
#include "util/log.h"
#include "util/output.h"
#include "vantage/error.h"

namespace vantage::pipeline {
namespace {

namespace fs = std::filesystem;

void AppendMined(const mining::MinedTuples& mined, Split split, report::ReportNegatives& negatives) {
  if (!mined.failed.empty()) {
    negatives.notes.push_back(StrCat(mined.failed.size(), " photos of the split ", SplitName(split),
                                     " could not be described; queries that need one are left out."));
  }
  for (const mining::Tuple& tuple : mined.tuples) {
    report::QueryNegatives& query = negatives.queries.emplace_back();
    query.query = tuple.query;
    query.positive_distance = tuple.positive_distance;
    for (size_t i = 0; i < tuple.negatives.size(); ++i) {
      query.negatives.push_back({tuple.negatives[i], tuple.negative_distances[i]});
    }
  }
}

report::ReportNegatives Mine(const ReportTask& task, const TrainingSet& set, const fs::path& root,
                             const RunContext& context) {
  ParseNegativeVariant(task.mining.variant);
  if (task.mining.queries < 1) throw UsageError("--mined-queries: must be at least 1");
  if (task.mining.pool < 1) throw UsageError("--pool: must be at least 1");
  const Model model = task.model.Read();
  const ExtractOptions extract =
      ResolveOptions(model, {.image_size = task.size, .preprocessing = task.preprocessing, .scales = "1"});
  NegativeMiningOptions mining = task.mining;
  mining.negatives = task.options.negatives;
  report::ReportNegatives negatives{.model = fs::path(task.model.path).filename().string()};
  for (const Split split : {Split::kTrain, Split::kVal}) {
    try {
      AppendMined(mining::MineRound(set, split, PhotosOfSet(set, root), model.parts().net, extract,
                                    MiningOptions{.miner = mining}, task.options.seed, {}, context),
                  split, negatives);
    } catch (const Interrupted&) {
      throw;
    } catch (const Error& error) {  // the page is made without negatives
      negatives.notes.push_back(StrCat("No negatives in the split ", SplitName(split), ": ", error.what()));
      LogWarning(negatives.notes.back());
    }
  }
  return negatives;
}

void CheckReport(const ReportTask& task, OutputClaims& claims) {
  CheckOptions(task.options);
  CheckOutput(task.output, file_kinds::kPage, {{task.input, task.model.path}, task.overwrite, &claims});
}

}  // namespace

bool IsOfRun(const ReportTask& task) { return fs::is_directory(task.input); }

report::TrainingSetReportSummary ReportTrainingSet(const ReportTask& task, const RunContext& context) {
  OutputClaims claims;
  CheckReport(task, claims);
  const auto [set, root] = ReadLocatedSet(task.input, task.photos);
  report::ReportNegatives negatives;
  const bool mines = !task.model.path.empty();
  if (mines) negatives = Mine(task, set, root, context);
  return report::WriteTrainingSetReport(set, fs::path(task.input).filename().string(), root,
                                        mines ? &negatives : nullptr, task.options, task.output, context);
}

report::RunReportSummary ReportRun(const ReportTask& task, const RunContext& context) {
  OutputClaims claims;
  CheckReport(task, claims);
  if (!task.model.path.empty()) throw UsageError("--model: the page of a run shows the run's own negatives");
  return report::WriteRunReport(task.input,
                                {.queries = task.options.queries,
                                 .negatives = task.options.negatives,
                                 .thumbnails = task.options.thumbnails,
                                 .photo_root = task.photos},
                                task.output, context);
}

}  // namespace vantage::pipeline

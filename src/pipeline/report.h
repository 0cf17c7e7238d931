// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>

#include "report/run_report.h"
#include "report/training_set_report.h"
#include "vantage/mining.h"
#include "vantage/pipeline.h"

namespace vantage::pipeline {

// A report page about a training set, with the negatives that a model mines if a model is named, or about a
// run.
struct ReportTask {
  std::string input;  // a training set, or the folder of a run
  std::string output;
  std::string photos;
  ModelSource model;
  int size = 0;
  std::string preprocessing = "default";
  NegativeMiningOptions mining;
  report::TrainingSetReportOptions options;
  bool overwrite = false;
};

bool IsOfRun(const ReportTask& task);

// Both throw under the same conditions as the functions of pipeline.h.
report::TrainingSetReportSummary ReportTrainingSet(const ReportTask& task, const RunContext& context = {});
report::RunReportSummary ReportRun(const ReportTask& task, const RunContext& context = {});

}  // namespace vantage::pipeline

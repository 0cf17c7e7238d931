// SPDX-License-Identifier: BSD-3-Clause
#include "report/run_data.h"

#include <algorithm>
#include <functional>
#include <limits>

#include "report/metrics.h"
#include "util/check.h"
#include "util/file.h"

namespace vantage::report {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t kLargestConfiguration = uint64_t{1} << 20;

// The best epoch as the run states it, or else the epoch of the lowest loss.
std::optional<int64_t> BestEpoch(const std::vector<EpochMetrics>& epochs) {
  if (epochs.empty()) return std::nullopt;
  if (epochs.back().best_epoch >= 0) return epochs.back().best_epoch;
  for (double EpochMetrics::*loss : {&EpochMetrics::val_loss, &EpochMetrics::train_loss}) {
    const EpochMetrics* best = nullptr;
    for (const EpochMetrics& epoch : epochs) {
      if (epoch.*loss < (best ? best->*loss : std::numeric_limits<double>::infinity())) best = &epoch;
    }
    if (best) return best->epoch;
  }
  return std::nullopt;
}

}  // namespace

RunData ReadRun(const fs::path& run) {
  const fs::path metrics = run / "metrics.csv";
  VANTAGE_CHECK(fs::exists(metrics), run.string(),
                ": has no metrics.csv; is it the folder of a training run?");
  RunData data;
  data.name = fs::weakly_canonical(run).filename().string();
  data.epochs = ReadMetrics<EpochMetrics>(metrics);
  data.best_epoch = BestEpoch(data.epochs);
  if (data.epochs.empty()) data.notes.emplace_back("No epoch has been finished yet.");
  const auto try_to = [&](const std::string& without, const std::function<void()>& read) {
    try {
      read();
    } catch (const Error& error) {  // the page is made without it
      data.notes.push_back(StrCat(without, ": ", error.what()));
    }
  };
  try_to("No curves by step", [&] { data.steps = ReadMetrics<StepMetrics>(run / "steps.csv"); });
  try_to("No configuration",
         [&] { data.configuration = ReadFile(run / "config.toml", kLargestConfiguration); });
  const std::vector<int64_t> epochs = EpochsWithExamples(run);
  if (epochs.empty()) data.notes.push_back(StrCat("No examples: ", (run / "examples").string(), " has none"));
  for (size_t i = 0; i < epochs.size(); i += std::max<size_t>(1, epochs.size() - 1)) {
    try_to(StrCat("No examples of epoch ", epochs[i]),
           [&] { data.examples.push_back(ReadRunExamples(run, epochs[i])); });
  }
  return data;
}

}  // namespace vantage::report

// SPDX-License-Identifier: BSD-3-Clause
#include "train/skipped_steps.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "util/file.h"
#include "util/log.h"
#include "vantage/error.h"

namespace vantage::train {
namespace {

using nlohmann::json;

// " on the tuple PHOTOS" if a loss is not finite; if the gradient is not, all queries of the step.
std::string PhotosThatAreNotFinite(const TrainingData& data, const StepResult& step,
                                   std::span<const mining::Tuple> tuples) {
  std::vector<std::string> queries;
  for (size_t i = 0; i < tuples.size(); ++i) {
    const std::vector<std::string> photos = data.PhotosOf(tuples[i]);
    if (!std::isfinite(step.tuples[i].loss)) return " on the tuple " + Join(photos, ", ");
    queries.push_back(photos[0]);
  }
  return " in the step of the queries " + Join(queries, ", ");
}

// Writes failed-step.json. Returns the end of the error message, which names it.
std::string DumpStep(const TrainingData& data, Session& session, std::span<const mining::Tuple> tuples,
                     double learning_rate, const std::string& reason) {
  const RunFolder* folder = session.folder();
  if (folder == nullptr) return "process 0 names the photos of the step";
  json dump = {{"reason", reason},
               {"epoch", session.state().progress->epoch},
               {"step", session.state().steps_done + 1},
               {"learning_rate", learning_rate},
               {"tuples", json::array()}};
  for (const mining::Tuple& tuple : tuples) {
    dump["tuples"].push_back(
        {{"photos", data.PhotosOf(tuple)}, {"negative_distances", tuple.negative_distances}});
  }
  WriteFile(folder->failed_step(), dump.dump(2) + "\n");
  return StrCat(folder->failed_step().string(), " names the photos of the step, ", folder->last().string(),
                " holds the weights before it; is the learning rate too high?");
}

}  // namespace

void SkipStep(const RunInputs& inputs, Session& session, const StepResult& step,
              std::span<const mining::Tuple> tuples, double learning_rate) {
  TrainingState& state = session.state();
  const bool is_gradient = std::all_of(step.tuples.begin(), step.tuples.end(),
                                       [](const TupleOutcome& tuple) { return std::isfinite(tuple.loss); });
  if (is_gradient && state.gradient_scale.Adjust(/*overflowed=*/true)) {
    if (inputs.group.IsFirst()) {
      LogInfo("step ", state.steps_done + 1, " is left out: its gradient overflows float16; scaled by ",
              state.gradient_scale.value, " from now on");
    }
    return;
  }
  const std::string reason = step.not_finite + PhotosThatAreNotFinite(inputs.data, step, tuples);
  const int most = inputs.options.optimizer.max_skipped_steps;
  if (state.skipped_steps >= most) {
    session.Save();
    throw Error(StrCat(reason, "; ", state.skipped_steps, " steps were skipped before; ",
                       DumpStep(inputs.data, session, tuples, learning_rate, reason)));
  }
  ++state.skipped_steps;
  if (inputs.group.IsFirst()) {
    LogWarning("step ", state.steps_done + 1, " is skipped: ", reason, " (", state.skipped_steps,
               " of at most ", most, " in a run)");
  }
}

}  // namespace vantage::train

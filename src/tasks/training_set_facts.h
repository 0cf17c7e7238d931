// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <nlohmann/json.hpp>

#include "vantage/training_set.h"

namespace vantage::tasks {

// The sizes of a split, in the form that tasks print.
inline nlohmann::json FactsOf(const TrainingSet& set, Split split) {
  const TrainingSetSummary summary = Summarize(set, split);
  return {{"scenes", summary.scenes},
          {"photos", summary.photos},
          {"queries", summary.queries},
          {"candidates_per_query", summary.candidates_per_query}};
}

}  // namespace vantage::tasks

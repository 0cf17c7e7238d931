// SPDX-License-Identifier: BSD-3-Clause
#include "tasks/rows.h"

namespace vantage::tasks {

const std::vector<Task>& Tasks() {
  static const std::vector<Task> tasks = {
      SynthesizeRow(), ReconstructRow(), TuplesRow(),    // training data
      TrainRow(),      WhitenRow(),                      // training
      ExtractRow(),    MergeRow(),                       // descriptors
      SearchRow(),     PairsRow(),       EvaluateRow(),  // retrieval
      ReportRow(),     ConvertRow(),     InfoRow(),     ReferenceRow(),
  };
  return tasks;
}

}  // namespace vantage::tasks

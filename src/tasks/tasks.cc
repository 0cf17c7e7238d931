// SPDX-License-Identifier: BSD-3-Clause
#include "tasks/task.h"
#include "vantage/matching.h"

namespace vantage::tasks {

// Each is defined in the file of its task.
Task ConvertRow();
Task EvaluateRow();
Task ExtractRow();
Task InfoRow();
Task MergeRow();
Task PairsRow();
Task ReconstructRow();
Task ReferenceRow();
Task ReportRow();
Task SearchRow();
Task ServeRow();
Task SynthesizeRow();
Task TrainRow();
Task TuplesRow();
Task WhitenRow();

const std::vector<Task>& Tasks() {
  RegisterLocalStage();  // search cannot depend on features
  static const std::vector<Task> tasks = {
      // Training data
      SynthesizeRow(),
      ReconstructRow(),
      TuplesRow(),
      // Training
      TrainRow(),
      WhitenRow(),
      // Descriptors
      ExtractRow(),
      MergeRow(),
      // Retrieval
      SearchRow(),
      ServeRow(),
      PairsRow(),
      EvaluateRow(),
      // Files and the program
      ReportRow(),
      ConvertRow(),
      InfoRow(),
      ReferenceRow(),
  };
  return tasks;
}

}  // namespace vantage::tasks

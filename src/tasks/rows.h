// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "tasks/task.h"

namespace vantage::tasks {

// The rows of the table, each in the file of its task.
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
Task SynthesizeRow();
Task TrainRow();
Task TuplesRow();
Task WhitenRow();

}  // namespace vantage::tasks

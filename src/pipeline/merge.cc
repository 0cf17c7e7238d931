// SPDX-License-Identifier: BSD-3-Clause
#include "descriptor_files/descriptor_output.h"
#include "vantage/pipeline.h"

namespace vantage {

MergedDescriptors Merge(const MergeTask& task, const RunContext& context) {
  OutputClaims claims;
  OutputRules rules{{task.shards.begin(), task.shards.end()}, task.overwrite, &claims};
  rules.inputs.insert(rules.inputs.end(), task.options.names.begin(), task.options.names.end());
  descriptor_files::CheckDescriptorOutput(task.output, task.format, rules);
  MergedDescriptors merged =
      MergeDescriptors({task.shards.begin(), task.shards.end()}, task.options, context);
  WriteDescriptors(merged.file, task.output, task.format);
  return merged;
}

}  // namespace vantage

// SPDX-License-Identifier: BSD-3-Clause
#include "pipeline/describe_photos.h"
#include "util/check.h"
#include "util/hash.h"
#include "vantage/pipeline.h"

namespace vantage {
namespace {

PairProposer ProposerOf(const ReconstructTask& task) {
  if (task.pairs_from.empty()) return {};
  if (task.neighbors < 1) {
    throw UsageError(StrCat("--neighbors is ", task.neighbors, "; it must be at least 1"));
  }
  const auto propose = [describe = pipeline::MakePhotoDescriber(task.pairs_from, task.device),
                        k = task.neighbors](const std::vector<std::filesystem::path>& photos,
                                            const RunContext& context) {
    return NeighborPairs(describe(photos, context), k, context);
  };
  return {propose, StrCat(Sha256OfFile(task.pairs_from), " ", task.neighbors)};
}

}  // namespace

std::vector<SceneOutcome> Reconstruct(const ReconstructTask& task, const RunContext& context) {
  CheckOptions(task.options);
  return ReconstructScenes(task.photos, task.output, task.options, context, ProposerOf(task));
}

}  // namespace vantage

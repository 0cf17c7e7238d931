// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "vantage/config/options_description.h"
#include "vantage/extract/extract.h"
#include "vantage/numerics/shrinkage.h"
#include "vantage/numerics/whitening.h"
#include "vantage/training_set/training_set.h"

namespace vantage {

class DescriptorNet;

struct LearnWhiteningOptions {
  // "learned" from matching pairs as the code of TPAMI 2019 does it (LearnWhitening), "learned-paper" as the
  // paper has it (section 3.4; LearnWhiteningOfPaper), "pca", or "pca-rotation" without dividing components
  // by their deviations. Descriptors of more than 8,192 dimensions take the last two only, and a `dimension`.
  std::string method = "learned";
  // Pairs: each query with all its candidates that overlap enough at a similar scale (see TupleOptions); in a
  // set that knows nothing of overlap (cirtorch's) with its chosen positive.
  double min_overlap = 0.2;
  double max_scale_change = 1.5;
  // Pairs of a query, at most, drawn from its candidates; then each query weighs the same, so that dense
  // scenes do not decide alone. 0: all candidates, and each pair weighs the same, as in cirtorch's code.
  int pairs_per_query = 10;
  // "auto": see ChooseShrinkage; or a number in [0, 1]: see LearnWhitening. 0 is the paper's.
  std::string shrinkage = "auto";
  // Rows of the projection that are kept; 0: all.
  int dimension = 0;
  // pca and pca-rotation of descriptors that take more than `memory`: see PcaOptions.
  int pca_exact_up_to = 4096;
  int pca_passes = 3;
  // Descriptors that pca and pca-rotation keep in memory, MiB. More of them lie in a file, read block by
  // block, that is in `scratch` while it is needed, under no name; "": the system's folder for such files.
  int memory = 1024;
  std::string scratch;
};
void Declare(OptionsDescription& description, LearnWhiteningOptions& options);

struct LearnedWhitening {
  ModelWhitening whitening;  // learned at one scale, and where there are several also at those
  int64_t photos = 0;
  int64_t pairs = 0;
  // Where it was chosen: as `whitening`.
  std::optional<ShrinkageChoice> single_scale_shrinkage;
  std::optional<ShrinkageChoice> multi_scale_shrinkage;
  std::vector<std::string> failed;  // photos that could not be read or are too small at the least scale
};

// Describes all photos of the training set, both splits, and learns a whitening from its pairs: at the full
// scale, and where extract.scales are others, at those too. store: see ExtractDescriptors. Warns where no
// shrinkage is as good as no whitening. Throws Error where no pair is left, or the network has fewer
// dimensions than are to be kept.
LearnedWhitening LearnWhiteningFromTuples(const DescriptorNet& net, const TrainingSet& set,
                                          const std::filesystem::path& photo_root,
                                          const ExtractOptions& extract, const LearnWhiteningOptions& options,
                                          const RunContext& context = {}, DescriptorStore* store = nullptr);

}  // namespace vantage

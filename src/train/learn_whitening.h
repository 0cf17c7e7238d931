// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <filesystem>

#include "vantage/describer.h"
#include "vantage/options.h"
#include "vantage/training.h"
#include "vantage/training_set.h"
#include "vantage/whitening.h"

namespace vantage::nn {
class DescriptorNet;
}  // namespace vantage::nn

namespace vantage::train {

// Describes all photos of the training set, both splits, and learns a whitening from its pairs: at the full
// scale, and where extract.scales are others, at those too. store: see ExtractDescriptors. Warns where no
// shrinkage is as good as no whitening. Throws Error where no pair is left, or the network has fewer
// dimensions than are to be kept.
LearnedWhitening LearnWhiteningFromTuples(const nn::DescriptorNet& net, const TrainingSet& set,
                                          const std::filesystem::path& photo_root,
                                          const ExtractOptions& extract, const LearnWhiteningOptions& options,
                                          const RunContext& context = {}, DescriptorStore* store = nullptr);

}  // namespace vantage::train

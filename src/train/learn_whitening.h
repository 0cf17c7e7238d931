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

// Describes all photos of the training set, both splits, and learns a whitening from its pairs (with PCA,
// from all photos): at scale 1, or at extract.scales if that is a single scale. If extract.scales are
// several, learns a second whitening at those. store: see ExtractDescriptors. Warns if the chosen shrinkage
// gives a lower mAP than no whitening, or could not be measured. Throws Error if no pair is left, or if the
// network has fewer dimensions than are to be kept.
LearnedWhitening LearnWhiteningFromTuples(const nn::DescriptorNet& net, const TrainingSet& set,
                                          const std::filesystem::path& photo_root,
                                          const ExtractOptions& extract, const LearnWhiteningOptions& options,
                                          const RunContext& context = {}, DescriptorStore* store = nullptr);

}  // namespace vantage::train

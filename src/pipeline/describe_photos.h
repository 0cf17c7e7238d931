// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "vantage/descriptors.h"
#include "vantage/run_context.h"

namespace vantage::pipeline {

// Computes descriptors of photos, N x D. Photos that could not be described have a row of zeros.
using PhotoDescriber = std::function<DescriptorMatrix(const std::vector<std::filesystem::path>& photos,
                                                      const RunContext& context)>;

// Reads the model and returns a function that describes photos as the model file says. Calls from several
// threads run one after the other. Photos that fail are logged.
PhotoDescriber MakePhotoDescriber(const std::string& model, const std::string& device);

}  // namespace vantage::pipeline

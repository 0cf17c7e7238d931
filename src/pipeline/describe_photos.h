// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "vantage/descriptors.h"
#include "vantage/run_context.h"

namespace vantage::pipeline {

// Descriptors of photos, N x D, a row of zeros for each that could not be described.
using PhotoDescriber = std::function<DescriptorMatrix(const std::vector<std::filesystem::path>& photos,
                                                      const RunContext& context)>;

// Describes as the model file says, one call at a time. Reads the model. Photos that fail are logged.
PhotoDescriber MakePhotoDescriber(const std::string& model, const std::string& device);

}  // namespace vantage::pipeline

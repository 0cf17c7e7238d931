// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <filesystem>
#include <string>

#include "nn/model_source.h"

namespace vantage::nn {

// Opens a PyTorch file: a dictionary, which holds a network's tensors or dictionaries of them. state: see
// FindNetwork.
ModelSource OpenTorchSource(const std::filesystem::path& path, const std::string& state);

}  // namespace vantage::nn

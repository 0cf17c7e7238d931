// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "serialize/element_type.h"
#include "vantage/model.h"

namespace vantage {

// Converts to a JSON object of the facts that are known. Lists all tensors, or only the first three.
nlohmann::json ToJson(const ModelInfo& info, bool all_tensors);

}  // namespace vantage

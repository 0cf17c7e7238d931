// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "serialize/element_type.h"
#include "vantage/model.h"

namespace vantage {

// As an object of the facts that there are. Of the tensors, the first three stand in it, or all.
nlohmann::json ToJson(const ModelInfo& info, bool all_tensors);

}  // namespace vantage

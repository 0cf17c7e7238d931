// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "vantage/options.h"

namespace vantage {

// All options and their values as nested JSON objects.
nlohmann::json ToJson(const OptionsDescription& description);

}  // namespace vantage

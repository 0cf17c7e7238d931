// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "vantage/options.h"

namespace vantage {

// All options and their values as nested JSON objects.
nlohmann::json ToJson(const OptionsDescription& description);

// Sets the options that an object of that form names; the others keep their values. Throws Error naming
// `source` and the key for an unknown key, an option of a kind that is not chosen, a wrong type or a value
// out of range.
void ReadJson(OptionsDescription& description, const nlohmann::json& object, const std::string& source);

}  // namespace vantage

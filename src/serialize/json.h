// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

namespace vantage::serialize {

// JSON text from outside. Throws Error naming `source` where it is none, or nests more than 64 deep: going
// through such a value would take the whole stack.
nlohmann::json ParseJson(std::string_view text, const std::string& source);

// JSON has no NaN: it is null there.
nlohmann::json NumberOrNull(double value);
double NumberOrNaN(const nlohmann::json& value);

}  // namespace vantage::serialize

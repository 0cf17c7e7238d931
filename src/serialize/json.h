// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

namespace vantage::serialize {

// Parses untrusted JSON text. Throws Error naming `source` if the text is not JSON or nests more than 64
// deep: recursion over a deeper value could overflow the stack.
nlohmann::json ParseJson(std::string_view text, const std::string& source);

// JSON has no NaN: null represents it.
nlohmann::json NumberOrNull(double value);
double NumberOrNaN(const nlohmann::json& value);

}  // namespace vantage::serialize

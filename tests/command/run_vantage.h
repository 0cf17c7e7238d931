// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace vantage::testing {

// What a command returned.
struct Output {
  int code = 0;
  std::string text;  // standard output and error
};
Output Vantage(std::vector<std::string> arguments);

// The JSON object that a command prints last; fails the test where it does not end well.
nlohmann::json VantageJson(std::vector<std::string> arguments);

}  // namespace vantage::testing

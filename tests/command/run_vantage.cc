// SPDX-License-Identifier: BSD-3-Clause
#include "command/run_vantage.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "util/subprocess.h"

namespace vantage::testing {

Output Vantage(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), VANTAGE_PROGRAM);
  auto [code, text] = CaptureCommand(arguments);
  return {code, text};
}

nlohmann::json VantageJson(std::vector<std::string> arguments) {
  arguments.insert(arguments.end(), {"--json", "--log-level", "off"});
  const Output output = Vantage(arguments);
  EXPECT_EQ(output.code, 0) << output.text;
  // Lines of progress may come before the JSON.
  const size_t start = std::min(output.text.find('{'), output.text.size());
  return nlohmann::json::parse(output.text.substr(start), nullptr, /*allow_exceptions=*/false);
}

}  // namespace vantage::testing

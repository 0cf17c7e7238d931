// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace vantage {

// A line of comma-separated values, with its end; values with commas, quotes or line ends are quoted as
// RFC 4180 has it.
std::string FormatCsvRow(const std::vector<std::string>& values);

// The values of a line. Throws Error naming `place` where quotes do not match. Values that hold line ends are
// not read.
std::vector<std::string> ParseCsvRow(std::string_view line, const std::string& place);

}  // namespace vantage

// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace vantage {

// A line of comma-separated values, with its line end. Values with commas, quotes or line ends are quoted as
// in RFC 4180.
std::string FormatCsvRow(const std::vector<std::string>& values);

// The values of a line. Throws Error naming `place` if quotes do not match. Values that contain line ends are
// not supported.
std::vector<std::string> ParseCsvRow(std::string_view line, const std::string& place);

}  // namespace vantage

// SPDX-License-Identifier: BSD-3-Clause
#include "util/csv.h"

#include "util/check.h"

namespace vantage {

std::string FormatCsvRow(const std::vector<std::string>& values) {
  std::string row;
  for (const std::string& value : values) {
    if (!row.empty() || &value != values.data()) row += ',';
    if (value.find_first_of(",\"\r\n") == value.npos) {
      row += value;
      continue;
    }
    row += '"';
    for (const char c : value) row += c == '"' ? std::string("\"\"") : std::string(1, c);
    row += '"';
  }
  return row + "\n";
}

std::vector<std::string> ParseCsvRow(std::string_view line, const std::string& place) {
  if (line.ends_with('\r')) line.remove_suffix(1);
  std::vector<std::string> values(1);
  bool quoted = false;
  for (size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (c == '"' && quoted && i + 1 < line.size() && line[i + 1] == '"') {
      values.back() += '"';
      ++i;
    } else if (c == '"') {
      quoted = !quoted;
    } else if (c == ',' && !quoted) {
      values.emplace_back();
    } else {
      values.back() += c;
    }
  }
  VANTAGE_CHECK(!quoted, place, ": a quote that does not end");
  return values;
}

}  // namespace vantage

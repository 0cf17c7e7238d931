// SPDX-License-Identifier: BSD-3-Clause
#include "tasks/result.h"

#include <algorithm>

#include "util/check.h"
#include "util/string.h"
#include "vantage/evaluation.h"

namespace vantage::tasks {
namespace {

using nlohmann::json;

const json& At(const json& values, std::string_view path) {
  const json* value = &values;
  for (const std::string& key : SplitText(path, '.')) {
    if (value->is_array()) {
      value = &value->at(std::stoul(key));
      continue;
    }
    VANTAGE_CHECK(value->is_object() && value->contains(key), "a result has no value '", path, "'");
    value = &(*value)[key];
  }
  return *value;
}

std::string Written(const json& value, const std::string& format) {
  if (format == "n") return std::to_string(value.size());
  if (format == "some") return SomeOf(value.get<std::vector<std::string>>());
  if (format.starts_with('?')) return value.get<bool>() ? format.substr(1) : "";
  if (value.is_null()) return "-";
  if (format == "time") return FormatDuration(value.get<double>());
  if (format.starts_with('%')) return FormatFixed(100 * value.get<double>(), std::stoi(format.substr(1)));
  if (!format.empty()) return FormatFixed(value.get<double>(), std::stoi(format));
  return value.is_string() ? value.get<std::string>() : value.dump();
}

}  // namespace

std::string Fill(std::string_view pattern, const json& values) {
  std::string text;
  for (size_t at = 0; at < pattern.size();) {
    const size_t open = pattern.find('{', at);
    text += pattern.substr(at, open - at);
    if (open == pattern.npos) break;
    const size_t close = pattern.find('}', open);
    VANTAGE_CHECK(close != pattern.npos, "no '}' in '", pattern, "'");
    const std::string_view place = pattern.substr(open + 1, close - open - 1);
    const size_t colon = std::min(place.find(':'), place.size());
    const size_t format = std::min(colon + 1, place.size());
    text += Written(At(values, place.substr(0, colon)), std::string(place.substr(format)));
    at = close + 1;
  }
  return text;
}

std::string FormatTable(const std::vector<std::vector<std::string>>& rows) {
  std::vector<size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string table;
  for (const auto& row : rows) {
    std::string line;
    for (size_t i = 0; i < row.size(); ++i) {
      const std::string padding(widths[i] - row[i].size(), ' ');
      // The first column is aligned to the left, the others, which are numbers, to the right.
      line += (i == 0 ? "" : "  ") + (i == 0 ? row[i] + padding : padding + row[i]);
    }
    table += line + "\n";
  }
  return table;
}

Result Result::Of(json values) {
  Result result;
  result.values = std::move(values);
  return result;
}

Result& Result::Line(std::string_view pattern) { return Text(Fill(pattern, values) + "\n"); }

Result& Result::Lines(std::string_view key, std::string_view pattern) {
  for (const json& item : At(values, key)) Text(Fill(pattern, item) + "\n");
  return *this;
}

Result& Result::Table(std::string_view key, const Columns& columns) {
  std::vector<std::vector<std::string>> rows(1);
  for (const auto& [head, pattern] : columns) rows[0].push_back(head);
  for (const json& item : At(values, key)) {
    std::vector<std::string>& row = rows.emplace_back();
    for (const auto& [head, pattern] : columns) row.push_back(Fill(pattern, item));
  }
  return Text(FormatTable(rows));
}

Result& Result::Text(std::string_view more) {
  text += more;
  return *this;
}

}  // namespace vantage::tasks

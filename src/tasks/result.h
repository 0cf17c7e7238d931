// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace vantage::tasks {

// Replaces each {key} in `pattern` by values[key]. {a.b} is the value b of the object a, {a.0} the first item
// of the array a, and {} is `values` itself. null is written as "-". A format may follow after a colon:
//   {key:3}     a number with three decimals        {key:%1}   a share as a percentage with one decimal
//   {key:time}  seconds, as "3 min 05 s"            {key:n}    the number of items of an array
//   {key:some}  the first names of an array         {key:?text} the text if the value is true, else nothing
// Throws Error if there is no such value.
std::string Fill(std::string_view pattern, const nlohmann::json& values);

// Aligns the columns of rows. The first row is the header.
std::string FormatTable(const std::vector<std::vector<std::string>>& rows);

// A task's result. Values are named once: they form the JSON object, and the text is filled from them.
class Result {
 public:
  // A column's header, and the pattern that formats a row's cell.
  using Columns = std::vector<std::pair<std::string, std::string>>;

  // Makes a result of `values`, which must be an object.
  static Result Of(nlohmann::json values);

  // Adds a line of text: Fill(pattern, values).
  Result& Line(std::string_view pattern);
  // Adds a line for each item of the array at `key`, filled from the item.
  Result& Lines(std::string_view key, std::string_view pattern);
  // Adds a table of the array of objects at `key`.
  Result& Table(std::string_view key, const Columns& columns);
  // Adds text unchanged.
  Result& Text(std::string_view text);

  nlohmann::json values = nlohmann::json::object();
  std::string text;
  std::string failure;     // error with which the program fails after printing the result; "": none
  bool is_silent = false;  // print nothing
};

}  // namespace vantage::tasks

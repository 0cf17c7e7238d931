// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace vantage::tasks {

// `pattern` with {key} replaced by values[key]. {a.b} is the value b of the object a,
// {a.0} the first of the array a; {} is `values` itself;
// null is "-". What comes after a colon says how it is written:
//   {key:3}     a number with three decimals        {key:%1}   a share as a percentage with one
//   {key:time}  seconds, as "3 min 05 s"            {key:n}    how many items an array has
//   {key:some}  the first names of an array         {key:?text} the text if the value is true, else nothing
// Throws Error if there is no such value.
std::string Fill(std::string_view pattern, const nlohmann::json& values);

// Lines up the columns of rows, the first of which is the head.
std::string FormatTable(const std::vector<std::vector<std::string>>& rows);

// A task's result. Values are named once: they are the JSON object, and the text takes them from there.
class Result {
 public:
  // A column's head, and the pattern that makes its cell of a row.
  using Columns = std::vector<std::pair<std::string, std::string>>;

  // values: an object.
  static Result Of(nlohmann::json values);

  // Adds a line of text: Fill(pattern, values).
  Result& Line(std::string_view pattern);
  // Adds a line for each item of the array at `key`, filled from the item.
  Result& Lines(std::string_view key, std::string_view pattern);
  // Adds a table of the array of objects at `key`.
  Result& Table(std::string_view key, const Columns& columns);
  // Adds text as it is.
  Result& Text(std::string_view text);

  nlohmann::json values = nlohmann::json::object();
  std::string text;
  std::string failure;     // the program fails with this after it has printed the result; "": it does not
  bool is_silent = false;  // print nothing
};

}  // namespace vantage::tasks

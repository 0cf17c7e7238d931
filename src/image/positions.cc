// SPDX-License-Identifier: BSD-3-Clause
#include "vantage/position.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>
#include <vector>

#include "util/check.h"
#include "util/csv.h"
#include "util/lines.h"
#include "util/rethrow.h"

namespace vantage {
namespace {

// The place of a column in the first line of a CSV file.
size_t Column(const std::vector<std::string>& header, const std::string& name, const std::string& place) {
  const auto found = std::find(header.begin(), header.end(), name);
  VANTAGE_CHECK(found != header.end(), place, ": no column '", name, "'");
  return static_cast<size_t>(found - header.begin());
}

double DegreesIn(const std::string& text, const char* what, double limit, const std::string& place) {
  const double degrees = ParseDouble(Trim(text), StrCat(place, ": ", what));
  VANTAGE_CHECK(std::abs(degrees) <= limit, place, ": ", what, " ", degrees, " is not in [", -limit, ", ",
                limit, "]");
  return degrees;
}

// Whether the first line of a file names its columns.
bool IsHeader(const std::vector<std::string>& row) {
  return std::find(row.begin(), row.end(), "latitude") != row.end();
}

}  // namespace

std::map<std::string, GeoPosition> ReadPositions(const std::filesystem::path& path) try {
  std::map<std::string, GeoPosition> positions;
  std::array<size_t, 3> columns = {0, 1, 2};
  bool is_first = true;
  for (const auto& [text, number] : ReadLines(path)) {
    const std::string place = StrCat(path.string(), ":", number);
    std::vector<std::string> row = ParseCsvRow(text, place);
    if (std::exchange(is_first, false) && IsHeader(row)) {
      columns = {Column(row, "name", place), Column(row, "latitude", place), Column(row, "longitude", place)};
      continue;
    }
    VANTAGE_CHECK(row.size() > *std::max_element(columns.begin(), columns.end()), place,
                  ": not name,latitude,longitude");
    const GeoPosition position{DegreesIn(row[columns[1]], "latitude", 90, place),
                               DegreesIn(row[columns[2]], "longitude", 180, place)};
    VANTAGE_CHECK(positions.emplace(row[columns[0]], position).second, place, ": the name '", row[columns[0]],
                  "' appears twice");
  }
  return positions;
} catch (...) {
  RethrowAsError();
}

}  // namespace vantage

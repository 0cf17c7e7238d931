// SPDX-License-Identifier: BSD-3-Clause
#include <optional>
#include <set>

#include "util/check.h"
#include "util/index.h"
#include "util/lines.h"
#include "util/rethrow.h"
#include "vantage/evaluation.h"
#include "vantage/photos.h"

namespace vantage {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t kMaxTurnsSize = uint64_t{1} << 24;

int ParseTurn(const std::string& text, const std::string& place) {
  const auto degrees = ParseInteger(text, place + ": degrees");
  VANTAGE_CHECK(degrees % 90 == 0 && degrees > -360 && degrees < 360, place, ": a turn by ", degrees,
                " degrees: not 0, 90, 180, 270 or -90");
  return static_cast<int>((degrees + 360) % 360);
}

}  // namespace

void ReadTurns(Benchmark& benchmark, const fs::path& path) try {
  const PhotoFinder finder(benchmark.photos);
  std::set<fs::path> boxed;
  for (const BenchmarkQuery& query : benchmark.queries) {
    if (query.box) boxed.insert(query.photo);
  }
  std::vector<int> turns(benchmark.photos.size(), 0);
  std::set<int64_t> seen;
  for (const auto& [text, number] : ReadLines(path, kMaxTurnsSize)) {
    const std::string place = StrCat(path.string(), ":", number);
    const size_t space = text.find_last_of(" \t");
    VANTAGE_CHECK(space != text.npos, place, ": not 'NAME DEGREES'");
    const std::string name(Trim(text.substr(0, space)));
    const int turn = ParseTurn(text.substr(space + 1), place);
    const std::optional<int64_t> row = finder.Find(name);
    if (!row && !benchmark.missing.empty()) continue;
    VANTAGE_CHECK(row, place, ": '", name, "' is not a photo of the benchmark");
    VANTAGE_CHECK(seen.insert(*row).second, place, ": '", name, "' appears twice");
    VANTAGE_CHECK(turn == 0 || boxed.count(finder.photo(*row)) == 0, place, ": '", name,
                  "' is a query with a box, which belongs to the photo as it is");
    turns[ToIndex(*row)] = turn;
  }
  benchmark.turns = std::move(turns);
} catch (...) {
  RethrowAsError();
}

}  // namespace vantage

// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <sstream>

#include "evaluation/protocols/protocols.h"
#include "util/check.h"
#include "util/file.h"
#include "util/index.h"
#include "util/lines.h"
#include "util/rethrow.h"

namespace vantage {
namespace {

namespace fs = std::filesystem;

constexpr char kListFile[] = "holidays_images.dat";
constexpr size_t kPhotos = 1491;
constexpr size_t kDigits = 6;
constexpr size_t kGroupDigits = 4;
constexpr uint64_t kMaxHolidaysSize = uint64_t{1} << 30;

// "100001" of "100001.jpg"; "" if it is not a name of the benchmark.
std::string NumberOf(const std::string& name) {
  const std::string stem = fs::path(name).stem().string();
  const bool fits = stem.size() == kDigits && stem[0] == '1' &&
                    std::all_of(stem.begin(), stem.end(), [](char c) { return c >= '0' && c <= '9'; });
  return fits ? stem : "";
}

std::string GroupOf(const std::string& number) { return number.substr(0, kGroupDigits); }
bool IsQuery(const std::string& number) { return number.substr(kGroupDigits) == "00"; }

// The names of the benchmark's photos; empty if no list is given or in the photos' folder.
std::vector<std::string> NamesOf(const BenchmarkSource& source) {
  const fs::path beside = source.folder / kListFile;
  if (!source.ground_truth.empty()) {
    return ReadHolidaysList(fs::is_directory(source.ground_truth) ? source.ground_truth / beside.filename()
                                                                  : source.ground_truth);
  }
  return fs::exists(beside) ? ReadHolidaysList(beside) : std::vector<std::string>();
}

// Reads the ranked list of the query `name`.
QueryResult ReadList(const RankedNames& ranking, const std::string& name, const std::set<std::string>& known,
                     int64_t positives, const std::string& source, int64_t shown) {
  QueryResult result{.query = name, .positives = positives};
  const std::string query = NumberOf(name);
  auto places = ranking.results;
  std::stable_sort(places.begin(), places.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  std::set<std::string> seen;
  int64_t shift = 0;
  for (const auto& [rank, photo] : places) {
    const std::string number = NumberOf(photo);
    VANTAGE_CHECK(known.count(number) == 1, source, ": '", photo, "' in the list of '", query,
                  "' is not a photo of the benchmark");
    VANTAGE_CHECK(seen.insert(number).second, source, ": '", photo, "' is twice in the list of '", query,
                  "'");
    if (number == query) {
      shift = 1;
      continue;
    }
    const bool is_positive = GroupOf(number) == GroupOf(query);
    if (is_positive) result.positive_ranks.push_back(rank - shift);
    if (std::ssize(result.first) == shown) continue;
    result.first.push_back({photo, is_positive ? ResultKind::kPositive : ResultKind::kNegative,
                            std::numeric_limits<double>::quiet_NaN()});
  }
  return result;
}

}  // namespace

std::vector<std::string> ReadHolidaysList(const fs::path& path) try {
  std::vector<std::string> names;
  std::set<std::string> seen;
  for (const auto& [name, number] : ReadLines(path, kMaxHolidaysSize)) {
    VANTAGE_CHECK(!NumberOf(name).empty(), path.string(), ":", number, ": '", name,
                  "' is not a photo of Holidays: 1GGGII.jpg");
    VANTAGE_CHECK(seen.insert(name).second, path.string(), ":", number, ": '", name, "' appears twice");
    names.push_back(name);
  }
  VANTAGE_CHECK(!names.empty(), path.string(), ": names no photo");
  return names;
} catch (...) {
  RethrowAsError();
}

Benchmark MakeHolidays(const std::vector<std::string>& names, const PhotoFinder& photos) {
  Benchmark benchmark;
  benchmark.name = "holidays";
  std::vector<std::string> wanted = names;
  if (names.empty()) {
    for (const fs::path& photo : photos.photos()) {
      if (!NumberOf(photo.string()).empty()) wanted.push_back(photo.filename().string());
    }
    std::sort(wanted.begin(), wanted.end());
  }
  std::map<std::string, std::vector<int64_t>> rows_of_group;
  std::vector<std::pair<std::string, int64_t>> queries;  // group, row
  for (const std::string& name : wanted) {
    const std::optional<int64_t> place = photos.Find(name);
    if (!place) {
      benchmark.missing.push_back(name);
      continue;
    }
    const auto row = std::ssize(benchmark.photos);
    const std::string number = NumberOf(name);
    if (IsQuery(number)) {
      queries.emplace_back(GroupOf(number), row);
    } else {
      rows_of_group[GroupOf(number)].push_back(row);
    }
    benchmark.photos.push_back(photos.photo(*place));
  }
  for (const auto& [group, row] : queries) {
    benchmark.queries.push_back(
        {benchmark.photos[ToIndex(row)], std::nullopt, {rows_of_group[group], {row}}, row, {}});
  }
  if (names.empty() && wanted.size() < kPhotos) {
    benchmark.missing.push_back(StrCat(kPhotos - wanted.size(), " of ", kPhotos,
                                       " photos (holidays_images.dat in their folder would name them)"));
  }
  VANTAGE_CHECK(!benchmark.queries.empty(), "holidays: no photo 1GGG00.jpg, which would be a query");
  return benchmark;
}

std::vector<RankedNames> ReadHolidaysResults(const fs::path& path) try {
  std::vector<RankedNames> rankings;
  for (const auto& [text, number] : ReadLines(path, kMaxHolidaysSize)) {
    std::istringstream words(text);
    RankedNames ranking;
    words >> ranking.query;
    std::string rank;
    std::string name;
    while (words >> rank) {
      VANTAGE_CHECK(static_cast<bool>(words >> name), path.string(), ":", number, ": rank ", rank,
                    " has no photo");
      ranking.results.emplace_back(ParseInteger(rank, StrCat(path.string(), ":", number, ": rank")), name);
      VANTAGE_CHECK(ranking.results.back().first >= 0, path.string(), ":", number, ": rank ", rank);
    }
    rankings.push_back(std::move(ranking));
  }
  VANTAGE_CHECK(!rankings.empty(), path.string(), ": no ranked list");
  return rankings;
} catch (...) {
  RethrowAsError();
}

EvaluationResults JudgeHolidaysResults(const std::vector<RankedNames>& rankings,
                                       const std::vector<std::string>& names, const std::string& source,
                                       int64_t shown) {
  std::map<std::string, const RankedNames*> ranking_of;
  for (const RankedNames& ranking : rankings) {
    VANTAGE_CHECK(ranking_of.emplace(NumberOf(ranking.query), &ranking).second, source, ": two lists of '",
                  ranking.query, "'");
  }
  std::set<std::string> known;
  std::map<std::string, int64_t> positives;  // of each group
  for (const std::string& name : names) {
    const std::string number = NumberOf(name);
    known.insert(number);
    positives[GroupOf(number)] += IsQuery(number) ? 0 : 1;
  }
  const Judging judging = LandmarkJudging();
  EvaluationResults results{.benchmark = "holidays",
                            .source = source,
                            .photos = std::ssize(names),
                            .tasks = {""},
                            .figures = judging.figures};
  for (const std::string& name : names) {
    const std::string query = NumberOf(name);
    if (!IsQuery(query)) continue;
    const auto ranking = ranking_of.find(query);
    VANTAGE_CHECK(ranking != ranking_of.end(), source, ": no list of '", query, "'");
    VANTAGE_CHECK(positives[GroupOf(query)] > 0, source, ": '", query,
                  "' has no positive in the list of photos");
    QueryResult result = ReadList(*ranking->second, name, known, positives[GroupOf(query)], source, shown);
    result.figures = JudgeQuery(judging, {result.positive_ranks, result.positives});
    results.queries.push_back(std::move(result));
  }
  VANTAGE_CHECK(!results.queries.empty(), source, ": the list of photos has no query");
  return results;
}

Protocol evaluation::Holidays() {
  return {
      .name = "holidays",
      .help = "official",
      .read = [](const BenchmarkSource& source) { return MakeHolidays(NamesOf(source), PhotosOf(source)); },
      .file = kListFile,
      .has_fixed_photos = true,
      .judge_lists =
          [](const fs::path& lists, const BenchmarkSource& source, int64_t shown) {
            const std::vector<std::string> names = NamesOf(source);
            VANTAGE_CHECK(!names.empty(), source.folder.string(),
                          ": no holidays_images.dat, which names the benchmark's photos (--ground-truth)");
            return JudgeHolidaysResults(ReadHolidaysResults(lists), names, lists.string(), shown);
          }};
}

}  // namespace vantage

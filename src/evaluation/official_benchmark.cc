// SPDX-License-Identifier: BSD-3-Clause
#include "vantage/evaluation.h"

#include <algorithm>
#include <map>
#include <optional>

#include "util/check.h"
#include "util/index.h"
#include "util/rethrow.h"

namespace vantage {
namespace {

namespace fs = std::filesystem;

struct KnownBenchmark {
  const char* name;
  bool revisited;
  bool has_texts;  // its ground truth may be text files
  size_t photos;   // of the database
};

constexpr KnownBenchmark kKnown[] = {{"oxford5k", false, true, 5063},
                                     {"paris6k", false, true, 6392},
                                     {"roxford5k", true, false, 4993},
                                     {"rparis6k", true, false, 6322},
                                     {"instre", false, false, 27293}};

// Rows of the photos that are there; -1 for those that are not.
std::vector<int64_t> Kept(const std::vector<int64_t>& rows, const std::vector<int64_t>& new_row) {
  std::vector<int64_t> kept;
  for (const int64_t row : rows) {
    const int64_t now = new_row[ToIndex(row)];
    if (now >= 0) kept.push_back(now);
  }
  return kept;
}

bool Names(const GroundTruth::Query& query, int64_t row) {
  for (const auto* rows : {&query.ok, &query.easy, &query.hard, &query.junk}) {
    if (std::find(rows->begin(), rows->end(), row) != rows->end()) return true;
  }
  return false;
}

}  // namespace

Benchmark MakeBenchmark(const std::string& name, const GroundTruth& truth, bool revisited,
                        const PhotoFinder& photos) {
  Benchmark benchmark;
  benchmark.name = name;
  if (revisited) benchmark.tasks = {"E", "M", "H"};
  std::vector<int64_t> new_row;
  std::map<int64_t, int64_t> row_of;  // of places among the photos
  for (const std::string& image : truth.image_names) {
    const std::optional<int64_t> place = photos.Find(image);
    new_row.push_back(place ? std::ssize(benchmark.photos) : -1);
    if (!place) {
      benchmark.missing.push_back(image);
      continue;
    }
    const bool is_new = row_of.emplace(*place, new_row.back()).second;
    VANTAGE_CHECK(is_new, name, ": the ground truth names the photo ", photos.photo(*place).string(),
                  " twice");
    benchmark.photos.push_back(photos.photo(*place));
  }
  for (size_t i = 0; i < truth.queries.size(); ++i) {
    const std::optional<int64_t> place = photos.Find(truth.query_names[i]);
    if (!place) {
      benchmark.missing.push_back(truth.query_names[i]);
      continue;
    }
    const GroundTruth::Query& asked = truth.queries[i];
    GroundTruth::Query here{asked.box, Kept(asked.ok, new_row), Kept(asked.easy, new_row),
                            Kept(asked.hard, new_row), Kept(asked.junk, new_row)};
    const auto own = row_of.find(*place);
    if (own != row_of.end() && !Names(here, own->second)) here.junk.push_back(own->second);
    BenchmarkQuery query{photos.photo(*place),
                         Box{here.box[0], here.box[1], here.box[2], here.box[3]},
                         {here.ok, here.junk},
                         std::nullopt,
                         {}};
    if (own != row_of.end()) query.row = own->second;
    if (revisited) {
      query.relevance = RevisitedRelevance(here, RevisitedTask::kMedium);
      for (const auto task : {RevisitedTask::kEasy, RevisitedTask::kMedium, RevisitedTask::kHard}) {
        query.by_task.push_back(RevisitedRelevance(here, task));
      }
    }
    benchmark.queries.push_back(std::move(query));
  }
  std::sort(benchmark.missing.begin(), benchmark.missing.end());
  benchmark.missing.erase(std::unique(benchmark.missing.begin(), benchmark.missing.end()),
                          benchmark.missing.end());
  return benchmark;
}

Benchmark ReadOfficialBenchmark(const std::string& name, const fs::path& ground_truth,
                                const PhotoFinder& photos) try {
  const auto* known = std::find_if(std::begin(kKnown), std::end(kKnown),
                                   [&](const auto& entry) { return entry.name == name; });
  VANTAGE_CHECK(known != std::end(kKnown), "unknown benchmark '", name, "'");
  const fs::path pickle =
      fs::is_directory(ground_truth) ? ground_truth / StrCat("gnd_", name, ".pkl") : ground_truth;
  if (fs::exists(pickle)) {
    return MakeBenchmark(name, ReadPickledGroundTruth(pickle), known->revisited, photos);
  }
  VANTAGE_CHECK(known->has_texts && fs::is_directory(ground_truth), pickle.string(),
                ": no such file; it holds the ground truth of ", name);
  Benchmark benchmark =
      MakeBenchmark(name, ReadTextGroundTruth(ground_truth, photos), known->revisited, photos);
  const size_t named = benchmark.photos.size() + benchmark.missing.size();
  if (named < known->photos) {
    benchmark.missing.push_back(
        StrCat(known->photos - named, " of the ", known->photos, " that text files do not name"));
  }
  return benchmark;
} catch (...) {
  RethrowAsError();
}

}  // namespace vantage

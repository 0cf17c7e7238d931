// SPDX-License-Identifier: BSD-3-Clause
#include "evaluation/protocols/official.h"

#include <algorithm>
#include <map>
#include <optional>

#include "evaluation/protocols/protocols.h"
#include "util/check.h"
#include "util/index.h"

namespace vantage {
namespace {

namespace fs = std::filesystem;

// The new rows of the photos that are not missing. new_row: -1 for missing photos.
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
  if (revisited) {
    benchmark.tasks = {"E", "M", "H"};
    benchmark.main_task = 1;
  }
  std::vector<int64_t> new_row;
  std::map<int64_t, int64_t> row_of;  // by place in photos.photos()
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

Protocol evaluation::OfficialProtocol(const OfficialOptions& options) {
  const std::string file = StrCat("gnd_", options.name, ".pkl");
  const auto read = [options, file](const BenchmarkSource& source) {
    const fs::path ground_truth = GroundTruthOf(source);
    const PhotoFinder photos = PhotosOf(source);
    const fs::path pickle = fs::is_directory(ground_truth) ? ground_truth / file : ground_truth;
    if (fs::exists(pickle)) {
      return MakeBenchmark(options.name, ReadPickledGroundTruth(pickle), options.revisited, photos);
    }
    VANTAGE_CHECK(options.photos_with_texts > 0 && fs::is_directory(ground_truth), pickle.string(),
                  ": no such file; it holds the ground truth of ", options.name);
    Benchmark benchmark =
        MakeBenchmark(options.name, ReadTextGroundTruth(ground_truth, photos), options.revisited, photos);
    const int64_t named = std::ssize(benchmark.photos) + std::ssize(benchmark.missing);
    if (named < options.photos_with_texts) {
      benchmark.missing.push_back(StrCat(options.photos_with_texts - named, " of the ",
                                         options.photos_with_texts, " that text files do not name"));
    }
    return benchmark;
  };
  return {.name = options.name, .help = "official", .read = read, .file = file, .has_fixed_photos = true};
}

}  // namespace vantage

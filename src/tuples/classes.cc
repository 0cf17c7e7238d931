// SPDX-License-Identifier: BSD-3-Clause
#include "vantage/tuples/classes.h"

#include <algorithm>
#include <set>
#include <utility>

#include "tuples/splits.h"
#include "vantage/util/error.h"
#include "vantage/util/file.h"
#include "vantage/util/random.h"

namespace vantage {

namespace fs = std::filesystem;

std::vector<PhotoClass> ReadClasses(const fs::path& folder, std::optional<Split> split) {
  std::vector<PhotoClass> classes;
  for (const std::string& name : ListFolders(folder)) {
    PhotoClass one{name, {}, split};
    for (const fs::path& path : ListFiles(folder / name, PhotoExtensions()))
      one.photos.push_back(folder / name / path);
    if (!one.photos.empty()) classes.push_back(std::move(one));
  }
  VANTAGE_CHECK(!classes.empty(), folder.string(), ": no sub-folder with a photo: each is to be a class");
  return classes;
}

BuiltTuples BuildClassTuples(const std::vector<PhotoClass>& classes, const TupleOptions& options,
                             const fs::path& set_folder) {
  BuiltTuples built;
  TrainingSet& set = built.set;
  std::vector<std::optional<Split>> named;
  for (const PhotoClass& one : classes) named.push_back(one.split);
  const std::vector<Split> splits = DrawSplits(named, options);
  std::set<std::string> names;
  for (size_t c = 0; c < classes.size(); ++c) {
    const PhotoClass& one = classes[c];
    VANTAGE_CHECK(names.insert(one.name).second, "two classes have the name '", one.name, "'");
    const auto count = static_cast<int64_t>(one.photos.size());
    if (count < options.min_scene_photos) {
      built.report.dropped_scenes.push_back(StrCat(one.name, ": ", count, " photos"));
      continue;
    }
    const auto first = static_cast<int64_t>(set.photos.size());
    const SceneId scene{static_cast<int64_t>(set.scenes.size())};
    set.scenes.push_back({one.name, splits[c]});
    for (const fs::path& photo : one.photos) set.photos.push_back({PathFrom(set_folder, photo), 0, 0, scene});
    RandomStream random(static_cast<uint64_t>(options.seed), "queries of " + one.name);
    std::vector<int64_t> queries = random.Sample(count, QueriesOfScene(count, options));
    std::sort(queries.begin(), queries.end());
    for (const int64_t query : queries) {
      const auto photo = [&](int64_t other) { return PhotoId{first + other + (other >= query ? 1 : 0)}; };
      std::vector<CandidatePositive> candidates;
      for (const int64_t other : random.Sample(count - 1, options.class_candidates)) {
        candidates.push_back({.photo = photo(other), .overlap = 1, .scale_change = 1});
      }
      const PhotoId positive = candidates.front().photo;
      set.queries.push_back({PhotoId{first + query}, positive, std::move(candidates)});
    }
  }
  VANTAGE_CHECK(!set.queries.empty(), "no class has ", options.min_scene_photos, " photos");
  return built;
}

}  // namespace vantage

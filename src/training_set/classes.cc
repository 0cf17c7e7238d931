// SPDX-License-Identifier: BSD-3-Clause
#include "vantage/training_set.h"

#include <algorithm>
#include <set>
#include <utility>

#include "training_set/equal_files.h"
#include "training_set/excluded_names.h"
#include "training_set/photo_files.h"
#include "training_set/splits.h"
#include "util/check.h"
#include "util/random.h"
#include "util/rethrow.h"
#include "vantage/photos.h"

namespace vantage {

namespace fs = std::filesystem;

namespace {

constexpr size_t kNamedFiles = 5;  // most files of a class that a message names

}  // namespace

std::vector<PhotoClass> ReadClasses(const fs::path& folder, std::optional<Split> split) try {
  std::vector<PhotoClass> classes;
  for (const auto& [name, paths] : PhotosByClass(folder)) {
    classes.push_back({name, {}, split});
    for (const fs::path& path : paths) classes.back().photos.push_back(folder / name / path);
  }
  VANTAGE_CHECK(!classes.empty(), folder.string(), ": no sub-folder with a photo: each is to be a class");
  return classes;
} catch (...) {
  RethrowAsError();
}

ClassesAndChanges ExcludeClasses(std::vector<PhotoClass> classes, const std::vector<std::string>& names) {
  training_set::NamesToExclude excluded(names);
  ClassesAndChanges result;
  for (PhotoClass& one : classes) {
    const std::string why = excluded.Why({one.name});
    if (why.empty()) {
      result.classes.push_back(std::move(one));
    } else {
      result.changes.push_back({one.name, "left out", why});
    }
  }
  result.unmet = excluded.Unmet();
  return result;
}

ClassesAndChanges LeaveOutRepeatedFiles(std::vector<PhotoClass> classes, const RunContext& context) try {
  std::vector<std::vector<fs::path>> groups;
  for (const PhotoClass& one : classes) groups.push_back(one.photos);
  std::vector<std::set<fs::path>> left_out(classes.size());
  std::vector<std::vector<std::string>> why(classes.size());
  for (const std::vector<training_set::FileOfGroup>& files :
       training_set::EqualFiles(groups, /*across_groups=*/false, context)) {
    const bool in_one_class = files.front().group == files.back().group;
    for (size_t i = in_one_class ? 1 : 0; i < files.size(); ++i) {
      const training_set::FileOfGroup& other = i == 0 ? files.back() : files.front();
      if (in_one_class && files[i].path == files[0].path) continue;
      if (!left_out[files[i].group].insert(files[i].path).second) continue;  // listed twice
      why[files[i].group].push_back(StrCat(training_set::ShortName(files[i].path), " and ",
                                           training_set::ShortName(other.path), " are the same file"));
    }
  }
  ClassesAndChanges result;
  for (size_t c = 0; c < classes.size(); ++c) {
    if (!left_out[c].empty()) {
      const size_t count = why[c].size();
      if (count > kNamedFiles) {
        why[c].resize(kNamedFiles);
        why[c].push_back(StrCat("and ", count - kNamedFiles, " more"));
      }
      result.changes.push_back({classes[c].name,
                                StrCat(count, count == 1 ? " photo" : " photos", " left out"),
                                Join(why[c], "; ")});
      std::erase_if(classes[c].photos, [&](const fs::path& photo) { return left_out[c].count(photo) > 0; });
    }
    result.classes.push_back(std::move(classes[c]));
  }
  return result;
} catch (...) {
  RethrowAsError();
}

BuiltTuples BuildClassTuples(const std::vector<PhotoClass>& classes, const TupleOptions& options,
                             const fs::path& set_folder) try {
  CheckOptions(options);
  BuiltTuples built;
  TrainingSet& set = built.set;
  std::vector<std::optional<Split>> named;
  for (const PhotoClass& one : classes) named.push_back(one.split);
  const std::vector<Split> splits = training_set::DrawSplits(named, options);
  std::set<std::string> names;
  const fs::path base = fs::weakly_canonical(set_folder.empty() ? "." : set_folder);
  training_set::PhotoFiles files;
  std::set<fs::path> seen;
  for (size_t c = 0; c < classes.size(); ++c) {
    const PhotoClass& one = classes[c];
    VANTAGE_CHECK(names.insert(one.name).second, "two classes have the name '", one.name, "'");
    std::vector<fs::path> photos;
    for (const fs::path& photo : one.photos) {
      fs::path file = files.Find(photo);
      if (file.empty()) {
        if (built.report.missing_photos++ == 0) built.report.missing_example = photo.string();
      } else if (seen.insert(file).second) {
        photos.push_back(std::move(file));
      } else {
        ++built.report.repeated_photos;
      }
    }
    const auto count = std::ssize(photos);
    if (count < options.min_scene_photos) {
      built.report.dropped_scenes.push_back(StrCat(one.name, ": ", count, " photos"));
      continue;
    }
    const auto first = std::ssize(set.photos);
    const SceneId scene{std::ssize(set.scenes)};
    set.scenes.push_back({one.name, splits[c]});
    for (const fs::path& photo : photos) {
      set.photos.push_back({photo.lexically_proximate(base).string(), 0, 0, scene});
    }
    RandomStream random(static_cast<uint64_t>(options.seed), "queries of " + one.name);
    std::vector<int64_t> queries = random.Sample(count, training_set::QueriesOfScene(count, options));
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
} catch (...) {
  RethrowAsError();
}

}  // namespace vantage

// SPDX-License-Identifier: BSD-3-Clause
#include "vantage/training_set.h"

#include <algorithm>
#include <map>
#include <mutex>
#include <set>

#include "training_set/disjoint_sets.h"
#include "training_set/equal_files.h"
#include "training_set/excluded_names.h"
#include "training_set/near_pairs.h"
#include "util/index.h"
#include "util/parallel.h"
#include "util/rethrow.h"
#include "util/string.h"
#include "vantage/error.h"
#include "vantage/matching.h"

namespace vantage {
namespace {

namespace fs = std::filesystem;

// Pairs of groups that show the same thing, smaller number first, with the evidence: two photos and what they
// share.
using Overlaps = std::map<std::pair<size_t, size_t>, std::string>;

// Groups that have a file of the same bytes.
Overlaps SameFiles(const std::vector<std::vector<fs::path>>& groups, const RunContext& context) {
  Overlaps found;
  for (const std::vector<training_set::FileOfGroup>& files :
       training_set::EqualFiles(groups, /*across_groups=*/true, context)) {
    for (size_t a = 0; a < files.size(); ++a) {
      for (size_t b = a + 1; b < files.size(); ++b) {
        if (files[a].group == files[b].group) continue;
        found.try_emplace({files[a].group, files[b].group},
                          StrCat(training_set::ShortName(files[a].path), " and ",
                                 training_set::ShortName(files[b].path), " are the same file"));
      }
    }
  }
  return found;
}

// Evidence that two groups of photos show the same thing; `why` is "" if there is none.
struct Evidence {
  std::string why;
  size_t b = 0;  // the second group's photo
};

// Evidence by the first pair whose local features fit one geometry.
Evidence SameThing(const std::vector<training_set::NearPair>& pairs, const std::vector<fs::path>& of_a,
                   const std::vector<fs::path>& of_b, PhotoMatcher& matcher) {
  for (const training_set::NearPair& pair : pairs) {
    const fs::path& a = of_a[ToIndex(pair.a)];
    const fs::path& b = of_b[ToIndex(pair.b)];
    const int64_t inliers = matcher.Inliers(a, b);
    if (inliers > 0) {
      return {StrCat(training_set::ShortName(a), " and ", training_set::ShortName(b), " have ", inliers,
                     " features in common"),
              ToIndex(pair.b)};
    }
  }
  return {};
}

ScenesAndChanges LeaveOut(std::vector<SceneModels> scenes, const std::vector<std::string>& why) {
  ScenesAndChanges result;
  for (size_t s = 0; s < scenes.size(); ++s) {
    if (why[s].empty()) {
      result.scenes.push_back(std::move(scenes[s]));
    } else {
      result.changes.push_back({scenes[s].name, "left out", why[s]});
    }
  }
  return result;
}

std::vector<std::vector<fs::path>> PhotosOfAll(const std::vector<SceneModels>& scenes) {
  std::vector<std::vector<fs::path>> photos;
  for (const SceneModels& scene : scenes) photos.push_back(PhotosOf(scene));
  return photos;
}

// The pairs of scenes that overlap.
Overlaps FindOverlaps(const std::vector<std::vector<fs::path>>& photos, const PhotoDescriptors* descriptors,
                      const ExcludeOptions& options, const RunContext& context) {
  Overlaps overlaps = SameFiles(photos, context);
  if (descriptors == nullptr) return overlaps;
  std::vector<DescriptorMatrix> rows;
  for (const std::vector<fs::path>& of_scene : photos) rows.push_back(descriptors->Rows(of_scene));
  const std::vector<training_set::NearScenes> near =
      training_set::FindNearScenes(rows, options.compared_scenes, options.compared_pairs, context);
  PhotoMatcher matcher(options.features, options.match);
  std::mutex mutex;
  int64_t done = 0;
  ParallelFor(std::ssize(near), context.ThreadCount(), [&](int64_t i) {
    context.CheckCancelled();
    const training_set::NearScenes& pair = near[ToIndex(i)];
    std::string evidence;
    if (overlaps.count({pair.a, pair.b}) == 0) {
      evidence = SameThing(pair.photos, photos[pair.a], photos[pair.b], matcher).why;
    }
    const std::scoped_lock lock(mutex);
    if (!evidence.empty()) overlaps[{pair.a, pair.b}] = evidence;
    context.Report({"comparing scenes", ++done, std::ssize(near), ""});
  });
  return overlaps;
}

}  // namespace

void Declare(OptionsDescription& description, ExcludeOptions& options) {
  description
      .Add("overlapping", options.overlapping,
           "Scenes that show the same thing: merge them, drop all except the largest, or keep them without "
           "comparing. Classes: a file that two classes have is left out of both, unless keep")
      .OneOf({"merge", "drop", "keep"});
  description
      .Add("compared_scenes", options.compared_scenes,
           "With --model: nearest other scenes that each scene is compared with")
      .AtLeast(0);
  description
      .Add("compared_pairs", options.compared_pairs,
           "With --model: pairs of photos of two scenes whose features are compared")
      .AtLeast(1);
  description
      .Add("compared_test_pairs", options.compared_test_pairs,
           "With --model: pairs of a scene's and the test photos whose features are compared")
      .AtLeast(0);
  description
      .Add("min_inliers", options.match.min_inliers,
           "Fewest features that fit one geometry if two photos show the same thing")
      .AtLeast(8);
}

ScenesAndChanges ExcludeNames(std::vector<SceneModels> scenes, const std::vector<std::string>& names) {
  training_set::NamesToExclude excluded(names);
  std::vector<std::string> why(scenes.size());
  for (size_t s = 0; s < scenes.size(); ++s) {
    std::set<std::string> own = {scenes[s].name, fs::path(scenes[s].name).filename().string()};
    for (const SparseModel& model : scenes[s].models) {
      for (const auto& [id, image] : model.reconstruction.images) {
        const fs::path photo = (model.photo_folder / image.name).lexically_normal();
        own.insert(photo.parent_path().filename().string());
      }
    }
    why[s] = excluded.Why(own);
  }
  ScenesAndChanges result = LeaveOut(std::move(scenes), why);
  result.unmet = excluded.Unmet();
  return result;
}

ScenesAndChanges ExcludeTestPhotos(std::vector<SceneModels> scenes, const std::vector<TestPhotos>& tests,
                                   const PhotoDescriptors* descriptors, const ExcludeOptions& options,
                                   const RunContext& context) try {
  CheckOptions(options);
  if (tests.empty()) return {std::move(scenes), {}, {}};
  std::vector<std::string> why(scenes.size());
  std::set<size_t> met;  // places in `tests`
  std::vector<std::vector<fs::path>> photos = PhotosOfAll(scenes);
  std::vector<std::vector<fs::path>> with_tests = photos;
  for (const TestPhotos& test : tests) with_tests.push_back(test.photos);
  for (const auto& [groups, evidence] : SameFiles(with_tests, context)) {
    const auto& [scene, test] = groups;
    if (scene >= scenes.size() || test < scenes.size()) continue;
    if (why[scene].empty()) why[scene] = evidence + " (test photo)";
    met.insert(test - scenes.size());
  }
  if (descriptors != nullptr) {
    std::vector<fs::path> test_photos;
    std::vector<size_t> test_of;  // by place in test_photos
    for (size_t t = 0; t < tests.size(); ++t) {
      test_photos.insert(test_photos.end(), tests[t].photos.begin(), tests[t].photos.end());
      test_of.resize(test_photos.size(), t);
    }
    const DescriptorMatrix rows = descriptors->Rows(test_photos);
    PhotoMatcher matcher(options.features, options.match);
    std::mutex mutex;
    int64_t done = 0;
    ParallelFor(std::ssize(scenes), context.ThreadCount(), [&](int64_t i) {
      context.CheckCancelled();
      const auto s = ToIndex(i);
      Evidence evidence;
      if (why[s].empty()) {
        const std::vector<training_set::NearPair> pairs =
            training_set::NearestPairs(descriptors->Rows(photos[s]), rows, options.compared_test_pairs);
        evidence = SameThing(pairs, photos[s], test_photos, matcher);
      }
      const std::scoped_lock lock(mutex);
      if (!evidence.why.empty()) {
        why[s] = evidence.why + " (test photo)";
        met.insert(test_of[evidence.b]);
      }
      context.Report({"comparing with test photos", ++done, std::ssize(scenes), scenes[s].name});
    });
  }
  ScenesAndChanges result = LeaveOut(std::move(scenes), why);
  for (size_t t = 0; t < tests.size(); ++t) {
    if (met.count(t) == 0) result.unmet.push_back(tests[t].name);
  }
  return result;
} catch (...) {
  RethrowAsError();
}

ScenesAndChanges ResolveOverlaps(std::vector<SceneModels> scenes, const PhotoDescriptors* descriptors,
                                 const ExcludeOptions& options, const RunContext& context) try {
  CheckOptions(options);
  if (options.overlapping == "keep") return {std::move(scenes), {}, {}};
  const std::vector<std::vector<fs::path>> photos = PhotosOfAll(scenes);
  const auto overlaps = FindOverlaps(photos, descriptors, options, context);

  ScenesAndChanges result;
  // Leaves out validation scenes that show what training scenes show.
  std::vector<bool> is_out(scenes.size());
  for (const auto& [pair, evidence] : overlaps) {
    const auto& [a, b] = pair;
    if (!scenes[a].split || !scenes[b].split || *scenes[a].split == *scenes[b].split) continue;
    const size_t val = *scenes[a].split == Split::kVal ? a : b;
    if (is_out[val]) continue;
    is_out[val] = true;
    result.changes.push_back(
        {scenes[val].name, "left out",
         StrCat("shows what ", scenes[val == a ? b : a].name, " of the training split shows: ", evidence)});
  }
  training_set::DisjointSets groups(scenes.size());
  for (const auto& [pair, evidence] : overlaps) {
    if (!is_out[pair.first] && !is_out[pair.second]) groups.Join(pair.first, pair.second);
  }
  // The scene with the most photos names its group; the first of equally large ones.
  std::map<size_t, size_t> largest;
  for (size_t s = 0; s < scenes.size(); ++s) {
    if (is_out[s]) continue;
    const auto [entry, is_new] = largest.emplace(groups.Find(s), s);
    if (photos[s].size() > photos[entry->second].size()) entry->second = s;
  }
  const auto why_of = [&](size_t s) {
    for (const auto& [pair, evidence] : overlaps) {
      if (pair.first == s || pair.second == s) return evidence;
    }
    return std::string();
  };
  for (size_t s = 0; s < scenes.size(); ++s) {
    if (is_out[s]) continue;
    const size_t kept = largest.at(groups.Find(s));
    if (kept == s) continue;
    const bool merge = options.overlapping == "merge";
    if (merge) {
      for (SparseModel& model : scenes[s].models) scenes[kept].models.push_back(std::move(model));
      if (!scenes[kept].split) scenes[kept].split = scenes[s].split;
    }
    result.changes.push_back(
        {scenes[s].name, StrCat(merge ? "merged into " : "left out for ", scenes[kept].name), why_of(s)});
    is_out[s] = true;
  }
  for (size_t s = 0; s < scenes.size(); ++s) {
    if (!is_out[s]) result.scenes.push_back(std::move(scenes[s]));
  }
  return result;
} catch (...) {
  RethrowAsError();
}

}  // namespace vantage

// SPDX-License-Identifier: BSD-3-Clause
#include "vantage/tuples/exclude.h"

#include <algorithm>
#include <map>
#include <mutex>
#include <set>

#include "tuples/disjoint_sets.h"
#include "tuples/near_pairs.h"
#include "vantage/features/photo_matcher.h"
#include "vantage/util/error.h"
#include "vantage/util/hash.h"
#include "vantage/util/parallel.h"

namespace vantage {
namespace {

namespace fs = std::filesystem;

// Groups of photos, by the smaller and the larger number, that show the same thing; which two photos tell,
// and how.
using Overlaps = std::map<std::pair<size_t, size_t>, std::string>;

std::string NameForComparison(const std::string& name) {
  std::string plain;
  for (const char c : ToLower(name)) {
    if (c != '_' && c != '-' && c != ' ') plain += c;
  }
  return plain;
}

// "castle/3.jpg": enough to find a photo by.
std::string ShortName(const fs::path& photo) {
  return (photo.parent_path().filename() / photo.filename()).generic_string();
}

// Groups that hold a file of the same bytes. Only files of equal size in different groups are read.
Overlaps SameFiles(const std::vector<std::vector<fs::path>>& groups, const RunContext& context) {
  struct Photo {
    size_t group;
    const fs::path* path;
  };
  std::map<uintmax_t, std::vector<Photo>> by_size;
  for (size_t g = 0; g < groups.size(); ++g) {
    for (const fs::path& path : groups[g]) by_size[fs::file_size(path)].push_back({g, &path});
  }
  std::vector<const std::vector<Photo>*> alike;
  for (const auto& [size, photos] : by_size) {
    const bool differ = std::any_of(photos.begin(), photos.end(),
                                    [&](const Photo& photo) { return photo.group != photos[0].group; });
    if (differ) alike.push_back(&photos);
  }
  Overlaps found;
  std::mutex mutex;
  ParallelFor(static_cast<int64_t>(alike.size()), context.ThreadCount(), [&](int64_t i) {
    context.CheckCancelled();
    std::map<std::string, std::vector<Photo>> by_content;
    for (const Photo& photo : *alike[static_cast<size_t>(i)]) {
      by_content[Sha256OfFile(*photo.path)].push_back(photo);
    }
    for (const auto& [hash, photos] : by_content) {
      for (size_t b = 1; b < photos.size(); ++b) {
        if (photos[b].group == photos[0].group) continue;
        const std::string why =
            StrCat(ShortName(*photos[0].path), " and ", ShortName(*photos[b].path), " are the same file");
        const std::scoped_lock lock(mutex);
        std::string& kept = found[std::minmax(photos[0].group, photos[b].group)];
        if (kept.empty() || why < kept) kept = why;
      }
    }
  });
  return found;
}

// Tells of the first of the pairs whose local features fit one geometry; "" where none do.
std::string SameThing(const std::vector<NearPair>& pairs, const std::vector<fs::path>& of_a,
                      const std::vector<fs::path>& of_b, PhotoMatcher& matcher) {
  for (const NearPair& pair : pairs) {
    const fs::path& a = of_a[static_cast<size_t>(pair.a)];
    const fs::path& b = of_b[static_cast<size_t>(pair.b)];
    const int64_t inliers = matcher.Inliers(a, b);
    if (inliers > 0) {
      return StrCat(ShortName(a), " and ", ShortName(b), " have ", inliers, " features in common");
    }
  }
  return "";
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

// Pairs of scenes that overlap, smaller first, and why.
Overlaps FindOverlaps(const std::vector<std::vector<fs::path>>& photos, const PhotoDescriptors* descriptors,
                      const ExcludeOptions& options, const RunContext& context) {
  Overlaps overlaps = SameFiles(photos, context);
  if (descriptors == nullptr) return overlaps;
  std::vector<DescriptorMatrix> rows;
  for (const std::vector<fs::path>& of_scene : photos) rows.push_back(descriptors->Rows(of_scene));
  const std::vector<NearScenes> near =
      FindNearScenes(rows, options.compared_scenes, options.compared_pairs, context);
  PhotoMatcher matcher(options.features, options.match);
  std::mutex mutex;
  int64_t done = 0;
  ParallelFor(static_cast<int64_t>(near.size()), context.ThreadCount(), [&](int64_t i) {
    context.CheckCancelled();
    const NearScenes& pair = near[static_cast<size_t>(i)];
    std::string evidence;
    if (overlaps.count({pair.a, pair.b}) == 0) {
      evidence = SameThing(pair.photos, photos[pair.a], photos[pair.b], matcher);
    }
    const std::scoped_lock lock(mutex);
    if (!evidence.empty()) overlaps[{pair.a, pair.b}] = evidence;
    context.Report({"comparing scenes", ++done, static_cast<int64_t>(near.size()), ""});
  });
  return overlaps;
}

}  // namespace

void Describe(OptionsDescription& description, ExcludeOptions& options) {
  description
      .Add("overlapping", options.overlapping,
           "Scenes that show the same thing: merge them, drop all but the largest, or keep them apart "
           "without looking")
      .OneOf({"merge", "drop", "keep"});
  description
      .Add("compared_scenes", options.compared_scenes,
           "With --model: nearest other scenes that each is compared with")
      .AtLeast(0);
  description
      .Add("compared_pairs", options.compared_pairs,
           "And pairs of photos of two scenes whose features are compared")
      .AtLeast(1);
  description
      .Add("compared_test_pairs", options.compared_test_pairs,
           "With --model: pairs of a scene's and the test photos whose features are compared")
      .AtLeast(0);
  description
      .Add("min_inliers", options.match.min_inliers,
           "Features that fit one geometry, from which two photos show the same thing")
      .AtLeast(8);
}

ScenesAndChanges ExcludeNames(std::vector<SceneModels> scenes, const std::vector<std::string>& names) {
  if (names.empty()) return {std::move(scenes), {}};
  std::map<std::string, std::string> excluded;
  for (const std::string& name : names) excluded[NameForComparison(name)] = name;
  std::vector<std::string> why(scenes.size());
  for (size_t s = 0; s < scenes.size(); ++s) {
    std::set<std::string> own = {NameForComparison(scenes[s].name),
                                 NameForComparison(fs::path(scenes[s].name).filename().string())};
    for (const fs::path& photo : PhotosOf(scenes[s])) {
      own.insert(NameForComparison(photo.parent_path().filename().string()));
    }
    for (const std::string& name : own) {
      const auto found = excluded.find(name);
      if (found != excluded.end()) why[s] = StrCat("'", found->second, "' is excluded by name");
    }
  }
  return LeaveOut(std::move(scenes), why);
}

ScenesAndChanges ExcludeTestPhotos(std::vector<SceneModels> scenes, const std::vector<fs::path>& test_photos,
                                   const PhotoDescriptors* descriptors, const ExcludeOptions& options,
                                   const RunContext& context) {
  if (test_photos.empty()) return {std::move(scenes), {}};
  std::vector<std::string> why(scenes.size());
  std::vector<std::vector<fs::path>> photos = PhotosOfAll(scenes);
  std::vector<std::vector<fs::path>> with_tests = photos;
  with_tests.push_back(test_photos);
  for (const auto& [groups, evidence] : SameFiles(with_tests, context)) {
    if (groups.second == scenes.size()) why[groups.first] = evidence + " (test photo)";
  }
  if (descriptors != nullptr) {
    const DescriptorMatrix tests = descriptors->Rows(test_photos);
    PhotoMatcher matcher(options.features, options.match);
    std::mutex mutex;
    int64_t done = 0;
    ParallelFor(static_cast<int64_t>(scenes.size()), context.ThreadCount(), [&](int64_t i) {
      context.CheckCancelled();
      const auto s = static_cast<size_t>(i);
      if (why[s].empty()) {
        const std::vector<NearPair> pairs =
            NearestPairs(descriptors->Rows(photos[s]), tests, options.compared_test_pairs);
        const std::string evidence = SameThing(pairs, photos[s], test_photos, matcher);
        if (!evidence.empty()) why[s] = evidence + " (test photo)";
      }
      const std::scoped_lock lock(mutex);
      context.Report(
          {"comparing with test photos", ++done, static_cast<int64_t>(scenes.size()), scenes[s].name});
    });
  }
  return LeaveOut(std::move(scenes), why);
}

ScenesAndChanges ResolveOverlaps(std::vector<SceneModels> scenes, const PhotoDescriptors* descriptors,
                                 const ExcludeOptions& options, const RunContext& context) {
  if (options.overlapping == "keep") return {std::move(scenes), {}};
  const std::vector<std::vector<fs::path>> photos = PhotosOfAll(scenes);
  const auto overlaps = FindOverlaps(photos, descriptors, options, context);

  ScenesAndChanges result;
  // Validation must not see what is trained on.
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
  DisjointSets groups(scenes.size());
  for (const auto& [pair, evidence] : overlaps) {
    if (!is_out[pair.first] && !is_out[pair.second]) groups.Join(pair.first, pair.second);
  }
  // Of each group the scene with the most photos gives the name, the first of several.
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
}

}  // namespace vantage

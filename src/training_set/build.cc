// SPDX-License-Identifier: BSD-3-Clause
#include "vantage/training_set.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "training_set/photo_files.h"
#include "training_set/positive_rule.h"
#include "training_set/splits.h"
#include "util/check.h"
#include "util/index.h"
#include "util/random.h"
#include "util/rethrow.h"
#include "vantage/colmap.h"

namespace vantage {
namespace {

namespace fs = std::filesystem;

using training_set::PositiveRule;
using training_set::PositiveRuleOf;

// The place of a photo among those of its scene.
enum class ScenePhoto : int64_t {};

struct SceneCandidate {
  ScenePhoto photo{};
  CandidatePositive facts;  // its photo is set when the scene is added to the set
};

struct SceneQuery {
  ScenePhoto photo{};
  std::vector<SceneCandidate> candidates;
};

// A scene's photos and their pairs, before queries are drawn.
struct ScenePairs {
  std::vector<TrainingPhoto> photos;
  std::vector<fs::path> paths;  // of photos
  std::vector<SceneQuery> possible_queries;
};

std::vector<SceneCandidate> Candidates(const CovisibilityIndex& index, ImageId query,
                                       const std::map<ImageId, ScenePhoto>& photo_of,
                                       const TupleOptions& options) {
  const bool may_share_nothing = PositiveRuleOf(options).by_descriptor;
  std::vector<SceneCandidate> candidates;
  int64_t rank = 0;
  for (const ImageId other : index.NearestCameras(query, options.nearest_cameras)) {
    const Covisibility covisibility = index.Between(query, other);
    const auto photo = photo_of.find(other);
    if ((covisibility.shared_points > 0 || may_share_nothing) && photo != photo_of.end()) {
      const double overlap = static_cast<double>(covisibility.shared_points) /
                             static_cast<double>(std::max<int64_t>(1, index.PointCount(query)));
      candidates.push_back(
          {photo->second, {{}, covisibility.shared_points, overlap, covisibility.scale_change, rank}});
    }
    ++rank;
  }
  return candidates;
}

bool CanBePositive(const CandidatePositive& candidate, const TupleOptions& options) {
  return !PositiveRuleOf(options).at_random ||
         IsModerateViewpointChange(candidate, options.min_overlap, options.max_scale_change);
}

// Chooses positives among a scene's photos.
class PositiveChooser {
 public:
  // photos: the paths of the scene's photos, by place.
  PositiveChooser(const TupleOptions& options, const PhotoDescriptors* descriptors,
                  const std::vector<fs::path>& photos)
      : options_(options), rule_(PositiveRuleOf(options)) {
    if (rule_.by_descriptor) descriptors_ = descriptors->Rows(photos);
  }

  ScenePhoto Choose(const SceneQuery& query, RandomStream& random) const {
    const std::vector<SceneCandidate>& candidates = query.candidates;
    if (rule_.at_random) {
      std::vector<ScenePhoto> eligible;
      for (const SceneCandidate& candidate : candidates) {
        if (CanBePositive(candidate.facts, options_)) eligible.push_back(candidate.photo);
      }
      return eligible[random.Below(eligible.size())];
    }
    const auto best = std::max_element(candidates.begin(), candidates.end(),
                                       [&](const SceneCandidate& a, const SceneCandidate& b) {
                                         if (rule_.by_descriptor)
                                           return Similarity(query, a) < Similarity(query, b);
                                         return a.facts.shared_points < b.facts.shared_points;
                                       });
    return best->photo;
  }

 private:
  float Similarity(const SceneQuery& query, const SceneCandidate& candidate) const {
    return descriptors_.row(static_cast<Eigen::Index>(query.photo))
        .dot(descriptors_.row(static_cast<Eigen::Index>(candidate.photo)));
  }

  const TupleOptions& options_;
  const PositiveRule& rule_;
  DescriptorMatrix descriptors_;
};

// in_other_scenes: photos of other scenes, which are left out; a photo is in the set only once. Paths become
// relative to `set_folder`, a canonical path.
ScenePairs FindPairs(const SceneModels& scene, const TupleOptions& options, const fs::path& set_folder,
                     const std::set<fs::path>& in_other_scenes, TupleReport& report) {
  ScenePairs pairs;
  training_set::PhotoFiles files;
  std::set<fs::path> seen;
  for (const auto& [model, photo_folder] : scene.models) {
    std::map<ImageId, ScenePhoto> photo_of;
    for (const auto& [id, image] : model.images) {
      const fs::path path = files.Find(photo_folder / image.name);
      if (path.empty()) {
        if (report.missing_photos++ == 0) {
          report.missing_example = (photo_folder / image.name).lexically_normal().string();
        }
        continue;
      }
      if (in_other_scenes.count(path) > 0) {
        ++report.repeated_photos;
        continue;
      }
      if (!seen.insert(path).second) continue;  // another model of the scene has it too
      const Camera& camera = model.cameras.at(image.camera);
      photo_of[id] = ScenePhoto{std::ssize(pairs.photos)};
      pairs.photos.push_back({path.lexically_proximate(set_folder).string(), static_cast<int>(camera.width),
                              static_cast<int>(camera.height), SceneId{0}});
      pairs.paths.push_back(path);
    }
    const CovisibilityIndex index(model);
    for (const auto& [id, photo] : photo_of) {
      SceneQuery query{photo, Candidates(index, id, photo_of, options)};
      const bool has_positive =
          std::any_of(query.candidates.begin(), query.candidates.end(),
                      [&](const auto& candidate) { return CanBePositive(candidate.facts, options); });
      if (has_positive) pairs.possible_queries.push_back(std::move(query));
    }
  }
  return pairs;
}

}  // namespace

void Declare(OptionsDescription& description, TupleOptions& options) {
  description
      .Add("query_fraction", options.query_fraction, "Largest share of a scene's photos that are queries")
      .Range(1e-6, 1);
  description.Add("max_queries", options.max_queries_per_scene, "Most queries of a scene").AtLeast(1);
  description
      .Add("nearest_cameras", options.nearest_cameras, "Nearest cameras among which positives are chosen")
      .AtLeast(1);
  description
      .Add("positives", options.positives,
           "Choice of the positive: m1, the nearest by a model's descriptors (--model); m2, the one with "
           "most shared points; m3, a random one that overlaps at a similar scale")
      .OneOf(training_set::PositiveRuleNames());
  description
      .Add("min_overlap", options.min_overlap,
           "m3: least share of the query's points seen by the positive too")
      .Range(0, 1);
  description.Add("max_scale_change", options.max_scale_change, "m3: largest change of scale, either way")
      .AtLeast(1);
  description
      .Add("val_fraction", options.val_fraction,
           "Share of the scenes that validate, drawn at random: at least two scenes, but none of fewer than "
           "four; 0: none")
      .Range(0, 0.9);
  description
      .Add("class_candidates", options.class_candidates,
           "Classes: most photos of its class that a query is paired with")
      .AtLeast(1);
  description
      .Add("min_scene_photos", options.min_scene_photos,
           "Scenes with fewer reconstructed photos are left out")
      .AtLeast(2);
  description.Add("seed", options.seed, "Seed of all random choices").AtLeast(0);
}

bool IsModerateViewpointChange(const CandidatePositive& candidate, double min_overlap,
                               double max_scale_change) {
  if (candidate.overlap <= min_overlap) return false;
  if (candidate.scale_change == 0) return true;  // not known, for example for panoramas
  return candidate.scale_change >= 1 / max_scale_change && candidate.scale_change <= max_scale_change;
}

BuiltTuples BuildTuples(const std::vector<SceneModels>& scenes, const TupleOptions& options,
                        const fs::path& set_folder, const RunContext& context,
                        const PhotoDescriptors* descriptors) try {
  CheckOptions(options);
  const PositiveRule& rule = PositiveRuleOf(options);
  if (rule.by_descriptor && descriptors == nullptr) {
    throw UsageError(StrCat(rule.name, " takes the nearest photo by descriptor: name a model (--model)"));
  }
  BuiltTuples built;
  std::vector<std::optional<Split>> named;
  for (const SceneModels& scene : scenes) named.push_back(scene.split);
  const std::vector<Split> splits = training_set::DrawSplits(named, options);
  std::set<std::string> names;
  const fs::path base = fs::weakly_canonical(set_folder.empty() ? "." : set_folder);
  std::set<fs::path> taken;  // photos in the set
  int64_t found_photos = 0;
  for (size_t s = 0; s < scenes.size(); ++s) {
    context.CheckCancelled();
    const SceneModels& scene = scenes[s];
    VANTAGE_CHECK(names.insert(scene.name).second, "two scenes have the name '", scene.name, "'");
    ScenePairs pairs = FindPairs(scene, options, base, taken, built.report);
    found_photos += std::ssize(pairs.photos);
    if (static_cast<int>(pairs.photos.size()) < options.min_scene_photos || pairs.possible_queries.empty()) {
      built.report.dropped_scenes.push_back(StrCat(scene.name, ": ", pairs.photos.size(), " photos, ",
                                                   pairs.possible_queries.size(), " with a positive"));
      continue;
    }
    const auto scene_id = SceneId{std::ssize(built.set.scenes)};
    const auto first = std::ssize(built.set.photos);
    const auto in_set = [first](ScenePhoto in_scene) {
      return PhotoId{first + static_cast<int64_t>(in_scene)};
    };
    built.set.scenes.push_back({scene.name, splits[s]});
    for (TrainingPhoto& photo : pairs.photos) {
      photo.scene = scene_id;
      built.set.photos.push_back(std::move(photo));
    }

    taken.insert(pairs.paths.begin(), pairs.paths.end());

    const PositiveChooser chooser(options, descriptors, pairs.paths);
    RandomStream random(static_cast<uint64_t>(options.seed), "queries of " + scene.name);
    const int64_t count = training_set::QueriesOfScene(std::ssize(pairs.photos), options);
    std::vector<int64_t> drawn = random.Sample(std::ssize(pairs.possible_queries), count);
    std::sort(drawn.begin(), drawn.end());
    for (const int64_t index : drawn) {
      const SceneQuery& in_scene = pairs.possible_queries[ToIndex(index)];
      TrainingQuery& query = built.set.queries.emplace_back();
      query.photo = in_set(in_scene.photo);
      query.positive = in_set(chooser.Choose(in_scene, random));
      for (const SceneCandidate& candidate : in_scene.candidates) {
        query.candidates.push_back(candidate.facts);
        query.candidates.back().photo = in_set(candidate.photo);
      }
    }
    context.Report({"choosing tuples", static_cast<int64_t>(s) + 1, std::ssize(scenes), scene.name});
  }
  VANTAGE_CHECK(found_photos > 0 || built.report.missing_photos == 0, "none of the ",
                built.report.missing_photos, " photos that the models name was found, such as ",
                built.report.missing_example, "; name their folder (--photos)");
  VANTAGE_CHECK(!built.set.queries.empty(), "no scene gives a query: ", scenes.size(), " scenes, of which ",
                built.report.dropped_scenes.size(), " were left out",
                built.report.dropped_scenes.empty() ? "" : " (" + built.report.dropped_scenes.front() + ")");
  return built;
} catch (...) {
  RethrowAsError();
}

}  // namespace vantage

// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "vantage/config/options_description.h"
#include "vantage/training_set/scenes.h"
#include "vantage/training_set/training_set.h"
#include "vantage/util/run_context.h"

namespace vantage {

struct TupleOptions {
  // Queries of a scene: at most this share of its photos, at least one. (0, 1].
  double query_fraction = 0.1;  // TPAMI 2019, section 4.1
  // And at most so many.
  int max_queries_per_scene = 30;  // TPAMI 2019, section 4.1
  // Candidates are looked for among so many nearest cameras.
  int nearest_cameras = 100;  // TPAMI 2019, section 4.2
  // How the positive is chosen (TPAMI 2019, section 4.2): "m1" the one with the nearest descriptor, which
  // needs descriptors; "m2" most shared points; "m3" a random one that overlaps enough at a similar scale.
  std::string positives = "m3";
  // m3: the candidate shares more than this part of the query's points. [0, 1).
  double min_overlap = 0.2;  // t_i
  // m3: largest scale change between the two, either way. At least 1.
  double max_scale_change = 1.5;  // t_s
  // Share of the scenes that validate, where none are named, in [0, 1): two at least, none of fewer than
  // four.
  double val_fraction = 0.2;
  // Classes: photos of its class that a query is paired with, at most.
  int class_candidates = 20;
  // Scenes with fewer photos in their models are left out.
  int min_scene_photos = 3;
  int64_t seed = 0;
};
void Declare(OptionsDescription& description, TupleOptions& options);

struct TupleReport {
  std::vector<std::string> dropped_scenes;  // "NAME: why"
  int64_t missing_photos = 0;               // named by models, not found
  std::string missing_example;              // the path at which the first of them was looked for
  int64_t repeated_photos = 0;              // photos of a scene that are in another one already
};

struct BuiltTuples {
  TrainingSet set;
  TupleReport report;
};

// Chooses queries and candidate positives from sparse models (TPAMI 2019, sections 4.1 and 4.2). Photo paths
// are made relative to `set_folder`, where the set's file will be. Each photo is in the set once: photos are
// compared by canonical path, and one of several scenes is in the first. m1 takes descriptors of all photos,
// and all of a query's nearest cameras for candidates, m2 and m3 those that share points with it. Throws
// Error if no photo is found, no scene gives a query, or two scenes have the same name; UsageError where m1
// has no descriptors.
BuiltTuples BuildTuples(const std::vector<SceneModels>& scenes, const TupleOptions& options,
                        const std::filesystem::path& set_folder, const RunContext& context = {},
                        const PhotoDescriptors* descriptors = nullptr);

// True if m3 may choose the candidate: enough overlap at a similar scale, or one that is not known.
bool IsModerateViewpointChange(const CandidatePositive& candidate, double min_overlap,
                               double max_scale_change);

}  // namespace vantage

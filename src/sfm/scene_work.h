// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "sfm/colmap_program.h"
#include "sfm/scene_folder.h"
#include "vantage/colmap.h"

namespace vantage::sfm {

// Photos that are reconstructed together.
struct PhotoScene {
  std::string name;
  std::filesystem::path photo_folder;
  std::vector<std::filesystem::path> photos;  // relative to the folder, sorted
  std::filesystem::path masks = {};           // folder of their masks, PHOTO.png; empty: none
};

// An option of COLMAP that a user sets.
struct ColmapOption {
  std::string name;  // "Mapper.ba_refine_focal_length"
  std::string value;
};
// Parses ReconstructOptions::colmap_options. Throws UsageError.
std::vector<ColmapOption> ParseColmapOptions(const std::vector<std::string>& texts);

// Pairs of each photo with the photos that follow it: see ReconstructOptions::sequential_overlap.
std::vector<PhotoPair> SequentialPairs(int64_t photos, int overlap);

// Reconstructs one scene in steps. Its SceneFolder records the finished ones.
class SceneWork {
 public:
  static constexpr int kSteps = 3;

  // on_step: number of finished steps, in [0, kSteps], and a description of the current one. Called on the
  // thread that called Run.
  using StepCallback = std::function<void(double done, const std::string& what)>;

  SceneWork(const PhotoScene& scene, std::filesystem::path folder, const ReconstructOptions& options,
            const PairProposer& proposer, const ColmapProgram& colmap, int threads, StepCallback on_step,
            const RunContext& context);

  // A message for each option that this COLMAP does not know.
  std::set<std::string> LackingOptions() const;

  // Throws nothing except Interrupted: failures become the scene's outcome.
  SceneOutcome Run();

 private:
  enum class Matching { kExhaustive, kSequential, kProposed };
  using Options = std::vector<ColmapProgram::Option>;

  Matching WayOfMatching() const;
  // Everything that the result depends on: photos and options.
  SceneAttempt MakeAttempt() const;
  SceneOutcome RunOrThrow();
  // Records the current folder of a finished model's photos.
  void KeepPhotoFolder(const SceneAttempt& attempt);
  // These return "" on success, else the scene's status.
  std::string RunSteps();
  std::string Match(int step);
  std::string RunStep(int step, const std::string& command);

  // The command's options, with those that the user sets.
  Options OptionsOf(const std::string& command) const;
  std::string Matcher() const;  // the matching command
  std::string MaskText() const;
  Options ExtractorOptions() const;
  Options MatcherOptions() const;
  Options MapperOptions() const;
  bool IsFinished(const std::string& command) const;
  // True if a photo needs another name while pairs are matched: see list_names.h.
  bool NeedsListNames() const;
  void WritePairs() const;
  // Names of the models that the mapper wrote.
  std::vector<std::string> ModelNames() const;
  SceneOutcome CountModels() const;

  const PhotoScene& scene_;
  SceneFolder folder_;
  const ReconstructOptions& options_;
  std::vector<ColmapOption> colmap_options_;
  const PairProposer& proposer_;
  const ColmapProgram& colmap_;
  int threads_;
  StepCallback on_step_;
  const RunContext& context_;
  std::chrono::steady_clock::time_point start_;
  bool says_no_model_ = false;  // said by the mapper in this call
};

}  // namespace vantage::sfm

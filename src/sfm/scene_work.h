// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "sfm/colmap_program.h"
#include "vantage/sfm/reconstruct.h"

namespace vantage {

// Photos that are reconstructed together.
struct PhotoScene {
  std::string name;
  std::filesystem::path photo_folder;
  std::vector<std::filesystem::path> photos;  // relative to the folder, sorted
};

// Each photo with those that follow it: see ReconstructOptions::sequential_overlap.
std::vector<PhotoPair> SequentialPairs(int64_t photos, int overlap);

// Works on one scene, step by step; scene.json says which are finished.
class SceneWork {
 public:
  static constexpr int kSteps = 3;

  // on_step: steps that are done, in [0, kSteps], and what is being done; called from the thread that runs.
  using StepCallback = std::function<void(double done, const std::string& what)>;

  SceneWork(const PhotoScene& scene, std::filesystem::path folder, const ReconstructOptions& options,
            const PairProposer& proposer, const ColmapProgram& colmap, int threads, StepCallback on_step,
            const RunContext& context);

  SceneOutcome Run();

 private:
  enum class Matching { kExhaustive, kSequential, kProposed };

  std::filesystem::path StatePath() const { return folder_ / "scene.json"; }
  std::filesystem::path LogPath() const { return folder_ / "colmap.log"; }
  std::filesystem::path DatabasePath() const { return folder_ / "database.db"; }
  std::filesystem::path ModelPath() const { return folder_ / "sparse"; }
  std::filesystem::path PairsPath() const { return folder_ / "pairs.txt"; }

  Matching WayOfMatching() const;
  // Tells apart what the result depends on: photos and options.
  std::string Fingerprint() const;
  void LoadState();
  void SaveState() const;
  // These return "" where all went well, else the scene's status.
  std::string RunSteps();
  std::string Match(int step, const ColmapProgram::Option& database, const std::string& gpu);
  std::string RunStep(int step, const std::string& command,
                      const std::vector<ColmapProgram::Option>& options);

  bool IsFinished(const std::string& command) const;
  void WritePairs() const;
  // A list of pairs can name no photo with a space in its name: for matching, the database calls them
  // otherwise.
  enum class Names { kOwn, kWithoutSpaces };
  void RenamePhotos(Names names) const;
  void CountModels(SceneOutcome& outcome) const;

  const PhotoScene& scene_;
  std::filesystem::path folder_;
  const ReconstructOptions& options_;
  const PairProposer& proposer_;
  const ColmapProgram& colmap_;
  int threads_;
  StepCallback on_step_;
  const RunContext& context_;
  nlohmann::json state_;
  std::chrono::steady_clock::time_point start_;
};

}  // namespace vantage

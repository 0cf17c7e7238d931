// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "vantage/colmap.h"

namespace vantage::sfm {

// The input that a COLMAP database was made from.
struct DatabaseContent {
  std::string options;              // options of features and matching (a hash)
  std::vector<std::string> photos;  // percent-encoded names with sizes, sorted

  // True if a database of `other` becomes this one by adding photos.
  bool Extends(const DatabaseContent& other) const;
};

// The result for some photos and options; an empty fingerprint: no result yet.
struct SceneResult {
  std::string fingerprint;
  SceneOutcome outcome;
};

// A reconstruction that is not finished; an empty fingerprint: none.
struct SceneAttempt {
  std::string fingerprint;
  std::string photo_folder;  // relative to the scene's folder
  bool is_pool = false;
  std::string colmap;  // COLMAP's version
  bool beside = true;  // its database is a new one in .vantage/; false: extends the scene's database.db
  DatabaseContent database;
  std::vector<std::string> steps;  // finished commands
  double seconds = 0;
  bool is_complete = false;  // the outcome is known; only files remain to be moved
  SceneOutcome outcome;
  std::string model_digest;  // of the new model
};

// Content of .vantage/scene.json. Readers of the models use the first two fields.
struct SceneState {
  std::string photos;  // folder that image names are relative to; itself relative to the scene's folder
  bool pool = false;
  std::string colmap;
  // COLMAP's files in the scene's folder that vantage made. Only these are ever replaced.
  std::vector<std::string> made;
  DatabaseContent database;  // of database.db
  SceneResult model;         // of sparse/
  std::string model_digest;  // of the files in sparse/, to detect changes by a user
  SceneResult nothing;       // the last result without a model since `model`
  SceneAttempt attempt;
};

// Files of a scene: database.db and sparse/ in its folder, where users expect COLMAP's files, and everything
// else in its sub-folder .vantage/. A new database and a new model are made in .vantage/ and moved when both
// are complete.
class SceneFolder {
 public:
  explicit SceneFolder(std::filesystem::path path) : path_(std::move(path)) {}

  // Reads the state, and completes an interrupted move. A damaged state is treated as empty: it claims no
  // files.
  void Load();

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path StatePath() const { return Own("scene.json"); }
  std::filesystem::path LogPath() const { return Own("colmap.log"); }
  std::filesystem::path PhotosPath() const { return Own("photos.txt"); }
  std::filesystem::path PairsPath() const { return Own("pairs.txt"); }
  // Files of the attempt.
  std::filesystem::path DatabasePath() const;
  std::filesystem::path ModelPath() const { return Own("sparse.partial"); }

  SceneState& state() { return state_; }
  const SceneState& state() const { return state_; }
  void Save() const;

  bool HasModel() const;
  // The result with this fingerprint (photos and options), if it is known and its files still exist; else
  // null.
  const SceneResult* Find(const std::string& fingerprint) const;

  // Throws Error if the folder holds COLMAP files that vantage did not make, or a model that was changed
  // since vantage made it.
  void RefuseOthersFiles() const;
  // Makes `attempt` the current attempt. Resumes the same attempt after its finished steps; extends an
  // existing database if only photos were added; else begins a new database. Does not change a finished
  // model.
  void Begin(SceneAttempt attempt);
  // Restarts the attempt with a new database, for a damaged one. Throws Error if the damaged database is the
  // scene's own.
  void DropDatabase();
  // Ends the attempt with its outcome, and moves its files into the scene's folder. If the attempt made no
  // model, an earlier call's model and its database stay.
  void Finish(const SceneOutcome& outcome);

 private:
  std::filesystem::path Own(const char* name) const { return path_ / ".vantage" / name; }
  std::filesystem::path SceneDatabase() const { return path_ / "database.db"; }
  std::filesystem::path SceneModel() const { return path_ / "sparse"; }
  void MoveIntoPlace();
  void MoveDatabase();
  void MoveModel();

  std::filesystem::path path_;
  SceneState state_;
};

}  // namespace vantage::sfm

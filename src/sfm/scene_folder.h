// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "vantage/colmap.h"

namespace vantage::sfm {

// What a COLMAP database was made from.
struct DatabaseContent {
  std::string options;              // of features and matching
  std::vector<std::string> photos;  // percent-encoded names with sizes, sorted

  // True if a database of `other` becomes this one by adding photos.
  bool Extends(const DatabaseContent& other) const;
};

// What came of photos and options; no fingerprint: nothing yet.
struct SceneResult {
  std::string fingerprint;
  SceneOutcome outcome;
};

// A reconstruction that is under way; no fingerprint: none is.
struct SceneAttempt {
  std::string fingerprint;
  std::string photo_folder;  // relative to the scene's folder
  bool is_pool = false;
  std::string colmap;  // version
  bool beside = true;  // its database is in .vantage/, not the scene's own, which is extended
  DatabaseContent database;
  std::vector<std::string> steps;  // finished commands
  double seconds = 0;
  bool is_complete = false;  // the outcome is known, and only files are still to be moved
  SceneOutcome outcome;
  std::string model_digest;  // of the model that was made
};

// What .vantage/scene.json holds. The first two are for those who read the models.
struct SceneState {
  std::string photos;  // folder that image names are relative to, relative to the scene's folder
  bool pool = false;
  std::string colmap;
  // Those of COLMAP's files in the scene's folder that vantage made: only these are ever replaced.
  std::vector<std::string> made;
  DatabaseContent database;  // of database.db
  SceneResult model;         // of sparse/
  std::string model_digest;  // of the files in sparse/: a user may have changed them since
  SceneResult nothing;       // the last that gave no model since then
  SceneAttempt attempt;
};

// Files of a scene: database.db and sparse/ in its folder, where users look for COLMAP's files, and all else
// in .vantage/ below it. A new database and a new model are made in .vantage/ and moved when both are
// complete.
class SceneFolder {
 public:
  explicit SceneFolder(std::filesystem::path path) : path_(std::move(path)) {}

  // Reads the state, and ends a move that was interrupted. A damaged state vouches for nothing.
  void Load();

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path StatePath() const { return Own("scene.json"); }
  std::filesystem::path LogPath() const { return Own("colmap.log"); }
  std::filesystem::path PhotosPath() const { return Own("photos.txt"); }
  std::filesystem::path PairsPath() const { return Own("pairs.txt"); }
  // Of the attempt.
  std::filesystem::path DatabasePath() const;
  std::filesystem::path ModelPath() const { return Own("sparse.partial"); }

  SceneState& state() { return state_; }
  const SceneState& state() const { return state_; }
  void Save() const;

  bool HasModel() const;
  // The result of these photos and options, where it is known and its files are still there; else null.
  const SceneResult* Find(const std::string& fingerprint) const;

  // Throws Error where the folder holds files of COLMAP's that vantage did not make, or a model that was
  // changed since.
  void RefuseOthersFiles() const;
  // Makes `attempt` the one under way. Goes on with what is finished of it; extends a database that differs
  // only in photos that were added; else begins a new one. Changes nothing of a finished model.
  void Begin(SceneAttempt attempt);
  // Starts the attempt again, where its database is damaged; throws Error where that is the scene's own.
  void DropDatabase();
  // Ends the attempt with its outcome: moves what it made into the scene's folder. Without a model the one of
  // an earlier call stays, and the database that belongs to it.
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

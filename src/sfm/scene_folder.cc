// SPDX-License-Identifier: BSD-3-Clause
#include "sfm/scene_folder.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "sqlite/sqlite.h"
#include "util/check.h"
#include "util/file.h"
#include "util/hash.h"

namespace vantage {

NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(SceneOutcome, status, photos, matched_pairs, verified_pairs, models,
                                   registered, points, mean_reprojection_error, mean_track_length, seconds)

namespace sfm {

NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(DatabaseContent, options, photos)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(SceneResult, fingerprint, outcome)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(SceneAttempt, fingerprint, photo_folder, is_pool, colmap, beside, database,
                                   steps, seconds, is_complete, outcome, model_digest)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(SceneState, photos, pool, colmap, made, database, model, model_digest,
                                   nothing, attempt)

namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr const char* kDatabase = "database.db";
constexpr const char* kModel = "sparse";

// Also true for a broken link.
bool Exists(const fs::path& path) { return fs::exists(fs::symlink_status(path)); }

// Removes the logs too, which a killed program leaves next to its database.
void RemoveDatabase(const fs::path& path) {
  for (const char* ending : {"", "-wal", "-shm", "-journal"}) fs::remove(path.string() + ending);
}

// A hash of the names and contents of all files below the folder.
std::string DigestOfFolder(const fs::path& folder) {
  std::vector<fs::path> files;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file()) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  Sha256Digest digest;
  for (const fs::path& file : files) {
    digest.Add(StrCat(file.lexically_relative(folder).string(), "\n", Sha256OfFile(file), "\n"));
  }
  return digest.Hex();
}

bool Holds(const std::vector<std::string>& values, const std::string& value) {
  return std::find(values.begin(), values.end(), value) != values.end();
}

}  // namespace

bool DatabaseContent::Extends(const DatabaseContent& other) const {
  return options == other.options &&
         std::includes(photos.begin(), photos.end(), other.photos.begin(), other.photos.end());
}

void SceneFolder::Load() {
  RemoveAbandonedFilesIn(StatePath().parent_path());
  if (!fs::is_regular_file(StatePath())) return;
  try {
    state_ = json::parse(ReadFile(StatePath())).get<SceneState>();
  } catch (const json::exception&) {
    state_ = {};
  }
  if (state_.attempt.is_complete) MoveIntoPlace();
}

void SceneFolder::Save() const {
  std::string text;
  try {
    text = json(state_).dump(1) + "\n";
  } catch (const json::exception&) {
    throw Error(StrCat(path_.string(), ": the path of the photos is not UTF-8, which JSON cannot hold"));
  }
  WriteFile(StatePath(), text);
}

fs::path SceneFolder::DatabasePath() const {
  return state_.attempt.beside ? Own(kDatabase) : SceneDatabase();
}

bool SceneFolder::HasModel() const { return !state_.model.fingerprint.empty() && Exists(SceneModel()); }

const SceneResult* SceneFolder::Find(const std::string& fingerprint) const {
  if (HasModel() && state_.model.fingerprint == fingerprint) return &state_.model;
  return state_.nothing.fingerprint == fingerprint ? &state_.nothing : nullptr;
}

void SceneFolder::RefuseOthersFiles() const {
  std::vector<std::string> others;
  for (const std::string name : {kDatabase, kModel}) {
    if (Exists(path_ / name) && !Holds(state_.made, name)) others.push_back(name);
  }
  VANTAGE_CHECK(others.empty(), path_.string(), ": holds COLMAP's files that vantage did not make (",
                Join(others, ", "), "); choose another folder");
  if (!Exists(SceneModel())) return;
  VANTAGE_CHECK(fs::is_directory(SceneModel()) && DigestOfFolder(SceneModel()) == state_.model_digest,
                SceneModel().string(),
                ": has changed since vantage made it; move it away, or choose another folder");
}

void SceneFolder::Begin(SceneAttempt attempt) {
  const SceneAttempt& old = state_.attempt;
  if (old.fingerprint == attempt.fingerprint && Exists(DatabasePath())) {
    attempt.beside = old.beside;
    attempt.steps = old.steps;
    attempt.seconds = old.seconds;
  } else {
    const bool extends_finished = Exists(SceneDatabase()) && attempt.database.Extends(state_.database);
    const bool extends_begun = !extends_finished && old.beside && Exists(Own(kDatabase)) &&
                               !old.fingerprint.empty() && attempt.database.Extends(old.database);
    attempt.beside = !extends_finished;
    if (!extends_begun) RemoveDatabase(Own(kDatabase));
    for (const fs::path& file : {LogPath(), PairsPath()}) fs::remove(file);
    // From here on the database may contain photos of the attempt.
    if (extends_finished) state_.database = attempt.database;
  }
  fs::create_directories(StatePath().parent_path());
  state_.attempt = std::move(attempt);
  Save();
}

void SceneFolder::DropDatabase() {
  VANTAGE_CHECK(state_.attempt.beside, SceneDatabase().string(), ": is damaged; remove it to make it again");
  RemoveDatabase(Own(kDatabase));
  state_.attempt.steps.clear();
  Save();
}

void SceneFolder::Finish(const SceneOutcome& outcome) {
  RefuseOthersFiles();
  SceneAttempt& attempt = state_.attempt;
  const bool has_model = outcome.status == "done";
  // Lists the files before they are moved, so that a killed call leaves no file that the state does not know.
  const auto vouch_for = [this](const std::string& name) {
    if (!Holds(state_.made, name)) state_.made.push_back(name);
  };
  if (attempt.beside && (has_model || !HasModel())) vouch_for(kDatabase);
  if (has_model) vouch_for(kModel);
  attempt.outcome = outcome;
  if (has_model) attempt.model_digest = DigestOfFolder(ModelPath());
  attempt.is_complete = true;
  Save();
  MoveIntoPlace();
}

// Each step can be repeated. If the process is killed here, the next call completes the move.
void SceneFolder::MoveIntoPlace() {
  SceneAttempt& attempt = state_.attempt;
  const SceneResult result{attempt.fingerprint, attempt.outcome};
  const bool has_model = attempt.outcome.status == "done";
  const bool replaces = has_model || !HasModel();
  if (attempt.beside && replaces) {
    MoveDatabase();
    state_.database = attempt.database;
  }
  if (has_model) {
    MoveModel();
    state_.model_digest = attempt.model_digest;
  }
  if (replaces) {
    state_.photos = attempt.photo_folder;
    state_.pool = attempt.is_pool;
    state_.colmap = attempt.colmap;
  }
  (has_model ? state_.model : state_.nothing) = result;
  if (has_model) state_.nothing = {};
  attempt = {};
  Save();
  RemoveDatabase(Own(kDatabase));
  fs::remove_all(ModelPath());
}

void SceneFolder::MoveDatabase() {
  const fs::path made = Own(kDatabase);
  if (!Exists(made)) return;
  if (Exists(made.string() + "-wal")) {
    sqlite::Database(made, sqlite::Database::Mode::kCreate).Execute("PRAGMA wal_checkpoint(TRUNCATE)");
  }
  // SQLite would take an old database's log for the new one's.
  for (const char* ending : {"-wal", "-shm", "-journal"}) fs::remove(SceneDatabase().string() + ending);
  RenameIntoPlace(made, SceneDatabase());
}

void SceneFolder::MoveModel() {
  if (!Exists(ModelPath())) return;
  // A folder cannot be renamed over a folder that is not empty.
  const fs::path old = Own("sparse.old");
  if (Exists(SceneModel())) {
    fs::remove_all(old);
    fs::rename(SceneModel(), old);
  }
  fs::rename(ModelPath(), SceneModel());
  fs::remove_all(old);
}

}  // namespace sfm
}  // namespace vantage

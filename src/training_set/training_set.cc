// SPDX-License-Identifier: BSD-3-Clause
#include "vantage/training_set.h"

#include "sqlite/sqlite.h"
#include "util/check.h"
#include "util/file.h"
#include "util/index.h"
#include "util/rethrow.h"

namespace vantage {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kApplicationId = 0x76616e74;  // "vant"
constexpr int64_t kSchemaVersion = 1;

constexpr const char* kSchema = R"(
  CREATE TABLE scenes (id INTEGER PRIMARY KEY, name TEXT NOT NULL, split TEXT NOT NULL);
  CREATE TABLE images (id INTEGER PRIMARY KEY, path TEXT NOT NULL, width INTEGER NOT NULL, height INTEGER NOT NULL,
                       scene INTEGER NOT NULL REFERENCES scenes(id));
  CREATE TABLE queries (id INTEGER PRIMARY KEY, image INTEGER NOT NULL REFERENCES images(id),
                        positive INTEGER NOT NULL REFERENCES images(id));
  CREATE TABLE candidates (query INTEGER NOT NULL REFERENCES queries(id), image INTEGER NOT NULL REFERENCES images(id),
                           shared_points INTEGER NOT NULL, overlap REAL NOT NULL, scale_change REAL NOT NULL,
                           camera_rank INTEGER NOT NULL, PRIMARY KEY (query, image)) WITHOUT ROWID;
)";

void Fill(sqlite::Database& database, const TrainingSet& set) {
  sqlite::Statement scene(database, "INSERT INTO scenes VALUES (?, ?, ?)");
  for (size_t i = 0; i < set.scenes.size(); ++i) {
    scene.Run(static_cast<int64_t>(i), set.scenes[i].name, std::string(SplitName(set.scenes[i].split)));
  }
  sqlite::Statement image(database, "INSERT INTO images VALUES (?, ?, ?, ?, ?)");
  for (size_t i = 0; i < set.photos.size(); ++i) {
    const TrainingPhoto& photo = set.photos[i];
    image.Run(static_cast<int64_t>(i), photo.path, int64_t{photo.width}, int64_t{photo.height},
              static_cast<int64_t>(photo.scene));
  }
  sqlite::Statement query(database, "INSERT INTO queries VALUES (?, ?, ?)");
  sqlite::Statement candidate(database, "INSERT INTO candidates VALUES (?, ?, ?, ?, ?, ?)");
  for (size_t i = 0; i < set.queries.size(); ++i) {
    const TrainingQuery& entry = set.queries[i];
    query.Run(static_cast<int64_t>(i), static_cast<int64_t>(entry.photo),
              static_cast<int64_t>(entry.positive));
    for (const CandidatePositive& positive : entry.candidates) {
      candidate.Run(static_cast<int64_t>(i), static_cast<int64_t>(positive.photo), positive.shared_points,
                    positive.overlap, positive.scale_change, positive.camera_rank);
    }
  }
}

// Ids must count up from 0 without gaps, since they are indices of the vectors.
void CheckId(int64_t id, size_t expected, const char* table, const std::string& source) {
  VANTAGE_CHECK(id == static_cast<int64_t>(expected), source, ": table '", table, "': row ", expected,
                " has the number ", id);
}

template <typename Id>
Id CheckedReference(int64_t id, size_t count, const char* table, const std::string& source) {
  VANTAGE_CHECK(id >= 0 && id < static_cast<int64_t>(count), source, ": names row ", id, " of '", table,
                "', which has ", count);
  return Id{id};
}

int64_t Pragma(const sqlite::Database& database, const std::string& name) {
  sqlite::Statement statement(database, "PRAGMA " + name);
  return statement.Step() ? statement.Integer(0) : 0;
}

}  // namespace

void WriteTrainingSet(const TrainingSet& set, const fs::path& path) try {
  PartialFile output(path);
  {
    sqlite::Database database(output.path(), sqlite::Database::Mode::kCreate);
    database.Execute("PRAGMA journal_mode = OFF; BEGIN;");
    database.Execute(kSchema);
    Fill(database, set);
    database.Execute(StrCat("PRAGMA application_id = ", kApplicationId,
                            "; PRAGMA user_version = ", kSchemaVersion, "; COMMIT;"));
  }
  output.Commit();
} catch (...) {
  RethrowAsError();
}

TrainingSet ReadTrainingSet(const fs::path& path) try {
  const std::string source = path.string();
  VANTAGE_CHECK(fs::is_regular_file(path), source, ": no such file");
  const sqlite::Database database(path, sqlite::Database::Mode::kRead);
  VANTAGE_CHECK(Pragma(database, "application_id") == kApplicationId, source,
                ": not a training set of vantage");
  const int64_t version = Pragma(database, "user_version");
  VANTAGE_CHECK(version == kSchemaVersion, source, ": a training set of version ", version,
                "; this program reads ", kSchemaVersion);
  TrainingSet set;
  for (sqlite::Statement rows(database, "SELECT id, name, split FROM scenes ORDER BY id"); rows.Step();) {
    CheckId(rows.Integer(0), set.scenes.size(), "scenes", source);
    const std::string split = rows.Text(2);
    VANTAGE_CHECK(split == "train" || split == "val", source, ": scene '", rows.Text(1),
                  "' is in the split '", split, "'; known are train and val");
    set.scenes.push_back({rows.Text(1), split == "train" ? Split::kTrain : Split::kVal});
  }
  for (sqlite::Statement rows(database, "SELECT id, path, width, height, scene FROM images ORDER BY id");
       rows.Step();) {
    CheckId(rows.Integer(0), set.photos.size(), "images", source);
    set.photos.push_back({rows.Text(1), static_cast<int>(rows.Integer(2)), static_cast<int>(rows.Integer(3)),
                          CheckedReference<SceneId>(rows.Integer(4), set.scenes.size(), "scenes", source)});
  }
  const auto photo = [&](int64_t id) {
    return CheckedReference<PhotoId>(id, set.photos.size(), "images", source);
  };
  for (sqlite::Statement rows(database, "SELECT id, image, positive FROM queries ORDER BY id");
       rows.Step();) {
    CheckId(rows.Integer(0), set.queries.size(), "queries", source);
    set.queries.push_back({photo(rows.Integer(1)), photo(rows.Integer(2)), {}});
  }
  for (sqlite::Statement rows(
           database,
           "SELECT query, image, shared_points, overlap, scale_change, camera_rank FROM candidates "
           "ORDER BY query, camera_rank, image");
       rows.Step();) {
    const int64_t query = rows.Integer(0);
    VANTAGE_CHECK(query >= 0 && query < std::ssize(set.queries), source, ": a candidate of query ", query,
                  " of ", set.queries.size());
    set.queries[ToIndex(query)].candidates.push_back(
        {photo(rows.Integer(1)), rows.Integer(2), rows.Number(3), rows.Number(4), rows.Integer(5)});
  }
  return set;
} catch (...) {
  RethrowAsError();
}

fs::path PhotoPath(const TrainingSet& set, PhotoId photo, const fs::path& root) {
  return root / set.photos[IndexOf(photo)].path;  // an absolute path ignores the root
}

PhotoFiles PhotosOfSet(const TrainingSet& set, const fs::path& root) {
  std::vector<fs::path> paths;
  for (const TrainingPhoto& photo : set.photos) paths.push_back(root / photo.path);
  return PhotoFiles(paths);
}

TrainingSetSummary Summarize(const TrainingSet& set, Split split) {
  TrainingSetSummary summary;
  for (const TrainingScene& scene : set.scenes) summary.scenes += scene.split == split ? 1 : 0;
  for (size_t i = 0; i < set.photos.size(); ++i) {
    summary.photos += set.SplitOf(PhotoId{static_cast<int64_t>(i)}) == split ? 1 : 0;
  }
  double candidates = 0;
  for (const TrainingQuery& query : set.queries) {
    if (set.SplitOf(query.photo) != split) continue;
    ++summary.queries;
    candidates += static_cast<double>(query.candidates.size());
  }
  if (summary.queries > 0) summary.candidates_per_query = candidates / static_cast<double>(summary.queries);
  return summary;
}

}  // namespace vantage

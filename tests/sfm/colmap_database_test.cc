// SPDX-License-Identifier: BSD-3-Clause
#include "vantage/colmap.h"

#include "sqlite/sqlite.h"
#include "testing/files.h"
#include "util/file.h"
#include "util/random.h"
#include "vantage/run_context.h"

namespace vantage::sfm {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using vantage::testing::ErrorOf;
using vantage::testing::FilesBelow;
using vantage::testing::TemporaryFolder;

constexpr int64_t kMaxImages = 2147483647;

// The tables of all versions. Versions up to 3.9 store a prior pose with each image.
constexpr const char* kTables = R"(
  CREATE TABLE cameras (camera_id INTEGER PRIMARY KEY, model INTEGER, width INTEGER, height INTEGER, params BLOB,
                        prior_focal_length INTEGER);
  CREATE TABLE keypoints (image_id INTEGER PRIMARY KEY, rows INTEGER NOT NULL, cols INTEGER NOT NULL, data BLOB);
  CREATE TABLE descriptors (image_id INTEGER PRIMARY KEY, rows INTEGER NOT NULL, cols INTEGER NOT NULL, data BLOB);
  CREATE TABLE matches (pair_id INTEGER PRIMARY KEY, rows INTEGER NOT NULL, cols INTEGER NOT NULL, data BLOB);
  CREATE TABLE two_view_geometries (pair_id INTEGER PRIMARY KEY, rows INTEGER NOT NULL, cols INTEGER NOT NULL,
                                    data BLOB, config INTEGER NOT NULL, F BLOB, E BLOB, H BLOB, qvec BLOB, tvec BLOB);
)";
constexpr const char* kImages38 = R"(
  CREATE TABLE images (image_id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE, camera_id INTEGER,
                       prior_qw REAL, prior_qx REAL, prior_qy REAL, prior_qz REAL,
                       prior_tx REAL, prior_ty REAL, prior_tz REAL);
)";
constexpr const char* kImages4 = R"(
  CREATE TABLE rigs (rig_id INTEGER PRIMARY KEY, ref_sensor_id INTEGER, ref_sensor_type INTEGER);
  CREATE TABLE rig_sensors (rig_id INTEGER, sensor_id INTEGER, sensor_type INTEGER, sensor_from_rig BLOB);
  CREATE TABLE frames (frame_id INTEGER PRIMARY KEY, rig_id INTEGER);
  CREATE TABLE frame_data (frame_id INTEGER, data_id INTEGER, sensor_id INTEGER, sensor_type INTEGER);
  CREATE TABLE pose_priors (image_id INTEGER PRIMARY KEY, position BLOB, coordinate_system INTEGER);
  CREATE TABLE images (image_id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE, camera_id INTEGER);
)";

// Three images, all pairs matched, two of them verified.
void WriteDatabase(const fs::path& path, const char* images = kImages38) {
  sqlite::Database database(path, sqlite::Database::Mode::kCreate);
  database.Execute("PRAGMA synchronous = OFF; BEGIN");
  database.Execute(kTables);
  database.Execute(images);
  database.Execute("INSERT INTO cameras (camera_id) VALUES (1), (2)");
  database.Execute(
      "INSERT INTO images (image_id, name, camera_id) VALUES (1, 'a.jpg', 1), (2, 'sub folder/b.jpg', 1), "
      "(5, 'c.jpg', 2)");
  database.Execute("INSERT INTO keypoints (image_id, rows, cols) VALUES (1, 100, 6), (2, 200, 6), (5, 0, 6)");
  sqlite::Statement matches(database, "INSERT INTO matches (pair_id, rows, cols) VALUES (?, ?, 2)");
  sqlite::Statement verified(
      database, "INSERT INTO two_view_geometries (pair_id, rows, cols, config) VALUES (?, ?, 2, 3)");
  const auto insert = [&](int64_t a, int64_t b, int64_t tentative, int64_t inliers) {
    matches.Run(kMaxImages * a + b, tentative);
    verified.Run(kMaxImages * a + b, inliers);
  };
  insert(2, 5, 80, 31);
  insert(1, 2, 40, 17);
  insert(1, 5, 3, 0);
  database.Execute("COMMIT");
}

class ColmapDatabases : public ::testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(Versions, ColmapDatabases, ::testing::Values(kImages38, kImages4),
                         [](const auto& version) { return version.param == kImages38 ? "V38" : "V4"; });

TEST_P(ColmapDatabases, VerifiedPairsAreRead) {
  const TemporaryFolder folder;
  WriteDatabase(folder / "d.db", GetParam());
  EXPECT_TRUE(IsColmapDatabase(folder / "d.db"));
  EXPECT_THAT(ReadVerifiedPairs(folder / "d.db"), ElementsAre(VerifiedPair{"a.jpg", "sub folder/b.jpg", 17},
                                                              VerifiedPair{"sub folder/b.jpg", "c.jpg", 31}));
  const DatabaseSummary summary = SummarizeColmapDatabase(folder / "d.db");
  EXPECT_EQ(summary.cameras, 2);
  EXPECT_EQ(summary.images, 3);
  EXPECT_EQ(summary.keypoints, 300);
  EXPECT_EQ(summary.matched_pairs, 3);
  EXPECT_EQ(summary.verified_pairs, 2);
  EXPECT_EQ(summary.inliers, 48);
}

TEST(ColmapDatabase, ReadingLeavesNothingBesideOneOfWriteAheadLogging) {
  const TemporaryFolder folder;
  fs::create_directories(folder / "with % ?# ä");
  const fs::path path = folder / "with % ?# ä/d.db";
  WriteDatabase(path);
  sqlite::Database(path, sqlite::Database::Mode::kCreate)
      .Execute("PRAGMA journal_mode = WAL");  // as COLMAP does
  ASSERT_THAT(FilesBelow(path.parent_path()), ElementsAre("d.db"));
  EXPECT_EQ(ReadVerifiedPairs(path).size(), 2U);
  EXPECT_THAT(FilesBelow(path.parent_path()), ElementsAre("d.db"));
}

TEST(ColmapDatabase, WhatAnotherProgramHasJustWrittenIsSeen) {
  const TemporaryFolder folder;
  WriteDatabase(folder / "d.db");
  sqlite::Database writer(folder / "d.db", sqlite::Database::Mode::kCreate);
  writer.Execute("PRAGMA journal_mode = WAL; DELETE FROM two_view_geometries WHERE rows = 17");
  EXPECT_EQ(ReadVerifiedPairs(folder / "d.db").size(), 1U);
}

TEST(ColmapDatabase, OtherFilesAreRefused) {
  const TemporaryFolder folder;
  const auto error = [&] { return ErrorOf([&] { ReadVerifiedPairs(folder / "d.db"); }); };
  EXPECT_FALSE(IsColmapDatabase(folder / "d.db"));
  EXPECT_THAT(error(), HasSubstr("d.db: no such file"));
  WriteFile(folder / "d.db", "SQLite format 3");
  EXPECT_FALSE(IsColmapDatabase(folder / "d.db"));
  EXPECT_THAT(error(), HasSubstr("d.db: not a COLMAP database (no SQLite file)"));
  fs::remove(folder / "d.db");
  sqlite::Database(folder / "d.db", sqlite::Database::Mode::kCreate)
      .Execute("CREATE TABLE images (id INTEGER)");
  EXPECT_FALSE(IsColmapDatabase(folder / "d.db"));
  EXPECT_THAT(error(), HasSubstr("it has no table 'cameras'"));
}

TEST(ColmapDatabase, DamagedEntriesAreNamed) {
  const std::vector<std::pair<std::string, std::string>> changes = {
      {"DROP TABLE two_view_geometries", "it has no table 'two_view_geometries'"},
      {"ALTER TABLE images RENAME COLUMN name TO title", "no such column: name"},
      {"INSERT INTO two_view_geometries (pair_id, rows, cols, config) VALUES (-7, 3, 2, 2)", "pair -7"},
      {"INSERT INTO two_view_geometries (pair_id, rows, cols, config) VALUES (2147483647 * 5 + 1, 3, 2, 2)",
       "images 5 and 1"},
      {"UPDATE two_view_geometries SET rows = -31 WHERE rows = 31", "entry 4294967299 has -31 rows"},
      {"UPDATE two_view_geometries SET rows = 1 << 40 WHERE rows = 31", "has 1099511627776 rows"},
  };
  for (const auto& [change, message] : changes) {
    const TemporaryFolder folder;
    WriteDatabase(folder / "d.db");
    sqlite::Database(folder / "d.db", sqlite::Database::Mode::kCreate)
        .Execute("PRAGMA synchronous = OFF; " + change);
    const std::string error = ErrorOf([&] { ReadVerifiedPairs(folder / "d.db"); });
    EXPECT_THAT(error, HasSubstr(message)) << change;
    EXPECT_THAT(error, HasSubstr("d.db: ")) << change;
  }
}

TEST(ColmapDatabase, CutAndFlippedFilesAreErrorsOrRead) {
  const TemporaryFolder folder;
  WriteDatabase(folder / "good.db");
  const std::string good = ReadFile(folder / "good.db");
  const fs::path path = folder / "d.db";
  const auto read = [&] {
    ReadVerifiedPairs(path);
    SummarizeColmapDatabase(path);
  };
  for (size_t size = 0; size < good.size(); size += 1021) {
    WriteFile(path, good.substr(0, size));
    EXPECT_THAT(ErrorOf(read), HasSubstr("d.db: ")) << size;
  }
  RandomStream random(1, "database");
  for (int i = 0; i < 100; ++i) {
    std::string damaged = good;
    for (int k = 0; k < 8; ++k) damaged[random.Below(good.size())] = static_cast<char>(random.Below(256));
    WriteFile(path, damaged);
    try {
      read();
    } catch (const Error& error) {
      EXPECT_THAT(error.what(), HasSubstr("d.db: "));
    }
  }
}

TEST(ColmapDatabase, MatchedPairsAreAllThatWereTried) {
  const TemporaryFolder folder;
  WriteDatabase(folder / "d.db");
  using Pair = std::pair<std::string, std::string>;
  EXPECT_THAT(ReadMatchedPairs(folder / "d.db"),
              ElementsAre(Pair("a.jpg", "sub folder/b.jpg"), Pair("a.jpg", "c.jpg"),
                          Pair("sub folder/b.jpg", "c.jpg")));
  sqlite::Database(folder / "d.db", sqlite::Database::Mode::kCreate)
      .Execute("PRAGMA synchronous = OFF; UPDATE matches SET pair_id = 7 WHERE rows = 3");
  EXPECT_THAT(ErrorOf([&] { ReadMatchedPairs(folder / "d.db"); }),
              HasSubstr("table 'matches': pair 7 is of"));
}

TEST(ColmapDatabase, PairsOfDeletedImagesAreLeftOutAndCounted) {
  const TemporaryFolder folder;
  WriteDatabase(folder / "d.db");
  const std::vector<VerifiedPair> all = ReadVerifiedPairs(folder / "d.db");
  const DatabaseSummary whole = SummarizeColmapDatabase(folder / "d.db");
  sqlite::Database(folder / "d.db", sqlite::Database::Mode::kCreate)
      .Execute("PRAGMA synchronous = OFF; DELETE FROM images WHERE image_id = 5");
  std::vector<std::string> warnings;
  SetLogSink([&](LogLevel, const std::string& message) { warnings.push_back(message); });
  using Pair = std::pair<std::string, std::string>;
  EXPECT_THAT(ReadMatchedPairs(folder / "d.db"), ElementsAre(Pair("a.jpg", "sub folder/b.jpg")));
  const std::vector<VerifiedPair> left = ReadVerifiedPairs(folder / "d.db");
  const DatabaseSummary summary = SummarizeColmapDatabase(folder / "d.db");
  SetLogSink({});
  EXPECT_LT(left.size(), all.size());
  for (const VerifiedPair& pair : left) EXPECT_NE(pair.image_b, "c.jpg");
  EXPECT_EQ(summary.matched_pairs, 1);
  EXPECT_EQ(summary.verified_pairs, static_cast<int64_t>(left.size()));
  EXPECT_EQ(whole.matched_pairs, 3);
  EXPECT_EQ(warnings.size(), 3U);
  EXPECT_THAT(warnings[0], HasSubstr("d.db: 2 pairs of images that were deleted are left out"));
}

}  // namespace
}  // namespace vantage::sfm

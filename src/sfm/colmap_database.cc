// SPDX-License-Identifier: BSD-3-Clause
#include "vantage/colmap.h"

#include <optional>
#include <unordered_map>
#include <utility>

#include "sqlite/sqlite.h"
#include "util/check.h"
#include "util/log.h"
#include "util/rethrow.h"
#include "vantage/run_context.h"

// The schema: COLMAP, doc/database.rst and scene/database.cc.
namespace vantage {
namespace {

namespace fs = std::filesystem;

// pair_id = kMaxImages * id_a + id_b, id_a below id_b.
constexpr int64_t kMaxImages = 2147483647;

sqlite::Database Open(const fs::path& path) {
  VANTAGE_CHECK(fs::is_regular_file(path), path.string(), ": no such file");
  VANTAGE_CHECK(sqlite::IsSqliteFile(path), path.string(), ": not a COLMAP database (no SQLite file)");
  sqlite::Database database(path, sqlite::Database::Mode::kRead);
  for (const char* table : {"cameras", "images", "keypoints", "matches", "two_view_geometries"}) {
    VANTAGE_CHECK(database.HasTable(table), path.string(), ": not a COLMAP database: it has no table '",
                  table, "'");
  }
  return database;
}

// The number of rows that an entry of keypoints, matches or two_view_geometries announces.
int64_t RowCount(const sqlite::Statement& entry, int column, const char* table, int64_t id,
                 const fs::path& path) {
  const int64_t rows = entry.Integer(column);
  VANTAGE_CHECK(rows >= 0 && rows <= kMaxImages, path.string(), ": table '", table, "': entry ", id, " has ",
                rows, " rows");
  return rows;
}

std::unordered_map<int64_t, std::string> ReadNames(const sqlite::Database& database) {
  std::unordered_map<int64_t, std::string> names;
  for (sqlite::Statement rows(database, "SELECT image_id, name FROM images"); rows.Step();) {
    names.emplace(rows.Integer(0), rows.Text(1));
  }
  return names;
}

// The names of a pair's images. Null if one of them was deleted: COLMAP keeps pairs of deleted images.
std::optional<std::pair<std::string, std::string>> PairOf(
    int64_t id, const std::unordered_map<int64_t, std::string>& names, const char* table,
    const fs::path& path) {
  const int64_t id_a = id / kMaxImages;
  const int64_t id_b = id % kMaxImages;
  VANTAGE_CHECK(0 < id_a && id_a < id_b, path.string(), ": table '", table, "': pair ", id,
                " is of the images ", id_a, " and ", id_b, ", which do not form a pair");
  const auto a = names.find(id_a);
  const auto b = names.find(id_b);
  if (a == names.end() || b == names.end()) return std::nullopt;
  return std::pair(a->second, b->second);
}

void WarnOfLeftOut(int64_t pairs, const fs::path& path) {
  if (pairs > 0) LogWarning(path.string(), ": ", pairs, " pairs of images that were deleted are left out");
}

int64_t CountEntries(const sqlite::Database& database, const std::string& table) {
  sqlite::Statement count(database, "SELECT COUNT(*) FROM " + table);
  return count.Step() ? count.Integer(0) : 0;
}

}  // namespace

bool IsColmapDatabase(const fs::path& path) try {
  if (!fs::is_regular_file(path) || !sqlite::IsSqliteFile(path)) return false;
  const sqlite::Database database(path, sqlite::Database::Mode::kRead);
  return database.HasTable("two_view_geometries") && database.HasTable("keypoints");
} catch (...) {
  RethrowAsError();
}

std::vector<VerifiedPair> ReadVerifiedPairs(const fs::path& path) try {
  const sqlite::Database database = Open(path);
  const std::unordered_map<int64_t, std::string> names = ReadNames(database);
  std::vector<VerifiedPair> pairs;
  int64_t left_out = 0;
  for (sqlite::Statement entry(database, "SELECT pair_id, rows FROM two_view_geometries ORDER BY pair_id");
       entry.Step();) {
    const int64_t id = entry.Integer(0);
    const int64_t inliers = RowCount(entry, 1, "two_view_geometries", id, path);
    const auto pair = PairOf(id, names, "two_view_geometries", path);
    left_out += pair ? 0 : 1;
    if (pair && inliers > 0) pairs.push_back({pair->first, pair->second, inliers});
  }
  WarnOfLeftOut(left_out, path);
  return pairs;
} catch (...) {
  RethrowAsError();
}

std::vector<std::pair<std::string, std::string>> ReadMatchedPairs(const fs::path& path) try {
  const sqlite::Database database = Open(path);
  const std::unordered_map<int64_t, std::string> names = ReadNames(database);
  std::vector<std::pair<std::string, std::string>> pairs;
  int64_t left_out = 0;
  for (sqlite::Statement entry(database, "SELECT pair_id FROM matches ORDER BY pair_id"); entry.Step();) {
    auto pair = PairOf(entry.Integer(0), names, "matches", path);
    left_out += pair ? 0 : 1;
    if (pair) pairs.push_back(std::move(*pair));
  }
  WarnOfLeftOut(left_out, path);
  return pairs;
} catch (...) {
  RethrowAsError();
}

DatabaseSummary SummarizeColmapDatabase(const fs::path& path) try {
  const sqlite::Database database = Open(path);
  DatabaseSummary summary;
  summary.cameras = CountEntries(database, "cameras");
  summary.images = CountEntries(database, "images");
  const std::unordered_map<int64_t, std::string> names = ReadNames(database);
  int64_t left_out = 0;
  for (sqlite::Statement entry(database, "SELECT pair_id FROM matches"); entry.Step();) {
    const bool is_whole = PairOf(entry.Integer(0), names, "matches", path).has_value();
    ++(is_whole ? summary.matched_pairs : left_out);
  }
  WarnOfLeftOut(left_out, path);
  for (sqlite::Statement entry(database, "SELECT image_id, rows FROM keypoints"); entry.Step();) {
    summary.keypoints += RowCount(entry, 1, "keypoints", entry.Integer(0), path);
  }
  for (sqlite::Statement entry(database, "SELECT pair_id, rows FROM two_view_geometries"); entry.Step();) {
    const int64_t inliers = RowCount(entry, 1, "two_view_geometries", entry.Integer(0), path);
    if (!PairOf(entry.Integer(0), names, "two_view_geometries", path)) continue;
    summary.verified_pairs += inliers > 0 ? 1 : 0;
    summary.inliers += inliers;
  }
  return summary;
} catch (...) {
  RethrowAsError();
}

}  // namespace vantage

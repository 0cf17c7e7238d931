// SPDX-License-Identifier: BSD-3-Clause
#include "sfm/list_names.h"

#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

#include "sqlite/sqlite.h"
#include "util/lines.h"
#include "util/string.h"

namespace vantage::sfm {
namespace {

// Marks a database with renamed photos, in application_id, which COLMAP does not use.
constexpr int64_t kHasListNames = 0x56414e54;

void Rename(const std::filesystem::path& path,
            const std::function<std::string(const std::string&)>& other_name, int64_t from_mark,
            int64_t to_mark) {
  sqlite::Database database(path, sqlite::Database::Mode::kCreate);
  database.Execute("BEGIN IMMEDIATE");
  {
    sqlite::Statement mark(database, "PRAGMA application_id");
    if (!mark.Step() || mark.Integer(0) != from_mark)
      return;  // closing the database also ends the transaction
  }
  std::vector<std::pair<int64_t, std::string>> renamings;
  for (sqlite::Statement rows(database, "SELECT image_id, name FROM images"); rows.Step();) {
    const std::string name = rows.Text(1);
    if (std::string other = other_name(name); other != name)
      renamings.emplace_back(rows.Integer(0), std::move(other));
  }
  // In two rounds, since the new name may still be in use by another photo.
  sqlite::Statement rename(database, "UPDATE images SET name = ? WHERE image_id = ?");
  for (const auto& [id, name] : renamings) rename.Run(StrCat("\n", id), id);
  for (const auto& [id, name] : renamings) rename.Run(name, id);
  database.Execute(StrCat("PRAGMA application_id = ", to_mark, "; COMMIT"));
}

}  // namespace

std::string ListName(const std::string& name) {
  return !IsWord(name) || name.find('%') != name.npos ? PercentEncode(name) : name;
}

void TakeListNames(const std::filesystem::path& database) { Rename(database, ListName, 0, kHasListNames); }

void TakeOwnNames(const std::filesystem::path& database) {
  const auto own_name = [](const std::string& name) { return PercentDecode(name); };
  Rename(database, own_name, kHasListNames, 0);
}

}  // namespace vantage::sfm

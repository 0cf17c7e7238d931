// SPDX-License-Identifier: BSD-3-Clause
#include "sqlite/sqlite.h"

#include <sqlite3.h>

#include "util/check.h"
#include "util/file.h"
#include "util/index.h"

namespace vantage::sqlite {
namespace {

namespace fs = std::filesystem;

// The header of a database file, SQLite file format 1.3.
struct Header {
  std::string bytes;  // "" if the file is too short for a header
  uint64_t file_size = 0;

  explicit Header(const fs::path& path) {
    constexpr uint64_t kSize = 100;
    const InputFile file(path);
    file_size = file.size();
    if (file_size >= kSize) bytes = file.ReadAt(0, kSize);
  }

  bool IsDatabase() const { return bytes.starts_with(std::string_view("SQLite format 3\0", 16)); }
  bool HasWriteAheadLog() const { return bytes[18] == 2; }

  // The size in bytes by the header; 0 if the header does not state it.
  uint64_t AnnouncedSize() const {
    if (Number(24, 4) != Number(92, 4))
      return 0;  // last written by an old version, which does not keep the size
    const uint64_t page = Number(16, 2) == 1 ? 65536 : Number(16, 2);
    return page * Number(28, 4);
  }

 private:
  // Big-endian.
  uint64_t Number(size_t offset, size_t size) const {
    uint64_t value = 0;
    for (size_t i = 0; i < size; ++i) value = value << 8 | static_cast<unsigned char>(bytes[offset + i]);
    return value;
  }
};

}  // namespace

bool IsSqliteFile(const fs::path& path) { return Header(path).IsDatabase(); }

Database::Database(const std::filesystem::path& path, Mode mode)
    : source_(path.string()), handle_(nullptr, sqlite3_close) {
  std::string name = source_;
  int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
  if (mode == Mode::kRead) {
    flags = SQLITE_OPEN_READONLY;
    const Header header(path);
    const bool is_idle = !fs::exists(source_ + "-wal");
    if (header.IsDatabase() && is_idle) {
      VANTAGE_CHECK(header.file_size >= header.AnnouncedSize(), source_, ": truncated: ", header.file_size,
                    " of ", header.AnnouncedSize(), " bytes");
      // To read a database with write-ahead logging, SQLite creates files next to it, unless the database is
      // declared immutable. Without a log no program has it open.
      if (header.HasWriteAheadLog()) {
        name = StrCat("file://", PercentEncode(fs::absolute(path).string()), "?immutable=1");
        flags |= SQLITE_OPEN_URI;
      }
    }
  }
  sqlite3* handle = nullptr;
  const int status = sqlite3_open_v2(name.c_str(), &handle, flags, nullptr);
  handle_.reset(handle);
  if (status != SQLITE_OK) Fail();
}

void Database::Fail() const {
  throw Error(StrCat(source_, ": ", handle_ ? sqlite3_errmsg(handle_.get()) : "out of memory"));
}

void Database::Execute(const std::string& sql) {
  if (sqlite3_exec(handle_.get(), sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) Fail();
}

bool Database::HasTable(const std::string& name) const {
  Statement tables(*this, "SELECT name FROM sqlite_master WHERE type = 'table'");
  while (tables.Step()) {
    if (tables.Text(0) == name) return true;
  }
  return false;
}

Statement::Statement(const Database& database, const std::string& sql)
    : database_(database), handle_(nullptr, sqlite3_finalize) {
  sqlite3_stmt* handle = nullptr;
  const int status = sqlite3_prepare_v2(database.get(), sql.c_str(), -1, &handle, nullptr);
  handle_.reset(handle);
  if (status != SQLITE_OK) database.Fail();
}

bool Statement::Step() {
  const int status = sqlite3_step(handle_.get());
  if (status == SQLITE_ROW) return true;
  if (status != SQLITE_DONE) database_.Fail();
  return false;
}

int64_t Statement::Integer(int column) const { return sqlite3_column_int64(handle_.get(), column); }

double Statement::Number(int column) const { return sqlite3_column_double(handle_.get(), column); }

std::string Statement::Text(int column) const {
  const unsigned char* text = sqlite3_column_text(handle_.get(), column);
  if (text == nullptr) return "";
  return std::string(reinterpret_cast<const char*>(text),
                     ToIndex(sqlite3_column_bytes(handle_.get(), column)));
}

void Statement::Reset() { sqlite3_reset(handle_.get()); }

void Statement::Bind(int column, int64_t value) { sqlite3_bind_int64(handle_.get(), column, value); }

void Statement::Bind(int column, double value) { sqlite3_bind_double(handle_.get(), column, value); }

void Statement::Bind(int column, const std::string& value) {
  sqlite3_bind_text(handle_.get(), column, value.data(), static_cast<int>(value.size()), SQLITE_TRANSIENT);
}

}  // namespace vantage::sqlite

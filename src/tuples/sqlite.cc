// SPDX-License-Identifier: BSD-3-Clause
#include "tuples/sqlite.h"

#include "vantage/util/error.h"

namespace vantage {

Database::Database(const std::filesystem::path& path, Mode mode)
    : source_(path.string()), handle_(nullptr, sqlite3_close) {
  sqlite3* handle = nullptr;
  const int flags = mode == Mode::kRead ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
  const int status = sqlite3_open_v2(path.c_str(), &handle, flags, nullptr);
  handle_.reset(handle);
  if (status != SQLITE_OK) Fail();
}

void Database::Fail() const {
  throw Error(StrCat(source_, ": ", handle_ ? sqlite3_errmsg(handle_.get()) : "out of memory"));
}

void Database::Execute(const std::string& sql) {
  if (sqlite3_exec(handle_.get(), sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) Fail();
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
                     static_cast<size_t>(sqlite3_column_bytes(handle_.get(), column)));
}

void Statement::Reset() { sqlite3_reset(handle_.get()); }

void Statement::Bind(int column, int64_t value) { sqlite3_bind_int64(handle_.get(), column, value); }

void Statement::Bind(int column, double value) { sqlite3_bind_double(handle_.get(), column, value); }

void Statement::Bind(int column, const std::string& value) {
  sqlite3_bind_text(handle_.get(), column, value.data(), static_cast<int>(value.size()), SQLITE_TRANSIENT);
}

}  // namespace vantage

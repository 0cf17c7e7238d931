// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

struct sqlite3;
struct sqlite3_stmt;

namespace vantage::sqlite {

// A SQLite database file. Every failure is an Error that names the file. Reading makes no further file in its
// folder, not even for a database with write-ahead logging (COLMAP's), unless another program is writing to
// it at the time.
class Database {
 public:
  enum class Mode { kRead, kCreate };
  Database(const std::filesystem::path& path, Mode mode);

  // Runs statements that return nothing.
  void Execute(const std::string& sql);

  // True if a table (not a view) has this name.
  bool HasTable(const std::string& name) const;

  sqlite3* get() const { return handle_.get(); }
  [[noreturn]] void Fail() const;

 private:
  std::string source_;
  std::unique_ptr<sqlite3, int (*)(sqlite3*)> handle_;
};

// True if the file begins like a SQLite database.
bool IsSqliteFile(const std::filesystem::path& path);

// A prepared statement: Run it with parameters, or Step through its rows.
class Statement {
 public:
  Statement(const Database& database, const std::string& sql);

  template <typename... Args>
  void Run(const Args&... args) {
    Reset();
    int column = 1;
    (Bind(column++, args), ...);
    while (Step()) {
    }
  }

  // Moves to the next row. True if there is one.
  bool Step();
  int64_t Integer(int column) const;
  double Number(int column) const;
  std::string Text(int column) const;

 private:
  void Reset();
  void Bind(int column, int64_t value);
  void Bind(int column, double value);
  void Bind(int column, const std::string& value);

  const Database& database_;
  std::unique_ptr<sqlite3_stmt, int (*)(sqlite3_stmt*)> handle_;
};

}  // namespace vantage::sqlite

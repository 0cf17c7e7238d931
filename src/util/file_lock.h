// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <filesystem>
#include <string>

namespace vantage {

// An exclusive lock on a file, held while the object lives: between processes, and between two objects of one
// process. It goes with the process, however that ends. The file is made where it is missing, its content is
// left alone, and it stays.
class FileLock {
 public:
  // Throws Error "`path`: `busy`" where another holds the lock, and Error where the file cannot be opened.
  // Makes missing parent folders.
  FileLock(std::filesystem::path path, const std::string& busy);
  ~FileLock();
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;

  // Open for reading and appending.
  int descriptor() const { return descriptor_; }

 private:
  int descriptor_ = -1;
};

}  // namespace vantage

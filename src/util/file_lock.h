// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <filesystem>
#include <string>

namespace vantage {

// An exclusive lock on a file, held while the object lives: between processes, and between two objects of one
// process. The lock ends with the process, however the process ends. The file is made if it is missing; its
// content is not changed, and the file is not removed.
class FileLock {
 public:
  // Throws Error "`path`: `busy`" if another holder has the lock, and Error if the file cannot be opened.
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

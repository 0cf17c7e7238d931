// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace vantage {

// A file opened for reading at any offset. Reads may come from several threads at once.
class InputFile {
 public:
  // Throws Error if the file cannot be opened or is not a regular file.
  explicit InputFile(const std::filesystem::path& path);
  ~InputFile();
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;

  const std::filesystem::path& path() const { return path_; }
  uint64_t size() const { return size_; }

  // Fills `data` with the `size` bytes from `offset`. Throws Error if the file ends earlier.
  void ReadAt(uint64_t offset, void* data, uint64_t size) const;
  std::string ReadAt(uint64_t offset, uint64_t size) const;

 private:
  std::filesystem::path path_;
  int descriptor_ = -1;
  uint64_t size_ = 0;
};

// The whole file. Throws Error if it cannot be read or is larger than `max_bytes`.
std::string ReadFile(const std::filesystem::path& path, uint64_t max_bytes = uint64_t{1} << 32);

// Makes the parent folder of `path` and all its ancestors. Throws Error.
void MakeParentFolder(const std::filesystem::path& path);

// Writes all bytes to an open file. Throws Error naming `path` if the disk is full or the write fails.
void WriteAll(int descriptor, std::string_view bytes, const std::filesystem::path& path);

// A temporary file NAME.partial-PID-N in the target's folder, which Commit renames to the target. Without
// Commit, the destructor removes the file and the folders that it made, if they are empty. The file is locked
// while it is open, so that RemoveAbandonedFiles can distinguish it from the files of killed processes. If
// the target is a symbolic link, the file that the link points to is replaced.
class PartialFile {
 public:
  // Makes the empty file and missing parent folders. The file has the target's mode, or 0666 masked by the
  // umask if there is no target. Throws Error if the folder is not writable.
  explicit PartialFile(const std::filesystem::path& target);
  ~PartialFile();
  PartialFile(const PartialFile&) = delete;
  PartialFile& operator=(const PartialFile&) = delete;

  // For libraries that open files themselves.
  const std::filesystem::path& path() const { return path_; }
  int descriptor() const { return descriptor_; }

  // Syncs the file, renames it and syncs the folder's entry. Throws Error naming the target.
  void Commit();

  // Whether another PartialFile, of any process, exists for the same target.
  bool IsWrittenByOthers() const;

 private:
  void Make();

  std::filesystem::path named_;   // the target as the caller named it, for messages
  std::filesystem::path target_;  // links followed
  std::filesystem::path path_;
  std::vector<std::filesystem::path> made_folders_;  // the deepest first
  int descriptor_ = -1;
};

// Moves `temporary`, on the same disk, to `path`, and replaces an existing file. Syncs the file's bytes
// first, then the folder's entry. Throws Error.
void RenameIntoPlace(const std::filesystem::path& temporary, const std::filesystem::path& path);

// Removes the PartialFiles for `target` that killed processes left. Files that a process is still writing
// stay. Returns the number of removed files.
int64_t RemoveAbandonedFiles(const std::filesystem::path& target);

// The same for all targets directly in `folder`.
int64_t RemoveAbandonedFilesIn(const std::filesystem::path& folder);

// A buffered file that appears under its name only when it is complete. Without Commit, nothing remains.
class AtomicFile {
 public:
  // Makes missing parent folders. Throws Error if the folder is not writable.
  explicit AtomicFile(const std::filesystem::path& path) : path_(path), file_(path) {}

  // Appends. Throws Error if the disk is full or the write fails.
  void Write(const void* data, uint64_t size);
  void Write(std::string_view bytes) { Write(bytes.data(), bytes.size()); }

  // Bytes written so far.
  uint64_t size() const { return size_; }

  // Writes the buffer to the system, so that all bytes so far can be read at partial_path(). Throws Error as
  // Write does.
  void Flush();
  const std::filesystem::path& partial_path() const { return file_.path(); }

  // Throws Error if the file cannot be synced or renamed.
  void Commit();

 private:
  std::filesystem::path path_;
  PartialFile file_;
  uint64_t size_ = 0;
  std::string buffer_;
};

// Writes a whole file through AtomicFile.
void WriteFile(const std::filesystem::path& path, std::string_view bytes);

// `path` relative to `folder`, with symbolic links resolved, so that it is valid from `folder`.
std::string PathFrom(const std::filesystem::path& folder, const std::filesystem::path& path);

// Regular files below `folder`, recursively, whose lower-case extension is among `extensions` (".txt"), as
// paths relative to the folder, sorted. Links to folders are not followed. Throws Error if the folder is
// missing. Photos are listed by vantage/photos.h.
std::vector<std::filesystem::path> ListFiles(const std::filesystem::path& folder,
                                             const std::vector<std::string>& extensions);

// Sub-folders of `folder`, names only, sorted. Throws Error if the folder is missing.
std::vector<std::string> ListFolders(const std::filesystem::path& folder);

// Name of the last folder: "landmarks" for "x/landmarks/", the current folder's name for ".".
std::string FolderName(const std::filesystem::path& folder);

}  // namespace vantage

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
  // Throws Error if the file cannot be opened or is no regular file.
  explicit InputFile(const std::filesystem::path& path);
  ~InputFile();
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;

  const std::filesystem::path& path() const { return path_; }
  uint64_t size() const { return size_; }

  // Fills `data` with the `size` bytes from `offset`. Throws Error if the file ends before.
  void ReadAt(uint64_t offset, void* data, uint64_t size) const;
  std::string ReadAt(uint64_t offset, uint64_t size) const;

 private:
  std::filesystem::path path_;
  int descriptor_ = -1;
  uint64_t size_ = 0;
};

// The whole file. Throws Error if it cannot be read or is larger than `max_bytes`.
std::string ReadFile(const std::filesystem::path& path, uint64_t max_bytes = uint64_t{1} << 32);

// Makes the folder that a file of this path lies in, and those above it. Throws Error.
void MakeParentFolder(const std::filesystem::path& path);

// Writes all bytes to an open file. Throws Error naming `path` where the disk is full or the write fails.
void WriteAll(int descriptor, std::string_view bytes, const std::filesystem::path& path);

// A file on its way to its name: written beside the target as NAME.partial-PID-N, and renamed by Commit.
// Without Commit it is removed, with folders that it made if they are empty. It is locked as long as it is
// open, so that RemoveAbandonedFiles tells it from what a killed process left. If the target is a symbolic
// link, what the link points to is written.
class PartialFile {
 public:
  // Makes the file, empty, and missing parent folders. Its mode is that of the target, or what the umask
  // leaves of 0666. Throws Error if the folder cannot be written to.
  explicit PartialFile(const std::filesystem::path& target);
  ~PartialFile();
  PartialFile(const PartialFile&) = delete;
  PartialFile& operator=(const PartialFile&) = delete;

  // For libraries that open files themselves.
  const std::filesystem::path& path() const { return path_; }
  int descriptor() const { return descriptor_; }

  // Brings the file and the folder's entry to disk. Throws Error naming the target.
  void Commit();

  // Whether there is another PartialFile for the same target, of any process.
  bool IsWrittenByOthers() const;

 private:
  void Make();

  std::filesystem::path named_;   // the target as the caller named it, for messages
  std::filesystem::path target_;  // links followed
  std::filesystem::path path_;
  std::vector<std::filesystem::path> made_folders_;  // the deepest first
  int descriptor_ = -1;
};

// Gives a file that was written elsewhere on the same disk its name, replacing what is there: its bytes
// first, then the folder's entry are brought to disk. Throws Error.
void RenameIntoPlace(const std::filesystem::path& temporary, const std::filesystem::path& path);

// Removes what killed processes left of PartialFiles for `target`. Files that a process still writes stay.
// Returns how many were removed.
int64_t RemoveAbandonedFiles(const std::filesystem::path& target);

// The same for all targets that are files in `folder`, not below it.
int64_t RemoveAbandonedFilesIn(const std::filesystem::path& folder);

// A file that is written through a buffer and appears under its name only when it is complete. Without Commit
// nothing stays.
class AtomicFile {
 public:
  // Throws Error if the folder cannot be written to. Makes missing parent folders.
  explicit AtomicFile(const std::filesystem::path& path) : path_(path), file_(path) {}

  // Appends. Throws Error where the disk is full or the write fails.
  void Write(const void* data, uint64_t size);
  void Write(std::string_view bytes) { Write(bytes.data(), bytes.size()); }

  // Bytes written so far.
  uint64_t size() const { return size_; }

  // Hands the buffer to the system: what was written can be read at partial_path(). Throws Error as Write
  // does.
  void Flush();
  const std::filesystem::path& partial_path() const { return file_.path(); }

  // Throws Error if the bytes cannot be brought to disk or renamed.
  void Commit();

 private:
  std::filesystem::path path_;
  PartialFile file_;
  uint64_t size_ = 0;
  std::string buffer_;
};

// Writes a whole file through AtomicFile.
void WriteFile(const std::filesystem::path& path, std::string_view bytes);

// `path` relative to `folder`, symbolic links resolved, so that it can be followed from there.
std::string PathFrom(const std::filesystem::path& folder, const std::filesystem::path& path);

// Regular files below `folder`, recursively, whose lower-case extension is among `extensions` (".txt"), as
// paths relative to the folder, sorted. Links to folders are not followed. Throws Error if the folder is
// missing. Photos are listed by vantage/photos.h.
std::vector<std::filesystem::path> ListFiles(const std::filesystem::path& folder,
                                             const std::vector<std::string>& extensions);

// Sub-folders of `folder`, names only, sorted. Throws Error if the folder is missing.
std::vector<std::string> ListFolders(const std::filesystem::path& folder);

// The last folder's name: "landmarks" of "x/landmarks/", and that of the current folder of ".".
std::string FolderName(const std::filesystem::path& folder);

}  // namespace vantage

// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "vantage/util/file_lock.h"

namespace vantage {

// What became of one photo.
struct DescribedPhoto {
  std::vector<float> values;  // its descriptor; empty where it failed
  std::string reason;         // why it failed
};

// The finished part of an extraction on disk, so that one that was killed goes on where it stopped. Held by
// one process at a time.
class ExtractionJournal {
 public:
  // Opens the file or makes it. `identity` is a JSON object that says what is extracted: model, options, and
  // as "photos" a list (PhotoListIdentity). A torn record at the end, which a killed run leaves, is cut off.
  // Throws Error where another process holds the file, it is no journal, or it belongs to an extraction of
  // another identity, saying in words what differs.
  ExtractionJournal(std::filesystem::path path, const std::string& identity, int64_t dimension);
  ExtractionJournal(const ExtractionJournal&) = delete;
  ExtractionJournal& operator=(const ExtractionJournal&) = delete;

  // Calls visit(first, photos) with what the runs before have appended.
  using Visitor = std::function<void(int64_t first, std::vector<DescribedPhoto> photos)>;
  void ForEachFinished(const Visitor& visit);

  // Adds photos first, first + 1, ..., all or, where the process is killed, none of them. Throws Error where
  // the disk is full.
  void Append(int64_t first, const std::vector<DescribedPhoto>& photos);

  // Deletes the journal that an earlier run left, if there is one. Throws Error where another process holds
  // the file or it is no journal.
  static void Discard(const std::filesystem::path& path);

  // Deletes the file: its content stands elsewhere now.
  void Remove();

 private:
  void AppendRecord(const std::string& payload);
  void CheckIdentity(const std::string& stored, const std::string& identity) const;

  std::filesystem::path path_;
  int64_t dimension_ = 0;
  FileLock lock_;
  uint64_t begin_ = 0;  // of the first record after the identity
  uint64_t end_ = 0;    // of the whole records
};

}  // namespace vantage

// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "util/file.h"

namespace vantage::serialize {

// Reads zip archives whose entries are stored without compression, as PyTorch writes them (zip64 included).
class ZipReader {
 public:
  struct Entry {
    uint64_t header_offset = 0;  // of the local header
    uint64_t size = 0;           // bytes
    uint32_t crc32 = 0;
  };

  // Reads the archive's directory. Throws Error naming the file and the offset if the archive is damaged or
  // an entry is compressed or encrypted. `file` must outlive the reader. Uses at most 8 bytes of memory for
  // each byte of the file. The entries together are never larger than the file.
  explicit ZipReader(const InputFile& file);

  const std::map<std::string, Entry>& entries() const { return entries_; }

  // Fills `data` with the entry's bytes and checks their CRC-32. Throws Error if they are damaged.
  void Read(const std::string& name, void* data, uint64_t size) const;
  std::string Read(const std::string& name) const;

  // True if the file starts like a zip archive.
  static bool LooksLikeZip(const InputFile& file);

 private:
  const Entry& Find(const std::string& name) const;

  const InputFile& file_;
  std::map<std::string, Entry> entries_;
};

// Writes a zip archive of uncompressed entries, each aligned to 64 bytes, with zip64 records if sizes need
// them.
class ZipWriter {
 public:
  explicit ZipWriter(AtomicFile& file) : file_(file) {}

  void Add(const std::string& name, std::string_view bytes);
  // Writes the directory. Nothing may be added afterwards. It does not commit the file.
  void Finish();

 private:
  struct Written {
    std::string name;
    uint64_t offset = 0;
    uint64_t size = 0;
    uint32_t crc32 = 0;
  };

  AtomicFile& file_;
  std::vector<Written> written_;
};

}  // namespace vantage::serialize

// SPDX-License-Identifier: BSD-3-Clause
#include "serialize/zip.h"

#include <zlib.h>

#include <algorithm>
#include <cstring>

#include "util/check.h"

// The format: PKWARE's APPNOTE.TXT 6.3, sections 4.3 and 4.5.3.
namespace vantage::serialize {
namespace {

constexpr uint32_t kLocalHeader = 0x04034b50;
constexpr uint32_t kDirectoryHeader = 0x02014b50;
constexpr uint32_t kEndOfDirectory = 0x06054b50;
constexpr uint32_t kEndOfDirectory64 = 0x06064b50;
constexpr uint32_t kEndOfDirectory64Locator = 0x07064b50;
constexpr uint64_t kLocalHeaderSize = 30;
constexpr uint64_t kDirectoryHeaderSize = 46;
constexpr uint64_t kEndSize = 22;
constexpr uint16_t kZip64ExtraField = 1;
constexpr uint16_t kPaddingExtraField = 0x4246;  // "FB", which PyTorch uses
constexpr uint64_t kAlignment = 64;
constexpr uint64_t kMax32 = 0xffffffff;
constexpr uint64_t kMaxDirectorySize = uint64_t{64} << 20;

template <typename T>
T Load(std::string_view bytes, uint64_t offset) {
  T value;
  std::memcpy(&value, bytes.data() + offset, sizeof(T));
  return value;
}

template <typename T>
void Append(std::string& bytes, T value) {
  bytes.append(reinterpret_cast<const char*>(&value), sizeof(T));
}

uint32_t Crc(const void* data, uint64_t size) {
  const auto* bytes = static_cast<const Bytef*>(data);
  uLong crc = ::crc32(0, nullptr, 0);
  while (size > 0) {
    const auto piece = static_cast<uInt>(std::min<uint64_t>(size, uint64_t{1} << 30));
    crc = ::crc32(crc, bytes, piece);
    bytes += piece;
    size -= piece;
  }
  return static_cast<uint32_t>(crc);
}

struct Directory {
  uint64_t offset = 0;
  uint64_t size = 0;
  uint64_t count = 0;
};

// Offset of the end-of-directory record. Only a comment of up to 65,535 bytes follows it.
uint64_t FindEndOfDirectory(const InputFile& file) {
  const uint64_t tail_size = std::min<uint64_t>(file.size(), kEndSize + 0xffff);
  const uint64_t tail_offset = file.size() - tail_size;
  const std::string tail = file.ReadAt(tail_offset, tail_size);
  if (tail_size >= kEndSize) {
    for (uint64_t at = tail_size - kEndSize + 1; at-- > 0;) {
      if (Load<uint32_t>(tail, at) == kEndOfDirectory) return tail_offset + at;
    }
  }
  throw Error(StrCat(file.path().string(),
                     ": the zip directory is missing: the file is truncated or no zip archive"));
}

Directory FindDirectory(const InputFile& file) {
  const uint64_t end_offset = FindEndOfDirectory(file);
  const std::string end = file.ReadAt(end_offset, kEndSize);
  Directory directory{Load<uint32_t>(end, 16), Load<uint32_t>(end, 12), Load<uint16_t>(end, 10)};
  const bool zip64 = directory.offset == kMax32 || directory.size == kMax32 || directory.count == 0xffff;
  if (zip64 && end_offset >= 20) {
    const std::string locator = file.ReadAt(end_offset - 20, 20);
    if (Load<uint32_t>(locator, 0) == kEndOfDirectory64Locator) {
      const std::string end64 = file.ReadAt(Load<uint64_t>(locator, 8), 56);
      VANTAGE_CHECK(Load<uint32_t>(end64, 0) == kEndOfDirectory64, file.path().string(),
                    ": the zip64 end of directory is damaged");
      directory = {Load<uint64_t>(end64, 48), Load<uint64_t>(end64, 40), Load<uint64_t>(end64, 32)};
    }
  }
  VANTAGE_CHECK(directory.size <= kMaxDirectorySize && directory.offset <= end_offset &&
                    directory.size <= end_offset - directory.offset,
                file.path().string(), ": the zip directory (", directory.size, " bytes from offset ",
                directory.offset, ") is outside the file");
  return directory;
}

// Replaces sizes and offsets of 0xffffffff by the values of the zip64 extra field (4.5.3).
void ApplyZip64(std::string_view extra, uint64_t& size, uint64_t& stored_size, uint64_t& header_offset) {
  while (extra.size() >= 4) {
    const auto id = Load<uint16_t>(extra, 0);
    const auto length = Load<uint16_t>(extra, 2);
    if (length > extra.size() - 4) return;
    if (id == kZip64ExtraField) {
      uint64_t at = 4;
      for (uint64_t* field : {&size, &stored_size, &header_offset}) {
        if (*field != kMax32 || at + 8 > uint64_t{length} + 4) continue;
        *field = Load<uint64_t>(extra, at);
        at += 8;
      }
      return;
    }
    extra.remove_prefix(size_t{length} + 4);
  }
}

}  // namespace

bool ZipReader::LooksLikeZip(const InputFile& file) {
  return file.size() >= 4 && Load<uint32_t>(file.ReadAt(0, 4), 0) == kLocalHeader;
}

ZipReader::ZipReader(const InputFile& file) : file_(file) {
  const std::string source = file.path().string();
  const Directory directory = FindDirectory(file);
  const std::string bytes = file.ReadAt(directory.offset, directory.size);
  uint64_t at = 0;
  uint64_t total_size = 0;
  for (uint64_t i = 0; i < directory.count; ++i) {
    VANTAGE_CHECK(at + kDirectoryHeaderSize <= bytes.size() && Load<uint32_t>(bytes, at) == kDirectoryHeader,
                  source, ": zip directory entry ", i, " at offset ", directory.offset + at, " is damaged");
    const auto flags = Load<uint16_t>(bytes, at + 8);
    const auto method = Load<uint16_t>(bytes, at + 10);
    uint64_t stored_size = Load<uint32_t>(bytes, at + 20);
    Entry entry{Load<uint32_t>(bytes, at + 42), Load<uint32_t>(bytes, at + 24),
                Load<uint32_t>(bytes, at + 16)};
    const uint64_t name_size = Load<uint16_t>(bytes, at + 28);
    const uint64_t extra_size = Load<uint16_t>(bytes, at + 30);
    const uint64_t comment_size = Load<uint16_t>(bytes, at + 32);
    at += kDirectoryHeaderSize;
    VANTAGE_CHECK(name_size + extra_size + comment_size <= bytes.size() - at, source,
                  ": zip directory entry ", i, " at offset ", directory.offset + at, " is truncated");
    const std::string name = bytes.substr(at, name_size);
    ApplyZip64(std::string_view(bytes).substr(at + name_size, extra_size), entry.size, stored_size,
               entry.header_offset);
    at += name_size + extra_size + comment_size;
    VANTAGE_CHECK((flags & 1) == 0 && method == 0 && stored_size == entry.size, source, ": zip entry '", name,
                  "' is compressed or encrypted (method ", method, ")");
    VANTAGE_CHECK(entry.size <= file.size() && entry.header_offset <= file.size() - entry.size, source,
                  ": zip entry '", name, "' (", entry.size, " bytes from offset ", entry.header_offset,
                  ") is outside the file");
    total_size += entry.size;
    VANTAGE_CHECK(total_size <= file.size(), source,
                  ": zip entries overlap: they add up to more than the file");
    entries_[name] = entry;
  }
}

const ZipReader::Entry& ZipReader::Find(const std::string& name) const {
  const auto found = entries_.find(name);
  VANTAGE_CHECK(found != entries_.end(), file_.path().string(), ": no entry '", name, "' in the archive");
  return found->second;
}

void ZipReader::Read(const std::string& name, void* data, uint64_t size) const {
  const Entry& entry = Find(name);
  const std::string source = file_.path().string();
  VANTAGE_CHECK(size == entry.size, source, ": zip entry '", name, "' has ", entry.size, " bytes, not ",
                size);
  const std::string header = file_.ReadAt(entry.header_offset, kLocalHeaderSize);
  VANTAGE_CHECK(Load<uint32_t>(header, 0) == kLocalHeader, source, ": zip entry '", name,
                "' has no header at offset ", entry.header_offset);
  const uint64_t offset =
      entry.header_offset + kLocalHeaderSize + Load<uint16_t>(header, 26) + Load<uint16_t>(header, 28);
  file_.ReadAt(offset, data, size);
  VANTAGE_CHECK(Crc(data, size) == entry.crc32, source, ": zip entry '", name, "' (", size,
                " bytes from offset ", offset, ") is damaged: its CRC does not match");
}

std::string ZipReader::Read(const std::string& name) const {
  std::string bytes(Find(name).size, '\0');
  Read(name, bytes.data(), bytes.size());
  return bytes;
}

void ZipWriter::Add(const std::string& name, std::string_view bytes) {
  const Written entry{name, file_.size(), bytes.size(), Crc(bytes.data(), bytes.size())};
  const bool large = bytes.size() >= kMax32;
  std::string extra;
  if (large) {
    Append<uint16_t>(extra, kZip64ExtraField);
    Append<uint16_t>(extra, 16);
    Append<uint64_t>(extra, entry.size);
    Append<uint64_t>(extra, entry.size);
  }
  const uint64_t unpadded = entry.offset + kLocalHeaderSize + name.size() + extra.size() + 4;
  const auto padding = static_cast<uint16_t>((kAlignment - unpadded % kAlignment) % kAlignment);
  Append<uint16_t>(extra, kPaddingExtraField);
  Append<uint16_t>(extra, padding);
  extra.append(padding, 'Z');

  const auto size32 = static_cast<uint32_t>(large ? kMax32 : entry.size);
  std::string header;
  Append<uint32_t>(header, kLocalHeader);
  Append<uint16_t>(header, large ? 45 : 20);  // version needed
  Append<uint16_t>(header, 0x800);            // names are UTF-8
  Append<uint16_t>(header, 0);                // stored
  Append<uint32_t>(header, 0x00210000);       // 1 January 1980: the same content gives the same bytes
  Append<uint32_t>(header, entry.crc32);
  Append<uint32_t>(header, size32);
  Append<uint32_t>(header, size32);
  Append<uint16_t>(header, static_cast<uint16_t>(name.size()));
  Append<uint16_t>(header, static_cast<uint16_t>(extra.size()));
  file_.Write(header);
  file_.Write(name);
  file_.Write(extra);
  file_.Write(bytes);
  written_.push_back(entry);
}

void ZipWriter::Finish() {
  const uint64_t directory_offset = file_.size();
  for (const Written& entry : written_) {
    const bool large = entry.size >= kMax32 || entry.offset >= kMax32;
    std::string extra;
    if (large) {
      Append<uint16_t>(extra, kZip64ExtraField);
      Append<uint16_t>(extra, 24);
      Append<uint64_t>(extra, entry.size);
      Append<uint64_t>(extra, entry.size);
      Append<uint64_t>(extra, entry.offset);
    }
    const auto size32 = static_cast<uint32_t>(large ? kMax32 : entry.size);
    std::string header;
    Append<uint32_t>(header, kDirectoryHeader);
    Append<uint16_t>(header, large ? 45 : 20);  // version made by
    Append<uint16_t>(header, large ? 45 : 20);  // version needed
    Append<uint16_t>(header, 0x800);
    Append<uint16_t>(header, 0);
    Append<uint32_t>(header, 0x00210000);
    Append<uint32_t>(header, entry.crc32);
    Append<uint32_t>(header, size32);
    Append<uint32_t>(header, size32);
    Append<uint16_t>(header, static_cast<uint16_t>(entry.name.size()));
    Append<uint16_t>(header, static_cast<uint16_t>(extra.size()));
    Append<uint16_t>(header, 0);  // comment
    Append<uint16_t>(header, 0);  // disk
    Append<uint16_t>(header, 0);  // internal attributes
    Append<uint32_t>(header, 0);  // external attributes
    Append<uint32_t>(header, static_cast<uint32_t>(large ? kMax32 : entry.offset));
    file_.Write(header);
    file_.Write(entry.name);
    file_.Write(extra);
  }
  const uint64_t directory_size = file_.size() - directory_offset;
  const uint64_t end64_offset = file_.size();
  const bool large = written_.size() >= 0xffff || directory_offset >= kMax32 || directory_size >= kMax32;
  std::string end;
  if (large) {
    Append<uint32_t>(end, kEndOfDirectory64);
    Append<uint64_t>(end, 44);
    Append<uint16_t>(end, 45);
    Append<uint16_t>(end, 45);
    Append<uint32_t>(end, 0);
    Append<uint32_t>(end, 0);
    Append<uint64_t>(end, written_.size());
    Append<uint64_t>(end, written_.size());
    Append<uint64_t>(end, directory_size);
    Append<uint64_t>(end, directory_offset);
    Append<uint32_t>(end, kEndOfDirectory64Locator);
    Append<uint32_t>(end, 0);
    Append<uint64_t>(end, end64_offset);
    Append<uint32_t>(end, 1);
  }
  const auto count16 = static_cast<uint16_t>(std::min<uint64_t>(written_.size(), 0xffff));
  Append<uint32_t>(end, kEndOfDirectory);
  Append<uint16_t>(end, 0);
  Append<uint16_t>(end, 0);
  Append<uint16_t>(end, count16);
  Append<uint16_t>(end, count16);
  Append<uint32_t>(end, static_cast<uint32_t>(large ? kMax32 : directory_size));
  Append<uint32_t>(end, static_cast<uint32_t>(large ? kMax32 : directory_offset));
  Append<uint16_t>(end, 0);
  file_.Write(end);
}

}  // namespace vantage::serialize

// SPDX-License-Identifier: BSD-3-Clause
#include "vantage/describer.h"

#include <unistd.h>
#include <zlib.h>

#include <cerrno>
#include <cstring>
#include <system_error>

#include "util/check.h"
#include "util/file.h"
#include "util/file_lock.h"
#include "util/hash.h"
#include "util/index.h"
#include "util/log.h"
#include "util/rethrow.h"
#include "vantage/run_context.h"

// The file consists of records: the payload's size and CRC-32 (uint32, the machine's byte order), then the
// payload. The first payload is kHead. Each further payload is a dimension D (uint32) and descriptors: key, D
// floats.
namespace vantage {
namespace {

struct RecordHead {
  uint32_t size = 0;
  uint32_t checksum = 0;
};

constexpr char kHead[] = "vantage descriptors 1";
constexpr char kBusy[] = "another run is writing this output";
constexpr char kNoStore[] = ": keeps no descriptors of an interrupted run; move it away";

uint32_t Checksum(const std::string& bytes) {
  return static_cast<uint32_t>(::crc32_z(0, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
}

std::string ErrnoText() { return std::generic_category().message(errno); }

void Put(std::string& bytes, const void* data, size_t size) {
  bytes.append(static_cast<const char*>(data), size);
}

// The payload of the record at `offset`; empty if the record is incomplete or damaged.
std::optional<std::string> ReadRecord(const InputFile& file, uint64_t offset) {
  RecordHead head;
  if (file.size() - offset < sizeof(head)) return std::nullopt;
  file.ReadAt(offset, &head, sizeof(head));
  offset += sizeof(head);
  if (head.size > file.size() - offset) return std::nullopt;
  std::string payload = file.ReadAt(offset, head.size);
  if (Checksum(payload) != head.checksum) return std::nullopt;
  return payload;
}

std::string RecordOf(const std::string& payload) {
  const RecordHead head{static_cast<uint32_t>(payload.size()), Checksum(payload)};
  std::string bytes;
  Put(bytes, &head, sizeof(head));
  return bytes + payload;
}

// False if the file is empty, or if the process was killed while it wrote the head. Throws Error if the file
// is not a store.
bool HasHead(const InputFile& file) {
  const std::string head = RecordOf(kHead);
  if (file.size() < head.size() && head.starts_with(file.ReadAt(0, file.size()))) return false;
  VANTAGE_CHECK(ReadRecord(file, 0) == kHead, file.path().string(), kNoStore);
  return true;
}

}  // namespace

std::optional<DescriptorKey> KeyOf(const std::string& describer_identity, const PhotoSource& photos,
                                   int64_t i) {
  const std::string photo = photos.Identity(i);
  if (photo.empty()) return std::nullopt;
  std::string text = StrCat(describer_identity, "\n", photo);
  if (const std::optional<Box> box = photos.box(i)) {
    for (const double side : {box->left, box->top, box->right, box->bottom})
      text += StrCat(" ", FormatShortest(side));
  }
  const std::string hex = Sha256(text);
  DescriptorKey key{};
  for (size_t k = 0; k < key.size(); ++k)
    key[k] = static_cast<unsigned char>(std::stoi(hex.substr(2 * k, 2), nullptr, 16));
  return key;
}

DescriptorStore::DescriptorStore(std::filesystem::path path) try
    : path_(std::move(path)), lock_(std::make_unique<FileLock>(path_, kBusy)) {
  const std::string head = RecordOf(kHead);
  begin_ = end_ = head.size();
  const InputFile file(path_);
  if (!HasHead(file)) {
    Cut(0);
    WriteAll(lock_->descriptor(), head, path_);
    return;
  }
  while (const std::optional<std::string> payload = ReadRecord(file, end_)) {
    VANTAGE_CHECK(Index(*payload, end_ + sizeof(RecordHead)), path_.string(), ": damaged at byte ", end_,
                  "; delete it to begin anew");
    end_ += sizeof(RecordHead) + payload->size();
  }
  held_before_ = size();
  if (end_ == file.size()) return;
  LogInfo(path_.string(), ": incomplete at byte ", end_, "; later descriptors are computed again");
  Cut(end_);
} catch (...) {
  RethrowAsError();
}

bool DescriptorStore::Index(const std::string& payload, uint64_t offset) {
  Place place;
  if (payload.size() < sizeof(place.dimension)) return false;
  std::memcpy(&place.dimension, payload.data(), sizeof(place.dimension));
  const size_t size = sizeof(DescriptorKey) + size_t{place.dimension} * sizeof(float);
  if ((payload.size() - sizeof(place.dimension)) % size != 0) return false;
  for (size_t begin = sizeof(place.dimension); begin < payload.size(); begin += size) {
    DescriptorKey key{};
    std::memcpy(key.data(), payload.data() + begin, key.size());
    place.offset = offset + begin + key.size();
    places_[key] = place;
  }
  return true;
}

bool DescriptorStore::Read(const DescriptorKey& key, std::span<float> values) const {
  const auto found = places_.find(key);
  if (found == places_.end() || found->second.dimension != values.size()) return false;
  size_t done = 0;
  while (done < values.size_bytes()) {
    const ssize_t count =
        ::pread(lock_->descriptor(), reinterpret_cast<char*>(values.data()) + done,
                values.size_bytes() - done, static_cast<off_t>(found->second.offset + done));
    if (count < 0 && errno == EINTR) continue;
    VANTAGE_CHECK(count > 0, path_.string(), ": cannot be read at byte ", found->second.offset + done, ": ",
                  count == 0 ? "it was shortened" : ErrnoText());
    done += ToIndex(count);
  }
  return true;
}

void DescriptorStore::Append(const std::vector<std::pair<DescriptorKey, std::vector<float>>>& descriptors) {
  if (descriptors.empty()) return;
  const auto dimension = static_cast<uint32_t>(descriptors[0].second.size());
  std::string payload;
  Put(payload, &dimension, sizeof(dimension));
  for (const auto& [key, values] : descriptors) {
    VANTAGE_CHECK(values.size() == dimension, "descriptors of ", dimension, " and of ", values.size(),
                  " dimensions in one record");
    Put(payload, key.data(), key.size());
    Put(payload, values.data(), values.size() * sizeof(float));
  }
  const std::string record = RecordOf(payload);
  try {
    WriteAll(lock_->descriptor(), record, path_);
  } catch (const Error&) {
    Cut(end_);  // a partial record would hide later ones
    throw;
  }
  Index(payload, end_ + sizeof(RecordHead));
  end_ += record.size();
}

void DescriptorStore::Cut(uint64_t size) const {
  VANTAGE_CHECK(::ftruncate(lock_->descriptor(), static_cast<off_t>(size)) == 0, path_.string(),
                ": cannot be shortened: ", ErrnoText());
}

void DescriptorStore::Clear() {
  if (places_.empty()) return;
  Cut(begin_);
  end_ = begin_;
  places_.clear();
}

DescriptorStore::~DescriptorStore() {
  if (!is_removed_ && places_.empty()) ::unlink(path_.c_str());
}

void DescriptorStore::Remove() {
  is_removed_ = true;
  VANTAGE_CHECK(::unlink(path_.c_str()) == 0, path_.string(), ": cannot be deleted: ", ErrnoText());
}

void DescriptorStore::Discard(const std::filesystem::path& path) try {
  if (!std::filesystem::exists(path)) return;
  const FileLock lock(path, kBusy);
  const InputFile file(path);
  HasHead(file);
  VANTAGE_CHECK(::unlink(path.c_str()) == 0, path.string(), ": cannot be deleted: ", ErrnoText());
} catch (...) {
  RethrowAsError();
}

}  // namespace vantage

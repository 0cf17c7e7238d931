// SPDX-License-Identifier: BSD-3-Clause
#include "vantage/extract/journal.h"

#include <unistd.h>
#include <zlib.h>

#include <cerrno>
#include <cstring>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <system_error>

#include "vantage/util/error.h"
#include "vantage/util/file.h"
#include "vantage/util/log.h"
#include "vantage/util/rethrow.h"

// The file: records, each of the payload's size and CRC-32 (uint32, the machine's byte order) and the
// payload. The first payload is the identity, each further one
//   int64 first photo; for each photo: uint32 number of floats, uint32 length of the reason, floats, reason.
namespace vantage {
namespace {

using nlohmann::json;

struct RecordHead {
  uint32_t size = 0;
  uint32_t checksum = 0;
};

constexpr char kBusy[] = "another run is writing this output";
constexpr char kNoJournal[] = ": is no journal of an extraction; move it away to describe all photos";

uint32_t Checksum(const std::string& bytes) {
  return static_cast<uint32_t>(::crc32_z(0, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
}

std::string ErrnoText() { return std::generic_category().message(errno); }

template <typename T>
void Put(std::string& bytes, const T& value) {
  bytes.append(reinterpret_cast<const char*>(&value), sizeof(value));
}

// Takes values off the front of a payload.
class PayloadReader {
 public:
  explicit PayloadReader(const std::string& bytes) : bytes_(bytes) {}

  bool AtEnd() const { return position_ == bytes_.size(); }
  // False where fewer bytes are left.
  bool Take(void* data, size_t size) {
    if (size > bytes_.size() - position_) return false;
    std::memcpy(data, bytes_.data() + position_, size);
    position_ += size;
    return true;
  }

 private:
  const std::string& bytes_;
  size_t position_ = 0;
};

// The checked payload of the record at `offset`, or nothing where the file ends before its end or it is
// damaged.
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

// "3 added, such as b.jpg"; nothing where there are none.
void Tell(const std::vector<std::string>& photos, const char* what, std::vector<std::string>& told) {
  if (photos.empty()) return;
  told.push_back(StrCat(photos.size(), what, photos.size() == 1 ? ": " : ", such as ", photos[0]));
}

// How lists of photos differ (PhotoListIdentity).
std::string PhotoDifference(const json& theirs, const json& ours) {
  const auto facts_of = [](const json& list) {
    std::map<std::string, std::string> facts;
    for (const json& photo : list) {
      if (photo.is_array() && photo.size() == 2 && photo[0].is_string() && photo[1].is_string()) {
        facts[photo[0].get<std::string>()] = photo[1].get<std::string>();
      }
    }
    return facts;
  };
  const std::map<std::string, std::string> then = facts_of(theirs);
  const std::map<std::string, std::string> now = facts_of(ours);
  std::vector<std::string> added;
  std::vector<std::string> gone;
  std::vector<std::string> changed;
  for (const auto& [name, facts] : now) {
    const auto known = then.find(name);
    if (known == then.end()) {
      added.push_back(name);
    } else if (known->second != facts) {
      changed.push_back(StrCat(name, " (", known->second, " then, ", facts, " now)"));
    }
  }
  for (const auto& [name, facts] : then) {
    if (now.count(name) == 0) gone.push_back(name);
  }
  std::vector<std::string> told;
  Tell(added, " added", told);
  Tell(gone, " gone", told);
  Tell(changed, " changed", told);
  return told.empty() ? "another order" : Join(told, ", ");
}

std::vector<std::string> Differences(const json& theirs, const json& ours) {
  json keys = theirs;
  keys.update(ours);
  std::vector<std::string> differences;
  for (const auto& [key, unused] : keys.items()) {
    const json then = theirs.value(key, json());
    const json now = ours.value(key, json());
    if (then == now) continue;
    differences.push_back(StrCat(key, ": ",
                                 then.is_array() && now.is_array() && key == "photos"
                                     ? PhotoDifference(then, now)
                                     : StrCat(then.dump(), " then, ", now.dump(), " now")));
  }
  return differences;
}

}  // namespace

ExtractionJournal::ExtractionJournal(std::filesystem::path path, const std::string& identity,
                                     int64_t dimension) try
    : path_(std::move(path)), dimension_(dimension), lock_(path_, kBusy) {
  const InputFile file(path_);
  if (file.size() == 0) {
    AppendRecord(identity);
    begin_ = end_;
    return;
  }
  const std::optional<std::string> stored = ReadRecord(file, 0);
  VANTAGE_CHECK(stored, path_.string(), kNoJournal);
  CheckIdentity(*stored, identity);
  begin_ = end_ = sizeof(RecordHead) + stored->size();
  while (const std::optional<std::string> record = ReadRecord(file, end_)) {
    end_ += sizeof(RecordHead) + record->size();
  }
  if (end_ < file.size()) {
    LogInfo(path_.string(), ": torn at byte ", end_, "; what follows is done again");
    VANTAGE_CHECK(::ftruncate(lock_.descriptor(), static_cast<off_t>(end_)) == 0, path_.string(),
                  ": cannot be shortened: ", ErrnoText());
  }
} catch (...) {
  RethrowAsError();
}

void ExtractionJournal::AppendRecord(const std::string& payload) {
  std::string bytes;
  Put(bytes, RecordHead{static_cast<uint32_t>(payload.size()), Checksum(payload)});
  bytes += payload;
  WriteAll(lock_.descriptor(), bytes, path_);
  end_ += bytes.size();
}

void ExtractionJournal::CheckIdentity(const std::string& stored, const std::string& identity) const {
  if (stored == identity) return;
  const json theirs = json::parse(stored, nullptr, /*allow_exceptions=*/false);
  const json ours = json::parse(identity, nullptr, /*allow_exceptions=*/false);
  VANTAGE_CHECK(ours.is_object(), "an extraction's identity is no JSON object");
  VANTAGE_CHECK(theirs.is_object(), path_.string(), kNoJournal);
  throw Error(StrCat(path_.string(), ": was left by an interrupted run with other photos or options (",
                     Join(Differences(theirs, ours), "; "),
                     "); finish that run, or begin anew (--restart, or delete the file)"));
}

void ExtractionJournal::Discard(const std::filesystem::path& path) try {
  if (!std::filesystem::exists(path)) return;
  const FileLock lock(path, kBusy);
  const InputFile file(path);
  VANTAGE_CHECK(file.size() == 0 || ReadRecord(file, 0), path.string(), kNoJournal);
  VANTAGE_CHECK(::unlink(path.c_str()) == 0, path.string(), ": cannot be deleted: ", ErrnoText());
} catch (...) {
  RethrowAsError();
}

void ExtractionJournal::ForEachFinished(const Visitor& visit) {
  const InputFile file(path_);
  for (uint64_t offset = begin_; offset < end_;) {
    const std::optional<std::string> record = ReadRecord(file, offset);
    VANTAGE_CHECK(record, path_.string(), ": changed while it was read, at byte ", offset);
    PayloadReader payload(*record);
    int64_t first = 0;
    bool good = payload.Take(&first, sizeof(first)) && first >= 0;
    std::vector<DescribedPhoto> photos;
    while (good && !payload.AtEnd()) {
      uint32_t floats = 0;
      uint32_t length = 0;
      good = payload.Take(&floats, sizeof(floats)) && payload.Take(&length, sizeof(length)) &&
             (floats == 0 || floats == dimension_) && length <= record->size();
      if (!good) break;
      DescribedPhoto photo{std::vector<float>(floats), std::string(length, '\0')};
      good = payload.Take(photo.values.data(), floats * sizeof(float)) &&
             payload.Take(photo.reason.data(), length);
      photos.push_back(std::move(photo));
    }
    VANTAGE_CHECK(good, path_.string(), ": damaged at byte ", offset, "; delete it to start anew");
    visit(first, std::move(photos));
    offset += sizeof(RecordHead) + record->size();
  }
}

void ExtractionJournal::Append(int64_t first, const std::vector<DescribedPhoto>& photos) {
  std::string payload;
  Put(payload, first);
  for (const DescribedPhoto& photo : photos) {
    Put(payload, static_cast<uint32_t>(photo.values.size()));
    Put(payload, static_cast<uint32_t>(photo.reason.size()));
    payload.append(reinterpret_cast<const char*>(photo.values.data()), photo.values.size() * sizeof(float));
    payload += photo.reason;
  }
  AppendRecord(payload);
}

void ExtractionJournal::Remove() {
  VANTAGE_CHECK(::unlink(path_.c_str()) == 0, path_.string(), ": cannot be deleted: ", ErrnoText());
}

}  // namespace vantage

// SPDX-License-Identifier: BSD-3-Clause
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cctype>
#include <cerrno>
#include <system_error>
#include <utility>
#include <vector>

#include "util/check.h"
#include "util/file.h"

namespace vantage {
namespace {

namespace fs = std::filesystem;

constexpr size_t kWriteBuffer = size_t{1} << 20;
constexpr std::string_view kPartial = ".partial-";
constexpr mode_t kPermissions = 07777;
constexpr int kMaxLinks = 40;  // Linux's limit
// Beyond any content. SQLite locks bytes at 2^30, HDF5 whole files by another kind of lock.
constexpr off_t kLockedByte = off_t{1} << 62;

std::string SystemError() { return std::generic_category().message(errno); }

// Locks an open file against other processes and other descriptors. Returns false if it cannot.
bool TryLock(int descriptor) {
  struct flock lock {};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  lock.l_start = kLockedByte;
  lock.l_len = 1;
  // Fails on file systems without locks. The creator of a file may ignore that.
  return ::fcntl(descriptor, F_OFD_SETLK, &lock) == 0;
}

// The target of a path's links; it need not exist.
fs::path FollowLinks(fs::path path) {
  std::error_code error;
  for (int links = 0; fs::is_symlink(path, error); ++links) {
    VANTAGE_CHECK(links < kMaxLinks, path.string(), ": symbolic links that lead in a circle");
    const fs::path to = fs::read_symlink(path);
    path = to.is_absolute() ? to : path.parent_path() / to;
  }
  return path;
}

// Writes the folder's entries to disk. Ignores file systems that cannot sync folders.
void SyncFolderOf(const fs::path& path) {
  const fs::path folder = path.has_parent_path() ? path.parent_path() : fs::path(".");
  const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return;
  const bool failed = ::fsync(descriptor) != 0 && errno == EIO;
  ::close(descriptor);
  VANTAGE_CHECK(!failed, folder.string(), ": cannot be brought to disk: ", SystemError());
}

// Writes a file's bytes to disk, renames it, and writes the folder's entry to disk. Errors name `named`.
void Place(const fs::path& from, const fs::path& to, const fs::path& named) {
  // Opens the file by name, since a library may have created it again.
  const int written = ::open(from.c_str(), O_RDONLY | O_CLOEXEC);
  const bool synced = written >= 0 && ::fsync(written) == 0;
  const std::string error = synced ? "" : SystemError();
  if (written >= 0) ::close(written);
  VANTAGE_CHECK(synced, named.string(), ": cannot be brought to disk: ", error);
  VANTAGE_CHECK(::rename(from.c_str(), to.c_str()) == 0, named.string(),
                ": cannot be renamed into place: ", SystemError());
  SyncFolderOf(to);
}

// Whether `name` is TARGET.partial-PID-N; of any target if `target` is empty.
bool IsPartialName(const std::string& name, const std::string& target) {
  const size_t at = target.empty() ? name.rfind(kPartial) : target.size();
  if (at == 0 || at == name.npos || !name.starts_with(target)) return false;
  if (name.compare(at, kPartial.size(), kPartial) != 0) return false;
  const std::string numbers = name.substr(at + kPartial.size());
  const size_t dash = numbers.find('-');
  const auto is_number = [](const std::string& text) {
    return !text.empty() &&
           std::all_of(text.begin(), text.end(), [](unsigned char c) { return std::isdigit(c); });
  };
  return dash != numbers.npos && is_number(numbers.substr(0, dash)) && is_number(numbers.substr(dash + 1));
}

// Files in `folder` for which IsPartialName holds.
std::vector<fs::path> PartialFiles(const fs::path& folder, const std::string& target) {
  std::vector<fs::path> files;
  std::error_code error;
  fs::directory_iterator entries(folder.empty() ? "." : folder, error);
  for (; !error && entries != fs::directory_iterator(); entries.increment(error)) {
    if (IsPartialName(entries->path().filename().string(), target)) files.push_back(entries->path());
  }
  return files;
}

enum class Lock { kFree, kHeld, kUnknown };

// Whether a process writes the file. If none does and `remove` is true, removes the file while holding its
// lock.
Lock LockOf(const fs::path& path, bool remove = false) {
  const int descriptor = ::open(path.c_str(), O_RDWR | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0) return Lock::kUnknown;
  struct stat status {};
  Lock lock = Lock::kUnknown;
  if (::fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode)) {
    lock = TryLock(descriptor)                  ? Lock::kFree
           : errno == EAGAIN || errno == EACCES ? Lock::kHeld
                                                : Lock::kUnknown;
  }
  if (remove && lock == Lock::kFree && ::unlink(path.c_str()) != 0) lock = Lock::kUnknown;
  ::close(descriptor);
  return lock;
}

int64_t RemoveAbandoned(const fs::path& folder, const std::string& target) {
  const std::vector<fs::path> files = PartialFiles(folder, target);
  return std::count_if(files.begin(), files.end(),
                       [](const fs::path& path) { return LockOf(path, /*remove=*/true) == Lock::kFree; });
}

}  // namespace

PartialFile::PartialFile(const fs::path& target) : named_(target), target_(FollowLinks(target)) {
  std::error_code error;
  for (fs::path folder = target_.parent_path(); !folder.empty() && !fs::exists(folder, error);
       folder = folder.parent_path()) {
    made_folders_.push_back(folder);
  }
  MakeParentFolder(target_);
  Make();
}

void PartialFile::Make() {
  static std::atomic<uint64_t> counter = 0;
  while (true) {
    path_ = target_;
    path_ += StrCat(kPartial, ::getpid(), "-", counter++);
    descriptor_ = ::open(path_.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (descriptor_ < 0 && errno == EEXIST) continue;  // left by a process that had this number before
    VANTAGE_CHECK(descriptor_ >= 0, named_.string(), ": cannot be written: ", SystemError());
    // Between open and lock another process may remove the file as abandoned: then try again.
    struct stat status {};
    TryLock(descriptor_);
    if (::fstat(descriptor_, &status) == 0 && status.st_nlink > 0) break;
    ::close(descriptor_);
  }
  struct stat old {};
  if (::stat(target_.c_str(), &old) == 0) ::fchmod(descriptor_, old.st_mode & kPermissions);
}

PartialFile::~PartialFile() {
  if (descriptor_ < 0) return;
  ::unlink(path_.c_str());
  ::close(descriptor_);
  for (const fs::path& folder : made_folders_) ::rmdir(folder.c_str());  // fails if the folder is not empty
}

void PartialFile::Commit() {
  Place(path_, target_, named_);
  ::close(std::exchange(descriptor_, -1));
}

void RenameIntoPlace(const fs::path& temporary, const fs::path& path) { Place(temporary, path, path); }

bool PartialFile::IsWrittenByOthers() const {
  const std::vector<fs::path> files = PartialFiles(target_.parent_path(), target_.filename().string());
  return std::any_of(files.begin(), files.end(), [&](const fs::path& path) {
    return path.filename() != path_.filename() && LockOf(path) == Lock::kHeld;
  });
}

int64_t RemoveAbandonedFiles(const fs::path& target) {
  const fs::path real = FollowLinks(target);
  return RemoveAbandoned(real.parent_path(), real.filename().string());
}

int64_t RemoveAbandonedFilesIn(const fs::path& folder) { return RemoveAbandoned(folder, ""); }

void AtomicFile::Flush() {
  WriteAll(file_.descriptor(), buffer_, path_);
  buffer_.clear();
}

void AtomicFile::Write(const void* data, uint64_t size) {
  size_ += size;
  if (buffer_.size() + size > kWriteBuffer) Flush();
  if (size > kWriteBuffer) {
    WriteAll(file_.descriptor(), {static_cast<const char*>(data), size}, path_);
  } else {
    buffer_.append(static_cast<const char*>(data), size);
  }
}

void AtomicFile::Commit() {
  Flush();
  file_.Commit();
}

void WriteFile(const fs::path& path, std::string_view bytes) {
  AtomicFile file(path);
  file.Write(bytes);
  file.Commit();
}

}  // namespace vantage

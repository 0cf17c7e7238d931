// SPDX-License-Identifier: BSD-3-Clause
#include "util/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

#include "util/check.h"
#include "util/index.h"
#include "util/rethrow.h"

namespace vantage {
namespace {

namespace fs = std::filesystem;

std::string ErrorText(int error) { return std::generic_category().message(error); }

}  // namespace

void MakeParentFolder(const fs::path& path) {
  if (!path.has_parent_path()) return;
  std::error_code error;
  fs::create_directories(path.parent_path(), error);
  VANTAGE_CHECK(!error, path.parent_path().string(), ": cannot be made: ", error.message());
}

void WriteAll(int descriptor, std::string_view bytes, const fs::path& path) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    VANTAGE_CHECK(written > 0, path.string(), ": cannot be written: ", ErrorText(errno));
    bytes.remove_prefix(ToIndex(written));
  }
}

InputFile::InputFile(const fs::path& path) : path_(path) {
  descriptor_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  VANTAGE_CHECK(descriptor_ >= 0, path.string(), ": cannot be opened: ", ErrorText(errno));
  struct stat status {};
  if (::fstat(descriptor_, &status) != 0 || !S_ISREG(status.st_mode)) {
    ::close(descriptor_);
    throw Error(StrCat(path.string(), ": is not a regular file"));
  }
  size_ = static_cast<uint64_t>(status.st_size);
}

InputFile::~InputFile() { ::close(descriptor_); }

void InputFile::ReadAt(uint64_t offset, void* data, uint64_t size) const {
  VANTAGE_CHECK(offset <= size_ && size <= size_ - offset, path_.string(), ": ends at byte ", size_,
                ", before the ", size, " bytes from offset ", offset);
  auto* bytes = static_cast<char*>(data);
  while (size > 0) {
    const ssize_t count = ::pread(descriptor_, bytes, size, static_cast<off_t>(offset));
    if (count < 0 && errno == EINTR) continue;
    VANTAGE_CHECK(count > 0, path_.string(), ": cannot be read at offset ", offset, ": ",
                  count < 0 ? ErrorText(errno) : "the file became shorter");
    bytes += count;
    offset += static_cast<uint64_t>(count);
    size -= static_cast<uint64_t>(count);
  }
}

std::string InputFile::ReadAt(uint64_t offset, uint64_t size) const {
  VANTAGE_CHECK(offset <= size_ && size <= size_ - offset, path_.string(), ": ends at byte ", size_,
                ", before the ", size, " bytes from offset ", offset);
  std::string bytes(size, '\0');
  ReadAt(offset, bytes.data(), size);
  return bytes;
}

std::string ReadFile(const fs::path& path, uint64_t max_bytes) {
  const InputFile file(path);
  VANTAGE_CHECK(file.size() <= max_bytes, path.string(), ": has ", file.size(), " bytes, more than the ",
                max_bytes, " allowed here");
  return file.ReadAt(0, file.size());
}

std::string PathFrom(const fs::path& folder, const fs::path& path) try {
  const fs::path base = fs::weakly_canonical(folder.empty() ? "." : folder);
  return fs::weakly_canonical(path).lexically_proximate(base).string();
} catch (...) {
  RethrowAsError();
}

std::vector<fs::path> ListFiles(const fs::path& folder, const std::vector<std::string>& extensions) try {
  VANTAGE_CHECK(fs::is_directory(folder), folder.string(), ": no such folder");
  std::vector<fs::path> files;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(folder)) {
    std::error_code error;
    if (!entry.is_regular_file(error)) continue;
    const std::string extension = ToLower(entry.path().extension().string());
    if (std::find(extensions.begin(), extensions.end(), extension) == extensions.end()) continue;
    files.push_back(entry.path().lexically_relative(folder));
  }
  std::sort(files.begin(), files.end());
  return files;
} catch (...) {
  RethrowAsError();
}

std::string FolderName(const fs::path& folder) try {
  const fs::path whole = fs::absolute(folder).lexically_normal();
  return (whole.has_filename() ? whole : whole.parent_path()).filename().string();
} catch (...) {
  RethrowAsError();
}

std::vector<std::string> ListFolders(const fs::path& folder) try {
  VANTAGE_CHECK(fs::is_directory(folder), folder.string(), ": no such folder");
  std::vector<std::string> names;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
    if (entry.is_directory()) names.push_back(entry.path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
} catch (...) {
  RethrowAsError();
}

}  // namespace vantage

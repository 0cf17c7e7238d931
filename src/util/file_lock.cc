// SPDX-License-Identifier: BSD-3-Clause
#include "util/file_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include "util/check.h"
#include "util/file.h"

namespace vantage {

FileLock::FileLock(std::filesystem::path path, const std::string& busy) {
  const auto reason = [](int error) { return std::generic_category().message(error); };
  MakeParentFolder(path);
  for (;;) {
    descriptor_ = ::open(path.c_str(), O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
    VANTAGE_CHECK(descriptor_ >= 0, path.string(), ": cannot be opened: ", reason(errno));
    if (::flock(descriptor_, LOCK_EX | LOCK_NB) != 0) {
      const int error = errno;
      ::close(descriptor_);
      throw Error(
          StrCat(path.string(), ": ", error == EWOULDBLOCK ? busy : "cannot be locked: " + reason(error)));
    }
    // Another process may delete the file between open and lock. The lock is then on a file without a name,
    // which excludes nobody.
    struct stat opened {};
    struct stat named {};
    if (::fstat(descriptor_, &opened) == 0 && ::stat(path.c_str(), &named) == 0 &&
        opened.st_dev == named.st_dev && opened.st_ino == named.st_ino) {
      return;
    }
    ::close(std::exchange(descriptor_, -1));
  }
}

FileLock::~FileLock() { ::close(descriptor_); }

}  // namespace vantage

// SPDX-License-Identifier: BSD-3-Clause
#include "testing/small_disk.h"

#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include "util/string.h"
#include "vantage/error.h"

namespace vantage::testing {

std::optional<std::string> OnSmallDisk(const std::filesystem::path& folder, int kib,
                                       const std::function<std::string()>& body) {
  int pipe_ends[2];
  EXPECT_EQ(::pipe(pipe_ends), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    // A private mount namespace, which ends with the process; in a private user namespace if the user is not
    // root.
    const bool mounted = (::unshare(CLONE_NEWNS) == 0 || ::unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0) &&
                         ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
                         ::mount("tmpfs", folder.c_str(), "tmpfs", 0, StrCat("size=", kib, "k").c_str()) == 0;
    if (!mounted) ::_exit(1);
    std::string report;
    try {
      report = body();
    } catch (const std::exception& error) {
      report = StrCat("unexpected: ", error.what());
    }
    const bool told =
        ::write(pipe_ends[1], report.data(), report.size()) == static_cast<ssize_t>(report.size());
    ::_exit(told ? 0 : 2);
  }
  ::close(pipe_ends[1]);
  std::string report;
  char buffer[4096];
  for (ssize_t size; (size = ::read(pipe_ends[0], buffer, sizeof(buffer))) > 0;)
    report.append(buffer, static_cast<size_t>(size));
  ::close(pipe_ends[0]);
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  if (WIFEXITED(status) && WEXITSTATUS(status) == 1) return std::nullopt;
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  return report;
}

}  // namespace vantage::testing

// SPDX-License-Identifier: BSD-3-Clause
#include "testing/files.h"
#include "util/check.h"

#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>

namespace vantage::testing {

namespace fs = std::filesystem;

namespace {

constexpr uid_t kNobody = 65534;

}  // namespace

TemporaryFolder::TemporaryFolder() {
  std::string name = (fs::temp_directory_path() / "vantage-test-XXXXXX").string();
  VANTAGE_CHECK(::mkdtemp(name.data()) != nullptr, name, ": cannot be made");
  path_ = name;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code error;
  fs::remove_all(path_, error);
}

FileSizeLimit::FileSizeLimit(uint64_t bytes) {
  ::getrlimit(RLIMIT_FSIZE, &before_);
  const rlimit limit{bytes, before_.rlim_max};
  ::setrlimit(RLIMIT_FSIZE, &limit);
  handler_ = std::signal(SIGXFSZ, SIG_IGN);
}

FileSizeLimit::~FileSizeLimit() {
  ::setrlimit(RLIMIT_FSIZE, &before_);
  std::signal(SIGXFSZ, handler_);
}

fs::path SharedFolder() {
  const char* folder = std::getenv("VANTAGE_SHARED");  // NOLINT(concurrency-mt-unsafe)
  return folder != nullptr ? fs::path(folder) : fs::path(VANTAGE_DEFAULT_SHARED);
}

fs::path WeightsFolder() { return VANTAGE_WEIGHTS; }

std::vector<std::string> FilesBelow(const fs::path& folder) {
  std::vector<std::string> names;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file()) names.push_back(entry.path().lexically_relative(folder).string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

Unprivileged::Unprivileged() : is_root_(::geteuid() == 0) {
  if (is_root_ && ::seteuid(kNobody) != 0) throw Error("root cannot give up its rights");
}

Unprivileged::~Unprivileged() {
  if (is_root_ && ::seteuid(0) != 0) std::abort();
}

std::string ErrorOf(const std::function<void()>& call) {
  try {
    call();
  } catch (const Error& error) {
    return error.what();
  }
  ADD_FAILURE() << "no vantage::Error was thrown";
  return "";
}

}  // namespace vantage::testing

// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "vantage/error.h"

namespace vantage::testing {

// A fresh folder that goes with the object.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path operator/(const std::filesystem::path& name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

// The folder of reference data: $VANTAGE_SHARED, or ../shared next to the project.
std::filesystem::path SharedFolder();

// The folder in which scripts/setup installs weights.
std::filesystem::path WeightsFolder();

// Names of all regular files below the folder.
std::vector<std::string> FilesBelow(const std::filesystem::path& folder);

// While it lives, this process cannot make files larger than that: as on a full disk, writing fails.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(uint64_t bytes);
  ~FileSizeLimit();
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;

 private:
  rlimit before_{};
  void (*handler_)(int) = nullptr;
};

// While it lives, a process of root has no more rights to files than others have: root may read all folders.
class Unprivileged {
 public:
  Unprivileged();
  ~Unprivileged();
  Unprivileged(const Unprivileged&) = delete;
  Unprivileged& operator=(const Unprivileged&) = delete;

 private:
  bool is_root_;
};

// The message of the vantage::Error that `call` throws; fails the test where it throws none.
std::string ErrorOf(const std::function<void()>& call);

}  // namespace vantage::testing

// Skips the test, saying what it misses, where shared/ does not hold the path.
#define VANTAGE_REQUIRE_SHARED(relative_path)                                                          \
  if (!std::filesystem::exists(::vantage::testing::SharedFolder() / (relative_path))) {                \
    GTEST_SKIP() << "needs "                                                                           \
                 << (::vantage::testing::SharedFolder() / (relative_path)).lexically_normal().string() \
                 << " (or VANTAGE_SHARED naming the folder of reference data)";                        \
  }                                                                                                    \
  static_assert(true, "")

// Skips the test, naming the file, if scripts/setup has not installed these weights.
#define VANTAGE_REQUIRE_WEIGHTS(name)                                                                      \
  if (!std::filesystem::exists(::vantage::testing::WeightsFolder() / (name))) {                            \
    GTEST_SKIP() << "needs " << (::vantage::testing::WeightsFolder() / (name)).lexically_normal().string() \
                 << ": run scripts/setup";                                                                 \
  }                                                                                                        \
  static_assert(true, "")

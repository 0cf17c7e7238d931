// SPDX-License-Identifier: BSD-3-Clause
#include "util/file_lock.h"

#include <optional>

#include "testing/files.h"
#include "util/file.h"

namespace vantage {
namespace {

using ::testing::HasSubstr;
using vantage::testing::ErrorOf;
using vantage::testing::TemporaryFolder;

TEST(FileLock, KeepsOthersOutWhileItLivesAndTheContentAsItIs) {
  const TemporaryFolder folder;
  WriteFile(folder / "a/lock", "kept");
  std::optional<FileLock> lock;
  lock.emplace(folder / "a/lock", "taken");
  EXPECT_THAT(ErrorOf([&] { FileLock(folder / "a/lock", "taken"); }), HasSubstr("a/lock: taken"));
  lock.reset();
  EXPECT_NO_THROW(FileLock(folder / "a/lock", "taken"));
  EXPECT_EQ(ReadFile(folder / "a/lock"), "kept");
}

TEST(FileLock, MakesTheFolderAndTheFile) {
  const TemporaryFolder folder;
  const FileLock lock(folder / "new/lock", "taken");
  EXPECT_TRUE(std::filesystem::exists(folder / "new/lock"));
}

TEST(FileLock, AFolderInItsPlaceIsAnError) {
  const TemporaryFolder folder;
  EXPECT_THAT(ErrorOf([&] { FileLock(folder.path(), "taken"); }), HasSubstr("cannot be opened: "));
}

}  // namespace
}  // namespace vantage

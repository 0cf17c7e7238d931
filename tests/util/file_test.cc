// SPDX-License-Identifier: BSD-3-Clause
#include "util/file.h"

#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <fstream>

#include "testing/files.h"
#include "testing/small_disk.h"
#include "util/hash.h"
#include "util/string.h"

namespace vantage {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using vantage::testing::ErrorOf;
using vantage::testing::FilesBelow;
using vantage::testing::OnSmallDisk;
using vantage::testing::TemporaryFolder;

TEST(AtomicFile, AppearsOnlyWhenCommitted) {
  const TemporaryFolder folder;
  AtomicFile file(folder / "deep/er/a.bin");
  file.Write("one ");
  file.Write(std::string(3 << 20, 'x'));
  EXPECT_FALSE(std::filesystem::exists(folder / "deep/er/a.bin"));
  file.Commit();
  EXPECT_EQ(std::filesystem::file_size(folder / "deep/er/a.bin"), 4U + (3U << 20));
  EXPECT_THAT(FilesBelow(folder.path()), ElementsAre("deep/er/a.bin"));
}

TEST(AtomicFile, LeavesTheOldFileAndNothingElseWithoutCommit) {
  const TemporaryFolder folder;
  WriteFile(folder / "a.txt", "old");
  {
    AtomicFile file(folder / "a.txt");
    file.Write("new");
  }
  EXPECT_EQ(ReadFile(folder / "a.txt"), "old");
  EXPECT_THAT(FilesBelow(folder.path()), ElementsAre("a.txt"));
}

TEST(AtomicFile, SaysWhereItCannotWrite) {
  const TemporaryFolder folder;
  WriteFile(folder / "file", "");
  EXPECT_THAT(ErrorOf([&] { AtomicFile file(folder / "file/below"); }), HasSubstr("file"));
}

TEST(AtomicFile, FullDiskIsAnErrorThatLeavesTheOldFileAndNothingElse) {
  // Larger than the buffer, so that Write fails; smaller, so that Commit fails.
  for (const size_t size : {3 << 20, 200 << 10}) {
    const TemporaryFolder folder;
    const auto report = OnSmallDisk(folder.path(), 64, [&] {
      WriteFile(folder / "a.bin", "old");
      std::string error = "no error";
      try {
        WriteFile(folder / "a.bin", std::string(size, 'x'));
      } catch (const Error& caught) {
        error = caught.what();
      }
      return StrCat(error, "; ", ReadFile(folder / "a.bin"), "; ", Join(FilesBelow(folder.path()), ", "));
    });
    VANTAGE_REQUIRE_SMALL_DISK(report);
    EXPECT_EQ(*report, StrCat((folder / "a.bin").string(),
                              ": cannot be written: No space left on device; old; a.bin"));
  }
}

// The same for systems where nothing can be mounted.
TEST(AtomicFile, FailedWriteIsAnErrorThatLeavesTheOldFileAndNothingElse) {
  const TemporaryFolder folder;
  WriteFile(folder / "large", "old");
  // A limit on file sizes fails writes as a full disk does.
  ::signal(SIGXFSZ, SIG_IGN);
  rlimit old_limit{};
  ::getrlimit(RLIMIT_FSIZE, &old_limit);
  const rlimit limit{1 << 20, old_limit.rlim_max};
  ::setrlimit(RLIMIT_FSIZE, &limit);
  EXPECT_THAT(ErrorOf([&] { WriteFile(folder / "large", std::string(3 << 20, 'x')); }),
              HasSubstr("large: cannot be written"));
  ::setrlimit(RLIMIT_FSIZE, &old_limit);
  EXPECT_EQ(ReadFile(folder / "large"), "old");
  EXPECT_THAT(FilesBelow(folder.path()), ElementsAre("large"));
}

// Leaves a file as a killed process does: it exists and nobody has it open.
std::filesystem::path Abandon(const std::filesystem::path& target, int number) {
  std::filesystem::path partial = target;
  partial += StrCat(".partial-1-", number);
  std::ofstream(partial) << "half";
  return partial;
}

TEST(PartialFile, ReplacesTheTargetOnceComplete) {
  const TemporaryFolder folder;
  WriteFile(folder / "a", "old");
  PartialFile file(folder / "a");
  std::ofstream(file.path()) << "new";  // like a library that opens the file itself
  EXPECT_EQ(ReadFile(folder / "a"), "old");
  file.Commit();
  EXPECT_EQ(ReadFile(folder / "a"), "new");
  EXPECT_THAT(FilesBelow(folder.path()), ElementsAre("a"));
}

TEST(PartialFile, WithoutCommitLeavesNoEmptyFolderThatItMade) {
  const TemporaryFolder folder;
  std::filesystem::create_directories(folder / "users");
  for (const char* target : {"users/a/b/file", "file"}) {
    { const PartialFile file(folder / target); }
    EXPECT_TRUE(std::filesystem::is_empty(folder / "users"));
  }
  {
    const PartialFile file(folder / "users/a/b/file");
    WriteFile(folder / "users/a/other", "");
  }
  EXPECT_THAT(vantage::testing::FilesBelow(folder.path()), ElementsAre("users/a/other"));
  EXPECT_FALSE(std::filesystem::exists(folder / "users/a/b"));
}

TEST(PartialFile, NamesTheTargetIfItIsTakenAway) {
  const TemporaryFolder folder;
  PartialFile file(folder / "a");
  std::filesystem::remove(file.path());
  EXPECT_THAT(ErrorOf([&] { file.Commit(); }), HasSubstr("a: cannot be brought to disk: No such"));
}

TEST(PartialFile, WritesWhatASymbolicLinkPointsTo) {
  const TemporaryFolder folder;
  std::filesystem::create_directories(folder / "disk");
  WriteFile(folder / "disk/real", "old");
  std::filesystem::create_symlink("disk/real", folder / "link");
  std::filesystem::create_symlink("disk/new", folder / "dangling");
  WriteFile(folder / "link", "new");
  WriteFile(folder / "dangling", "made");
  EXPECT_TRUE(std::filesystem::is_symlink(folder / "link"));
  EXPECT_EQ(ReadFile(folder / "disk/real"), "new");
  EXPECT_EQ(ReadFile(folder / "disk/new"), "made");
}

TEST(PartialFile, RefusesLinksInACircle) {
  const TemporaryFolder folder;
  std::filesystem::create_symlink("b", folder / "a");
  std::filesystem::create_symlink("a", folder / "b");
  EXPECT_THAT(ErrorOf([&] { WriteFile(folder / "a", "x"); }), HasSubstr("in a circle"));
}

TEST(PartialFile, HasTheModeOfTheTargetOrOfTheUmask) {
  const TemporaryFolder folder;
  const auto mode = [&](const char* name) {
    return static_cast<int>(std::filesystem::status(folder / name).permissions());
  };
  const mode_t before = ::umask(002);
  WriteFile(folder / "shared", "x");
  ::umask(077);
  WriteFile(folder / "private", "x");
  ::umask(before);
  EXPECT_EQ(mode("shared"), 0664);
  EXPECT_EQ(mode("private"), 0600);
  std::filesystem::permissions(folder / "private", std::filesystem::perms{0640});
  WriteFile(folder / "private", "y");
  EXPECT_EQ(mode("private"), 0640);
}

TEST(RemoveAbandonedFiles, RemovesWhatAKilledProcessLeftOfTheTarget) {
  const TemporaryFolder folder;
  WriteFile(folder / "a.npy", "whole");
  Abandon(folder / "a.npy", 0);
  Abandon(folder / "a.npy", 1);
  Abandon(folder / "b.npy", 0);
  WriteFile(folder / "a.npy.partial", "a journal");
  WriteFile(folder / "a.npy.partial-1-x", "a user's");
  EXPECT_EQ(RemoveAbandonedFiles(folder / "a.npy"), 2);
  EXPECT_THAT(FilesBelow(folder.path()),
              ElementsAre("a.npy", "a.npy.partial", "a.npy.partial-1-x", "b.npy.partial-1-0"));
  EXPECT_EQ(RemoveAbandonedFilesIn(folder.path()), 1);
}

TEST(RemoveAbandonedFiles, LeavesWhatIsStillWritten) {
  const TemporaryFolder folder;
  PartialFile file(folder / "a");
  EXPECT_EQ(RemoveAbandonedFiles(folder / "a"), 0);
  EXPECT_TRUE(std::filesystem::exists(file.path()));
}

TEST(InputFile, ChecksItsBounds) {
  const TemporaryFolder folder;
  WriteFile(folder / "a", "0123456789");
  const InputFile file(folder / "a");
  EXPECT_EQ(file.ReadAt(3, 4), "3456");
  EXPECT_THAT(ErrorOf([&] { file.ReadAt(8, 3); }), HasSubstr("ends at byte 10"));
  EXPECT_THAT(ErrorOf([&] { file.ReadAt(UINT64_MAX, 2); }), HasSubstr("ends at byte 10"));
  EXPECT_THAT(ErrorOf([&] { file.ReadAt(2, UINT64_MAX); }), HasSubstr("ends at byte 10"));
}

TEST(InputFile, NamesWhatItCannotOpen) {
  const TemporaryFolder folder;
  EXPECT_THAT(ErrorOf([&] { InputFile file(folder / "none"); }), HasSubstr("none: cannot be opened"));
  EXPECT_THAT(ErrorOf([&] { InputFile file(folder.path()); }), HasSubstr("not a regular file"));
}

TEST(ListFiles, IsRecursiveSortedAndFiltered) {
  const TemporaryFolder folder;
  for (const char* name : {"b.jpg", "a/z.JPEG", "a/c.png", "a/notes.txt", "c.gif"})
    WriteFile(folder / name, "");
  EXPECT_THAT(ListFiles(folder.path(), {".jpg", ".jpeg", ".png"}),
              ElementsAre("a/c.png", "a/z.JPEG", "b.jpg"));
  EXPECT_THAT(ErrorOf([&] { ListFiles(folder / "none", {".jpg"}); }), HasSubstr("no such folder"));
}

TEST(ListFolders, NamesThemSorted) {
  const TemporaryFolder folder;
  for (const char* name : {"b/x", "a/x", "file"}) WriteFile(folder / name, "");
  EXPECT_THAT(ListFolders(folder.path()), ElementsAre("a", "b"));
  EXPECT_THAT(ListFolders(folder / "a"), IsEmpty());
}

TEST(Sha256, AgreesWithTheStandard) {
  // FIPS 180-2, appendix B.
  EXPECT_EQ(Sha256("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  const TemporaryFolder folder;
  WriteFile(folder / "million", std::string(1'000'000, 'a'));
  EXPECT_EQ(Sha256OfFile(folder / "million"),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

}  // namespace
}  // namespace vantage

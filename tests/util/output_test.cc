// SPDX-License-Identifier: BSD-3-Clause
#include "util/output.h"

#include "testing/files.h"
#include "util/file.h"

namespace vantage {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using vantage::testing::ErrorOf;
using vantage::testing::FilesBelow;
using vantage::testing::TemporaryFolder;

TEST(Output, IsNeverAnInputHoweverItIsSpelled) {
  const TemporaryFolder folder;
  WriteFile(folder / "in.txt", "names\n");
  std::filesystem::create_directories(folder / "sub");
  std::filesystem::create_symlink(folder / "in.txt", folder / "link.txt");
  std::filesystem::create_hard_link(folder / "in.txt", folder / "twin.txt");
  for (const char* name : {"in.txt", "sub/../in.txt", "./in.txt", "link.txt", "twin.txt"}) {
    EXPECT_THAT(ErrorOf([&] {
                  CheckOutput(folder / name, file_kinds::kText, {{folder / "in.txt"}, false});
                }),
                HasSubstr("is read as"))
        << name;
  }
  CheckOutput(folder / "in.txt", file_kinds::kText, {{folder / "in.txt"}, true});
  CheckOutput(folder / "out.txt", file_kinds::kText, {{folder / "in.txt", ""}, false});
}

TEST(Output, ReplacesOnlyFilesOfItsKind) {
  const TemporaryFolder folder;
  WriteFile(folder / "queries.json", R"([{"query": "a.jpg", "ok": ["b.jpg"]}])");
  WriteFile(folder / "names.json", R"({"failed": [], "names": ["a.jpg"], "provenance": {}})");
  WriteFile(folder / "set.db", std::string("SQLite format 3\0 and more", 25));
  WriteFile(folder / "page.html", "<!DOCTYPE html>\n<html>");
  WriteFile(folder / "pairs.txt", "a.jpg b.jpg\n");
  WriteFile(folder / "empty", "");
  const auto refused = [&](const char* name, const FileKind& kind) {
    return ErrorOf([&] { CheckOutput(folder / name, kind, {}); });
  };
  EXPECT_THAT(refused("queries.json", file_kinds::kDescriptors),
              HasSubstr("is not the names of descriptors"));
  EXPECT_THAT(refused("set.db", file_kinds::kPage), HasSubstr("is not a page"));
  EXPECT_THAT(refused("pairs.txt", file_kinds::kNpy), HasSubstr("is not a NumPy array"));
  EXPECT_THAT(refused("names.json", file_kinds::kText), HasSubstr("is not a text"));
  EXPECT_THAT(refused("page.html", file_kinds::kText), HasSubstr("--overwrite"));
  CheckOutput(folder / "set.db", file_kinds::kPage, {{}, true});
  CheckOutput(folder / "names.json", file_kinds::kDescriptors, {});
  CheckOutput(folder / "set.db", file_kinds::kSqlite, {});
  CheckOutput(folder / "page.html", file_kinds::kPage, {});
  CheckOutput(folder / "pairs.txt", file_kinds::kText, {});
  CheckOutput(folder / "empty", file_kinds::kHdf5, {});
}

TEST(Output, IsLeftAsItIsByTheCheck) {
  const TemporaryFolder folder;
  WriteFile(folder / "pairs.txt", "a.jpg b.jpg\n");
  WriteFile(folder / "pairs.txt.partial-1-0", "of a killed process");
  CheckOutput(folder / "pairs.txt", file_kinds::kText, {});
  CheckOutput(folder / "new.txt", file_kinds::kText, {});
  EXPECT_EQ(ReadFile(folder / "pairs.txt"), "a.jpg b.jpg\n");
  EXPECT_THAT(FilesBelow(folder.path()), ElementsAre("pairs.txt"));
}

TEST(Output, IsOneTasksUntilItsEnd) {
  const TemporaryFolder folder;
  const auto other = [&] { CheckOutput(folder / "new.npy", file_kinds::kNpy, {}); };
  {
    OutputClaims claims;
    CheckOutput(folder / "new.npy", file_kinds::kNpy, {{}, false, &claims});
    EXPECT_THAT(ErrorOf(other), HasSubstr("new.npy: another process writes this file"));
    CheckOutput(folder / "new.npy.npy", file_kinds::kNpy, {});
    WriteFile(folder / "new.npy", "the holder writes");
    EXPECT_THAT(ErrorOf([&] {
                  CheckOutput(folder / "new.npy", file_kinds::kNpy, {{}, /*overwrite=*/true});
                }),
                HasSubstr("another process"));
  }
  EXPECT_THAT(FilesBelow(folder.path()), ElementsAre("new.npy"));
  WriteFile(folder / "new.npy", "");
  other();
}

TEST(Output, ThatCannotBeWrittenIsAnErrorBeforeTheWork) {
  const TemporaryFolder folder;
  WriteFile(folder / "file", "");
  EXPECT_THAT(ErrorOf([&] { CheckOutput(folder / "file/below.txt", file_kinds::kText, {}); }),
              HasSubstr("file"));
  EXPECT_THAT(ErrorOf([&] { CheckOutput(folder.path(), file_kinds::kText, {}); }), HasSubstr("is a folder"));
  EXPECT_THAT(ErrorOf([&] { CheckOutputFolder(folder / "file", {}); }), HasSubstr("is a file, not a folder"));
  EXPECT_THAT(ErrorOf([&] {
                CheckOutputFolder(folder.path(), {{folder / "."}, false});
              }),
              HasSubstr("is read as"));
}

}  // namespace
}  // namespace vantage

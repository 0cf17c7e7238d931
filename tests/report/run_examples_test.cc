// SPDX-License-Identifier: BSD-3-Clause
#include "report/run_examples.h"

#include <cmath>

#include "testing/files.h"
#include "util/file.h"

namespace vantage::report {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using vantage::testing::ErrorOf;
using vantage::testing::TemporaryFolder;

RunExamples SampleExamples(const fs::path& root, int64_t epoch) {
  RunExample example{.query = {"a/1.jpg", "a"}, .positive = {"a/2.jpg", "a", 0.5}};
  example.negatives = {{"b/\"1\".jpg", "b", 0.25}, {"c/1.jpg", "c", 1}};
  return {.epoch = epoch, .photo_root = root, .examples = {example, {{"d.jpg", "d"}, {"e.jpg", "d"}, {}}}};
}

TEST(RunExamples, ComeBackAlsoWhereTheFoldersWereMovedTogether) {
  const TemporaryFolder folder;
  WriteFile(folder / "old/photos/a/1.jpg", "");
  WriteRunExamples(SampleExamples(folder / "old/photos", 12), folder / "old/run");
  fs::rename(folder / "old", folder / "new");
  EXPECT_THAT(EpochsWithExamples(folder / "new/run"), ElementsAre(12));
  const RunExamples read = ReadRunExamples(folder / "new/run", 12);
  EXPECT_TRUE(fs::equivalent(read.photo_root, folder / "new/photos"));
  ASSERT_EQ(read.examples.size(), 2U);
  EXPECT_EQ(read.examples[0].query.path, "a/1.jpg");
  EXPECT_TRUE(std::isnan(read.examples[0].query.distance));
  EXPECT_EQ(read.examples[0].positive.distance, 0.5);
  ASSERT_EQ(read.examples[0].negatives.size(), 2U);
  EXPECT_EQ(read.examples[0].negatives[0].path, "b/\"1\".jpg");
  EXPECT_EQ(read.examples[0].negatives[1].scene, "c");
  EXPECT_THAT(read.examples[1].negatives, IsEmpty());
}

TEST(RunExamples, EpochsAreThoseOfTheFilesNames) {
  const TemporaryFolder folder;
  EXPECT_THAT(EpochsWithExamples(folder.path()), IsEmpty());
  for (const int64_t epoch : {30, 0, 12345})
    WriteRunExamples(SampleExamples(folder.path(), epoch), folder.path());
  for (const char* name : {"epoch-1.json", "epoch-0002.json~", "epoch-.json", "notes.txt"}) {
    WriteFile(folder / "examples" / name, "");
  }
  EXPECT_THAT(EpochsWithExamples(folder.path()), ElementsAre(0, 30, 12345));
}

TEST(RunExamples, DamagedFilesAreErrorsThatNameThem) {
  const TemporaryFolder folder;
  WriteRunExamples(SampleExamples(folder.path(), 3), folder.path());
  const fs::path path = ExamplesPath(folder.path(), 3);
  const std::string whole = ReadFile(path);
  for (size_t size = 0; size < whole.size() - 2; size += 13) {
    WriteFile(path, whole.substr(0, size));
    EXPECT_THAT(ErrorOf([&] { ReadRunExamples(folder.path(), 3); }), HasSubstr(path.string()));
  }
  const auto error = [&](const std::string& text) {
    WriteFile(path, text);
    return ErrorOf([&] { ReadRunExamples(folder.path(), 3); });
  };
  EXPECT_THAT(error("[]"), HasSubstr(path.string()));
  EXPECT_THAT(error(R"({"version": 2})"), HasSubstr("version 2; this program reads 1"));
  EXPECT_THAT(error(R"({"version":1,"epoch":4,"photos":".","examples":[]})"), HasSubstr("of epoch 4"));
  EXPECT_THAT(error(R"({"version":1,"epoch":3,"photos":".","examples":[{"query":3}]})"),
              HasSubstr(path.string()));
  EXPECT_THAT(error(R"({"version":1,"epoch":3,"photos":7,"examples":[]})"), HasSubstr(path.string()));
}

}  // namespace
}  // namespace vantage::report

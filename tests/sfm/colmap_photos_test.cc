// SPDX-License-Identifier: BSD-3-Clause
#include "sfm/colmap_photos.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "testing/files.h"
#include "util/file.h"
#include "util/log.h"

namespace vantage::sfm {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(PhotosForColmap, LeavesOutFormatsThatItDoesNotReadAndSaysSo) {
  const vantage::testing::TemporaryFolder folder;
  WriteFile(folder / "a.jpg", "readable");
  WriteFile(folder / "b.jpg", "strange");  // the content decides the format, not the name
  WriteFile(folder / "c.jpg", "");
  const std::vector<std::filesystem::path> photos = {"a.jpg", "b.jpg", "c.jpg"};
  std::vector<Codec> codecs = {
      {.name = "Readable", .matches = [](std::string_view head) { return head.starts_with("readable"); }},
      {.name = "Strange", .matches = [](std::string_view head) { return head.starts_with("strange"); }}};
  std::vector<std::string> warnings;
  SetLogSink([&](LogLevel, const std::string& message) { warnings.push_back(message); });
  EXPECT_EQ(PhotosForColmap(folder.path(), photos, codecs), photos);
  EXPECT_THAT(warnings, ElementsAre());
  codecs[1].colmap_reads = false;
  EXPECT_THAT(PhotosForColmap(folder.path(), photos, codecs), ElementsAre("a.jpg", "c.jpg"));
  SetLogSink({});
  EXPECT_THAT(warnings, ElementsAre(AllOf(HasSubstr("COLMAP does not read Strange: 1 photos are left out"),
                                          HasSubstr("convert them to Readable"))));
}

}  // namespace
}  // namespace vantage::sfm

// SPDX-License-Identifier: BSD-3-Clause
#include "report/thumbnail.h"

#include "testing/exif.h"
#include "testing/files.h"
#include "testing/photos.h"
#include "util/file.h"
#include "util/string.h"
#include "vantage/image.h"

namespace vantage::report {
namespace {

using ::testing::IsEmpty;
using ::testing::StartsWith;
using vantage::testing::MakePhoto;
using vantage::testing::TemporaryFolder;

TEST(Thumbnail, IsASmallJpegOfThePhoto) {
  const TemporaryFolder folder;
  WriteFile(folder / "wide.jpg", EncodeJpeg(MakePhoto(1, 0, 300, 120), 95));
  WriteFile(folder / "small.png", EncodePng(MakePhoto(1, 0, 30, 60)));
  const PhotoThumbnail wide = MakeThumbnail(folder / "wide.jpg", {.size = 100});
  EXPECT_EQ(wide.problem, "");
  EXPECT_EQ(wide.width, 100);
  EXPECT_EQ(wide.height, 40);
  const Image image = DecodeImage(wide.jpeg, "thumbnail");
  EXPECT_EQ(image.width, 100);
  EXPECT_EQ(image.height, 40);
  EXPECT_EQ(MakeThumbnail(folder / "small.png", {.size = 100}).height, 60);  // not enlarged
}

TEST(Thumbnail, SaysWhyThereIsNone) {
  const TemporaryFolder folder;
  WriteFile(folder / "text.jpg", "no photo");
  WriteFile(folder / "cut.jpg", EncodeJpeg(MakePhoto(1, 0, 300, 120), 95).substr(0, 900));
  EXPECT_EQ(MakeThumbnail(folder / "none.jpg", {}).problem, "no such file");
  EXPECT_THAT(MakeThumbnail(folder / "text.jpg", {}).problem, StartsWith("not a JPEG"));
  EXPECT_THAT(MakeThumbnail(folder / "cut.jpg", {}).problem, StartsWith("truncated JPEG"));
  EXPECT_THAT(MakeThumbnail(folder.path(), {}).problem, ::testing::Not(IsEmpty()));
  EXPECT_THAT(MakeThumbnail(folder / "text.jpg", {}).jpeg, IsEmpty());
}

TEST(Thumbnail, ManyComeInOrderWhateverTheNumberOfThreads) {
  const TemporaryFolder folder;
  std::vector<std::filesystem::path> photos;
  for (int i = 0; i < 20; ++i) {
    photos.push_back(folder / StrCat(i, ".jpg"));
    if (i % 7 != 3) WriteFile(photos.back(), EncodeJpeg(MakePhoto(i, 0, 40 + i, 40), 90));
  }
  RunContext context;
  context.threads = 1;
  const std::vector<PhotoThumbnail> one = MakeThumbnails(photos, {.size = 50}, context);
  context.threads = 4;
  int64_t reported = 0;
  context.on_progress = [&](const Progress& progress) { reported = progress.done; };
  const std::vector<PhotoThumbnail> four = MakeThumbnails(photos, {.size = 50}, context);
  EXPECT_EQ(reported, 20);
  ASSERT_EQ(one.size(), 20U);
  ASSERT_EQ(four.size(), 20U);
  for (size_t i = 0; i < 20; ++i) {
    EXPECT_EQ(one[i].jpeg, four[i].jpeg);
    EXPECT_EQ(one[i].problem.empty(), i % 7 != 3);
  }
  context.is_cancelled = [] { return true; };
  EXPECT_THROW(MakeThumbnails(photos, {}, context), Interrupted);
}

TEST(Thumbnail, OutlinesTheBoxWhereItIs) {
  const TemporaryFolder folder;
  WriteFile(folder / "grey.png", EncodePng(MakeImage(400, 200)));
  const PhotoThumbnail plain = MakeThumbnail(folder / "grey.png", {.size = 100, .quality = 100});
  const PhotoThumbnail marked =
      MakeThumbnail(folder / "grey.png", {.size = 100, .quality = 100}, Box{80, 40, 240, 1000});
  const Image image = DecodeImage(marked.jpeg, "marked");
  EXPECT_GT(image.Row(30)[3 * 20], 150);  // its left side: 80 of 400 pixels, reduced to 100
  EXPECT_GT(image.Row(10)[3 * 40], 150);  // its top
  EXPECT_LT(image.Row(30)[3 * 40], 100);  // inside
  EXPECT_LT(image.Row(30)[3 * 80], 100);  // outside
  EXPECT_NE(plain.jpeg, marked.jpeg);
}

TEST(Thumbnail, DoesNotTurnAPhotoWithABoxSinceTheBoxIsInStoredPixels) {
  const TemporaryFolder folder;
  const std::string stored = EncodeJpeg(MakeImage(200, 400), 90);
  WriteFile(folder / "grey.jpg", testing::WithOrientation(stored, 6));
  const ThumbnailOptions options{.size = 100, .quality = 100};
  const PhotoThumbnail marked = MakeThumbnail(folder / "grey.jpg", options, Box{80, 40, 240, 1000});
  const Image image = DecodeImage(marked.jpeg, "marked");
  ASSERT_EQ(image.width, 50);
  EXPECT_GT(image.Row(30)[3 * 20], 150);  // its left side: 80 of 200 pixels, reduced to 50
  EXPECT_GT(image.Row(10)[3 * 40], 150);  // its top
  EXPECT_LT(image.Row(30)[3 * 40], 100);  // inside
  EXPECT_EQ(MakeThumbnail(folder / "grey.jpg", options).width, 100);
}

TEST(Thumbnails, RefuseOptionsThatMeanNothing) {
  EXPECT_THAT(testing::ErrorOf([] { MakeThumbnails({"a.jpg"}, {.size = 0}); }),
              ::testing::HasSubstr("'thumbnail_size' = 0"));
  EXPECT_THAT(testing::ErrorOf([] { MakeThumbnail("a.jpg", {.quality = 101}); }),
              ::testing::HasSubstr("'thumbnail_quality' = 101"));
}

}  // namespace
}  // namespace vantage::report

// SPDX-License-Identifier: BSD-3-Clause
#include "vantage/photos.h"

#include "testing/files.h"
#include "util/file.h"

namespace vantage::image {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using vantage::testing::ErrorOf;
using vantage::testing::TemporaryFolder;

std::string Found(const PhotoFinder& finder, const std::string& name) {
  const std::optional<int64_t> place = finder.Find(name);
  return place ? finder.photo(*place).string() : "none";
}

TEST(PhotoFinder, FindsByPathOrNameWithOrWithoutEnding) {
  const PhotoFinder finder({"x/a.jpg", "y/b.v2.png", "x/same.jpg", "y/same.jpg"});
  EXPECT_EQ(Found(finder, "a"), "x/a.jpg");
  EXPECT_EQ(Found(finder, "a.jpg"), "x/a.jpg");
  EXPECT_EQ(Found(finder, "./x/a.jpg"), "x/a.jpg");
  EXPECT_EQ(Found(finder, "photos/x/a"), "x/a.jpg");
  EXPECT_EQ(Found(finder, "b.v2"), "y/b.v2.png");
  EXPECT_EQ(Found(finder, "y/same"), "y/same.jpg");
  EXPECT_EQ(Found(finder, "c"), "none");
  EXPECT_THAT(ErrorOf([&] { finder.Find("same"); }),
              AllOf(HasSubstr("'same' is ambiguous"), HasSubstr("x/same.jpg"), HasSubstr("y/same.jpg")));
}

TEST(PhotoFinder, APhotoOfAnotherFolderIsNeverMeant) {
  const PhotoFinder finder({"castle/1.jpg", "tower/2.jpg"});
  EXPECT_EQ(Found(finder, "tower/1.jpg"), "none");
  EXPECT_EQ(Found(finder, "tower/1"), "none");
  EXPECT_EQ(Found(finder, "wer/2.jpg"), "none");
}

TEST(PhotoFinder, OnlyAPhotosEndingIsCut) {
  const PhotoFinder finder({"img.jpg", "img.v1.JPG", "2019.01.jpeg", "bare"});
  EXPECT_EQ(Found(finder, "img.v1"), "img.v1.JPG");
  EXPECT_EQ(Found(finder, "img"), "img.jpg");
  EXPECT_EQ(Found(finder, "img.v2"), "none");
  EXPECT_EQ(Found(finder, "2019.01"), "2019.01.jpeg");
  EXPECT_EQ(Found(finder, "bare.jpg"), "bare");
}

TEST(PhotoFinder, EqualNamesWithTwoEndingsAreAmbiguousOnlyWithoutTheirs) {
  const PhotoFinder finder({"a.jpg", "a.png", "z/b.jpg", "b.png"});
  EXPECT_EQ(Found(finder, "a.jpg"), "a.jpg");
  EXPECT_EQ(Found(finder, "a.png"), "a.png");
  EXPECT_EQ(Found(finder, "b.jpg"), "z/b.jpg");
  EXPECT_EQ(Found(finder, "b"), "b.png");
  EXPECT_THAT(ErrorOf([&] { finder.Find("a"); }), AllOf(HasSubstr("a.jpg"), HasSubstr("a.png")));
}

TEST(PhotoFinder, ExactIsTheWholePath) {
  const PhotoFinder finder({"data/x/a.jpg", "data/b.jpg"}, "data");
  EXPECT_EQ(finder.FindExact("x/a.jpg"), 0);
  EXPECT_EQ(finder.FindExact("data/b.jpg"), 1);
  EXPECT_EQ(finder.FindExact("a.jpg"), std::nullopt);
  EXPECT_EQ(finder.FindExact("x/a"), std::nullopt);
  EXPECT_EQ(Found(finder, "x/a"), "data/x/a.jpg");
}

TEST(PhotoPath, IsBelowTheFolderWithOrWithoutEnding) {
  const TemporaryFolder folder;
  WriteFile(folder / "a.v1.jpg", "");
  WriteFile(folder / "elsewhere/b.png", "");
  EXPECT_EQ(PhotoPath("a.v1.jpg", folder.path()), folder / "a.v1.jpg");
  EXPECT_EQ(PhotoPath("a.v1", folder.path()), folder / "a.v1.jpg");
  const std::filesystem::path whole = folder / "elsewhere/b.png";
  EXPECT_EQ(PhotoPath(whole, folder.path()), whole);
  EXPECT_EQ(PhotoPath("c.jpg", folder.path()), folder / "c.jpg");
}

}  // namespace
}  // namespace vantage::image

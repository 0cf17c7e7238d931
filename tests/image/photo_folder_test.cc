// SPDX-License-Identifier: BSD-3-Clause
#include "vantage/photos.h"

#include "image/codecs/codec.h"
#include "testing/files.h"
#include "util/file.h"
#include "util/string.h"

namespace vantage::image {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;
using vantage::testing::ErrorOf;
using vantage::testing::TemporaryFolder;
using vantage::testing::Unprivileged;

std::vector<std::string> Names(const PhotoFolder& found) {
  std::vector<std::string> names;
  for (const fs::path& photo : found.photos) names.push_back(photo.generic_string());
  return names;
}

void Touch(const fs::path& path) { WriteFile(path, ""); }

TEST(WalkPhotos, TakesPhotosByEndingElseByContent) {
  const TemporaryFolder folder;
  for (const char* name : {"a.jpg", "B.JPG", "c.jfif", "d.jpe", "sub/e.PNG"}) Touch(folder / name);
  WriteFile(folder / "no-ending", "\xFF\xD8\xFF\xE0 a JPEG");
  WriteFile(folder / "notes.txt", "words");
  EXPECT_THAT(Names(WalkPhotos(folder.path())),
              ElementsAre("B.JPG", "a.jpg", "c.jfif", "d.jpe", "no-ending", "sub/e.PNG"));
  EXPECT_EQ(WalkPhotos(folder.path()).LeftOutText(), "");
}

TEST(WalkPhotos, CountsImagesOfFormatsThatItDoesNotRead) {
  const std::vector<std::pair<std::string, std::string>> images = {
      {"WebP", "RIFF....WEBPVP8 "},
      {"HEIC", std::string("\0\0\0\x18", 4) + "ftypheic...."},
      {"HEIC", std::string("\0\0\0\x18", 4) + "ftypmif1...."},
      {"AVIF", std::string("\0\0\0\x18", 4) + "ftypavif...."},
      {"TIFF", std::string("II*\0....", 8)},
      {"GIF", "GIF89a.."},
      {"PNM", "P5\n1 1\n255\n."},
      {"JPEG 2000", std::string("\0\0\0\x0CjP  ", 8)},
      {"JPEG XL", "\xff\x0a...."},
      {"raw photo", std::string("II*\0\x10\0\0\0CR\2\0", 12)},
      {"Photoshop", "8BPS...."},
  };
  const TemporaryFolder folder;
  std::map<std::string, int64_t> expected;
  for (size_t i = 0; i < images.size(); ++i) {
    const auto& [kind, bytes] = images[i];
    WriteFile(folder / StrCat(i, ".image"), bytes);
    if (FindCodec(bytes) == nullptr) ++expected[kind];
  }
  WriteFile(folder / "a.NEF", std::string("MM\0*....", 8));  // a TIFF file that holds a preview
  ++expected["raw photo"];
  const PhotoFolder found = WalkPhotos(folder.path());
  EXPECT_EQ(found.left_out, expected);
  EXPECT_EQ(found.left_out.at("raw photo"), 2);
}

TEST(PhotoFolder, SaysWhatWasLeftOut) {
  PhotoFolder found;
  EXPECT_EQ(found.LeftOutText(), "");
  found.left_out = {{"HEIC", 2}, {"TIFF", 1}, {"WebP", 1}};
  EXPECT_EQ(found.LeftOutText(), "4 images of other formats were left out (HEIC 2, TIFF 1, WebP 1)");
  found.hidden = 3;
  found.unreadable = {"closed"};
  const std::map<std::string, int64_t> counts = {
      {"HEIC", 2}, {"TIFF", 1}, {"WebP", 1}, {"hidden", 3}, {"unreadable folders", 1}};
  EXPECT_EQ(found.LeftOutCounts(), counts);
}

TEST(WalkPhotos, WalksEachRealFolderOnce) {
  const TemporaryFolder folder;
  Touch(folder / "deep/a.jpg");
  fs::create_directory_symlink("..", folder / "deep/up");
  fs::create_directory_symlink("deep", folder / "again");
  const PhotoFolder found = WalkPhotos(folder.path());
  EXPECT_THAT(Names(found), ElementsAre("deep/a.jpg"));
  EXPECT_EQ(found.repeated, 2);
}

TEST(WalkPhotos, FollowsLinksToFoldersElsewhere) {
  const TemporaryFolder folder;
  Touch(folder / "disk/a.jpg");
  fs::create_directories(folder / "photos");
  fs::create_directory_symlink("../disk", folder / "photos/linked");
  EXPECT_THAT(Names(WalkPhotos(folder / "photos")), ElementsAre("linked/a.jpg"));
}

TEST(WalkPhotos, LeavesOutHiddenSystemAndReducedFolders) {
  const TemporaryFolder folder;
  for (const char* name : {".thumbnails/a.jpg", "@eaDir/a.jpg/SYNOPHOTO_THUMB_M.jpg", "._a.jpg",
                           "images/a.jpg", "images_2/a.jpg", "images_4/a.jpg", "pictures_2/b.jpg"}) {
    Touch(folder / name);
  }
  const PhotoFolder found = WalkPhotos(folder.path());
  EXPECT_THAT(Names(found), ElementsAre("images/a.jpg", "pictures_2/b.jpg"));
  EXPECT_EQ(found.hidden, 3);
  EXPECT_EQ(found.pyramids, 2);
}

TEST(WalkPhotos, NamesFoldersWithoutPermission) {
  const TemporaryFolder folder;
  Touch(folder / "a.jpg");
  Touch(folder / "closed/b.jpg");
  fs::permissions(folder.path(), fs::perms(0755));
  fs::permissions(folder / "closed", fs::perms::none);
  PhotoFolder found;
  {
    const Unprivileged user;
    found = WalkPhotos(folder.path());
  }
  fs::permissions(folder / "closed", fs::perms::owner_all);
  EXPECT_THAT(Names(found), ElementsAre("a.jpg"));
  EXPECT_THAT(found.LeftOutText(), HasSubstr("1 folders cannot be read (closed)"));
}

TEST(GroupPhotoFiles, TellsPhotosOfSubFoldersFromLooseOnes) {
  const TemporaryFolder folder;
  for (const char* name : {"a/1.jpg", "a/deep/2.JFIF", "b/1.jpe", "loose.png", ".thumbnails/1.jpg"}) {
    Touch(folder / name);
  }
  fs::create_directory_symlink("a", folder / "again");  // each photo is in one group
  const GroupedPhotos found = GroupPhotoFiles(folder.path());
  EXPECT_THAT(found.groups,
              ElementsAre(Pair("a", ElementsAre("1.jpg", "deep/2.JFIF")), Pair("b", ElementsAre("1.jpe"))));
  EXPECT_THAT(found.loose, ElementsAre("loose.png"));
}

TEST(FindPhotosIn, FindsThemByThePathFromTheFolder) {
  const TemporaryFolder folder;
  for (const char* name : {"a/1.jpg", "b/1.jpg", ".b/2.jpg"}) Touch(folder / name);
  const PhotoFinder finder = FindPhotosIn(folder.path());
  ASSERT_TRUE(finder.Find("b/1"));
  EXPECT_EQ(finder.photo(*finder.Find("b/1")), folder / "b/1.jpg");
  EXPECT_FALSE(finder.Find("2.jpg"));
}

TEST(WalkPhotos, KeepsNamesInAnyBytes) {
  const TemporaryFolder folder;
  Touch(folder / "caf\xe9.jpg");
  EXPECT_THAT(Names(WalkPhotos(folder.path())), ElementsAre("caf\xe9.jpg"));
  EXPECT_THAT(ErrorOf([&] { WalkPhotos(folder / "missing"); }), HasSubstr("no such folder"));
}

}  // namespace
}  // namespace vantage::image

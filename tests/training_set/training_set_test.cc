// SPDX-License-Identifier: BSD-3-Clause
#include "vantage/training_set.h"

#include <filesystem>

#include "sqlite/sqlite.h"
#include "testing/files.h"
#include "util/file.h"
#include "util/hash.h"
#include "util/random.h"
#include "util/string.h"

namespace vantage::training_set {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using vantage::testing::ErrorOf;
using vantage::testing::FilesBelow;
using vantage::testing::TemporaryFolder;

TrainingSet Sample() {
  TrainingSet set;
  set.scenes = {{"a", Split::kTrain}, {"b \"quoted\"", Split::kVal}};
  for (int i = 0; i < 6; ++i) set.photos.push_back({StrCat("photos/", i, ".jpg"), 640, 480, SceneId{i / 3}});
  set.queries = {{PhotoId{0}, PhotoId{1}, {{PhotoId{1}, 30, 0.5, 1.25, 0}, {PhotoId{2}, 10, 0.25, 0.8, 1}}},
                 {PhotoId{5}, PhotoId{3}, {{PhotoId{3}, 12, 0.3, 1, 4}}}};
  return set;
}

TEST(TrainingSet, ReadsBackWhatItWrites) {
  const TemporaryFolder folder;
  WriteTrainingSet(Sample(), folder / "deep/set.db");
  EXPECT_THAT(FilesBelow(folder.path()), ElementsAre("deep/set.db"));
  const TrainingSet read = ReadTrainingSet(folder / "deep/set.db");
  ASSERT_EQ(read.scenes.size(), 2U);
  EXPECT_EQ(read.scenes[1].name, "b \"quoted\"");
  EXPECT_EQ(read.scenes[1].split, Split::kVal);
  ASSERT_EQ(read.photos.size(), 6U);
  EXPECT_EQ(read.photos[4].path, "photos/4.jpg");
  EXPECT_EQ(read.photos[4].scene, SceneId{1});
  ASSERT_EQ(read.queries.size(), 2U);
  EXPECT_EQ(read.queries[1].positive, PhotoId{3});
  ASSERT_EQ(read.queries[0].candidates.size(), 2U);
  EXPECT_EQ(read.queries[0].candidates[1].scale_change, 0.8);
  EXPECT_EQ(read.queries[0].candidates[1].shared_points, 10);
  EXPECT_EQ(read.SplitOf(PhotoId{5}), Split::kVal);
  EXPECT_EQ(Summarize(read, Split::kTrain).queries, 1);
  EXPECT_EQ(Summarize(read, Split::kTrain).candidates_per_query, 2);
}

TEST(TrainingSet, TheSameSetGivesTheSameBytes) {
  const TemporaryFolder folder;
  WriteTrainingSet(Sample(), folder / "a.db");
  WriteTrainingSet(Sample(), folder / "b.db");
  EXPECT_EQ(Sha256OfFile(folder / "a.db"), Sha256OfFile(folder / "b.db"));
}

TEST(TrainingSet, PhotoPathsAreRelativeToTheFileOrAbsolute) {
  TrainingSet set = Sample();
  set.photos[1].path = "/absolute/1.jpg";
  EXPECT_EQ(PhotoPath(set, PhotoId{0}, "root"), "root/photos/0.jpg");
  EXPECT_EQ(PhotoPath(set, PhotoId{1}, "root"), "/absolute/1.jpg");
}

TEST(TrainingSet, OtherFilesAndVersionsAreRefused) {
  const TemporaryFolder folder;
  EXPECT_THAT(ErrorOf([&] { ReadTrainingSet(folder / "none.db"); }), HasSubstr("none.db: no such file"));
  WriteFile(folder / "text.db", std::string(5000, 'x'));
  EXPECT_THAT(ErrorOf([&] { ReadTrainingSet(folder / "text.db"); }),
              HasSubstr("text.db: file is not a database"));
  WriteFile(folder / "empty.db", "");
  EXPECT_THAT(ErrorOf([&] { ReadTrainingSet(folder / "empty.db"); }),
              HasSubstr("not a training set of vantage"));
  WriteTrainingSet(Sample(), folder / "later.db");
  sqlite::Database(folder / "later.db", sqlite::Database::Mode::kCreate).Execute("PRAGMA user_version = 99");
  EXPECT_THAT(ErrorOf([&] { ReadTrainingSet(folder / "later.db"); }),
              HasSubstr("a training set of version 99"));
}

TEST(TrainingSet, DanglingReferencesAreErrors) {
  const TemporaryFolder folder;
  const auto error = [&](const char* change) {
    WriteTrainingSet(Sample(), folder / "set.db");
    sqlite::Database(folder / "set.db", sqlite::Database::Mode::kCreate).Execute(change);
    return ErrorOf([&] { ReadTrainingSet(folder / "set.db"); });
  };
  EXPECT_THAT(error("UPDATE images SET scene = 7 WHERE id = 2"),
              HasSubstr("names row 7 of 'scenes', which has 2"));
  EXPECT_THAT(error("UPDATE queries SET positive = -1"), HasSubstr("names row -1 of 'images'"));
  EXPECT_THAT(error("UPDATE candidates SET image = 60 WHERE image = 2"),
              HasSubstr("names row 60 of 'images'"));
  EXPECT_THAT(error("UPDATE candidates SET query = -1 WHERE query = 1"),
              HasSubstr("a candidate of query -1 of 2"));
  EXPECT_THAT(error("UPDATE candidates SET query = 5 WHERE query = 1"),
              HasSubstr("a candidate of query 5 of 2"));
  EXPECT_THAT(error("UPDATE scenes SET split = 'test' WHERE id = 0"), HasSubstr("in the split 'test'"));
  EXPECT_THAT(error("DELETE FROM images WHERE id = 0"), HasSubstr("table 'images': row 0 has the number 1"));
  EXPECT_THAT(error("DROP TABLE candidates"), HasSubstr("set.db: no such table: candidates"));
}

TEST(TrainingSet, DamageIsSurvived) {
  const TemporaryFolder folder;
  WriteTrainingSet(Sample(), folder / "set.db");
  const std::string good = ReadFile(folder / "set.db");
  RandomStream random(1, "damage");
  for (int i = 0; i < 300; ++i) {
    std::string damaged = good;
    for (int flips = 0; flips < 5; ++flips)
      damaged[random.Below(damaged.size())] = static_cast<char>(random.Below(256));
    if (random.Chance(0.2)) damaged.resize(random.Below(damaged.size()));
    WriteFile(folder / "damaged.db", damaged);
    try {
      ReadTrainingSet(folder / "damaged.db");
    } catch (const Error&) {
      // Much of the file is padding: a flip there does no harm.
    }
  }
}

// The set of Sample with photos in two folders below `photos`.
void WriteSetAndPhotos(const fs::path& set, const fs::path& photos) {
  TrainingSet sample = Sample();
  for (size_t i = 0; i < sample.photos.size(); ++i) {
    const fs::path photo = photos / (i < 3 ? "a" : "b") / StrCat(i % 3, ".jpg");
    WriteFile(photo, StrCat(i));
    sample.photos[i].path = PathFrom(set.parent_path(), photo);
  }
  WriteTrainingSet(sample, set);
}

// Checks that all photos are found where they belong.
void ExpectFound(const fs::path& set, const fs::path& photos) {
  const LocatedSet located = ReadLocatedSet(set, photos);
  for (size_t i = 0; i < located.set.photos.size(); ++i) {
    EXPECT_EQ(ReadFile(PhotoPath(located.set, PhotoId{static_cast<int64_t>(i)}, located.photo_root)),
              StrCat(i));
  }
}

TEST(LocatedSet, PhotosThatMovedAreFoundByTheirFolderOrItsParent) {
  const TemporaryFolder folder;
  WriteSetAndPhotos(folder / "sets/new/set.db", folder / "disk/photos");
  ExpectFound(folder / "sets/new/set.db", "");
  fs::rename(folder / "disk", folder / "elsewhere");
  EXPECT_THAT(ErrorOf([&] { ReadLocatedSet(folder / "sets/new/set.db"); }),
              HasSubstr(StrCat("set.db: none of its 6 photos was found, as ",
                               (folder / "disk/photos/a/0.jpg").string())));
  ExpectFound(folder / "sets/new/set.db", folder / "elsewhere/photos");
  ExpectFound(folder / "sets/new/set.db", folder / "elsewhere");
  fs::create_directories(folder / "x/y");
  fs::rename(folder / "elsewhere/photos", folder / "x/y/renamed");
  ExpectFound(folder / "sets/new/set.db", folder / "x/y/renamed");
  EXPECT_THAT(ErrorOf([&] { ReadLocatedSet(folder / "sets/new/set.db", folder / "x"); }),
              HasSubstr("none of its 6 photos was found"));
}

TEST(LocatedSet, PhotosOfTheNamedFolderArePreferredToThoseOfTheOldOne) {
  const TemporaryFolder folder;
  WriteSetAndPhotos(folder / "sets/set.db", folder / "photos");
  fs::copy(folder / "photos", folder / "copy", fs::copy_options::recursive);
  const LocatedSet located = ReadLocatedSet(folder / "sets/set.db", folder / "copy");
  EXPECT_EQ(PhotoPath(located.set, PhotoId{4}, located.photo_root), folder / "copy/b/1.jpg");
}

TEST(LocatedSet, TwoPhotosNeverBecomeOne) {
  const TemporaryFolder folder;
  WriteSetAndPhotos(folder / "set.db", folder / "photos");
  for (int i = 0; i < 3; ++i) WriteFile(folder / "flat" / StrCat(i, ".jpg"), "of neither folder");
  EXPECT_THAT(ErrorOf([&] { ReadLocatedSet(folder / "set.db", folder / "flat"); }),
              HasSubstr("none of its 6 photos was found"));
}

TEST(LocatedSet, ALinkedSetFindsPhotosFromItsOwnFolderAndTheLinks) {
  const TemporaryFolder folder;
  WriteSetAndPhotos(folder / "real/deep/set.db", folder / "real/photos");
  fs::create_directories(folder / "links");
  fs::create_symlink("../real/deep/set.db", folder / "links/set.db");
  ExpectFound(folder / "links/set.db", "");
  fs::rename(folder / "real/photos", folder / "photos");
  ExpectFound(folder / "links/set.db", "");
}

}  // namespace
}  // namespace vantage::training_set

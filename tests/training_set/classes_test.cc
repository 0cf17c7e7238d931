// SPDX-License-Identifier: BSD-3-Clause
#include "vantage/training_set.h"

#include <set>

#include "testing/files.h"
#include "util/file.h"
#include "util/string.h"
#include "vantage/run_context.h"

namespace vantage::training_set {
namespace {

using ::testing::HasSubstr;
using vantage::testing::ErrorOf;
using vantage::testing::TemporaryFolder;

class Classes : public ::testing::Test {
 protected:
  void SetUp() override {
    for (int c = 0; c < 6; ++c) {
      for (int i = 0; i < 10 + c; ++i) {
        WriteFile(folder_ / StrCat("photos/class", c, "/", i, ".jpg"), StrCat("photo ", i, " of ", c));
      }
    }
    WriteFile(folder_ / "photos/single/a/only.png", "");
    WriteFile(folder_ / "photos/empty/notes.txt", "");
  }

  TemporaryFolder folder_;
  TupleOptions options_;
};

TEST_F(Classes, BecomeScenesWithQueriesOfTheirOwn) {
  options_.query_fraction = 0.5;
  options_.class_candidates = 8;
  const BuiltTuples built = BuildClassTuples(ReadClasses(folder_ / "photos"), options_, folder_.path());
  EXPECT_EQ(built.report.dropped_scenes, std::vector<std::string>{"single: 1 photos"});
  EXPECT_EQ(built.set.scenes.size(), 6U);
  EXPECT_EQ(built.set.photos.size(), 75U);
  EXPECT_EQ(built.set.photos[10].path, "photos/class1/0.jpg");
  EXPECT_EQ(built.set.queries.size(), 5U + 5 + 6 + 6 + 7 + 7);
  std::set<PhotoId> queries;
  for (const TrainingQuery& query : built.set.queries) {
    EXPECT_TRUE(queries.insert(query.photo).second);
    EXPECT_NE(query.photo, query.positive);
    const SceneId scene = built.set.photos[IndexOf(query.photo)].scene;
    EXPECT_EQ(query.candidates.front().photo, query.positive);
    EXPECT_EQ(query.candidates.size(), 8U);
    std::set<PhotoId> candidates = {query.photo};
    for (const CandidatePositive& candidate : query.candidates) {
      EXPECT_TRUE(candidates.insert(candidate.photo).second);
      EXPECT_EQ(built.set.photos[IndexOf(candidate.photo)].scene, scene);
      EXPECT_TRUE(IsModerateViewpointChange(candidate, 0.2, 1.5));
    }
  }
  EXPECT_EQ(Summarize(built.set, Split::kVal).scenes, 2);
  WriteTrainingSet(built.set, folder_ / "set.db");
  const TrainingSet read = ReadTrainingSet(folder_ / "set.db");
  EXPECT_EQ(read.queries.size(), built.set.queries.size());
  EXPECT_EQ(read.photos[74].path, built.set.photos[74].path);
}

TEST_F(Classes, ValidateWhereTheirFolderSaysSo) {
  std::filesystem::rename(folder_ / "photos/class3", folder_ / "class3");
  std::filesystem::create_directories(folder_ / "val");
  std::filesystem::rename(folder_ / "class3", folder_ / "val/class3");
  std::vector<PhotoClass> classes = ReadClasses(folder_ / "photos", Split::kTrain);
  for (PhotoClass& one : ReadClasses(folder_ / "val", Split::kVal)) classes.push_back(one);
  const BuiltTuples built = BuildClassTuples(classes, options_, folder_.path());
  for (const TrainingScene& scene : built.set.scenes)
    EXPECT_EQ(scene.split, scene.name == "class3" ? Split::kVal : Split::kTrain);
  classes.push_back(classes[0]);
  EXPECT_THAT(ErrorOf([&] { BuildClassTuples(classes, options_, folder_.path()); }),
              HasSubstr("two classes have the name 'class0'"));
}

TEST_F(Classes, AreNoHiddenFoldersAndNoLoosePhotos) {
  const size_t classes = ReadClasses(folder_ / "photos").size();
  WriteFile(folder_ / "photos/.thumbnails/0.jpg", "photo 0 of 0");
  WriteFile(folder_ / "photos/loose.jpg", "");
  std::vector<std::string> warnings;
  SetLogSink([&](LogLevel, const std::string& message) { warnings.push_back(message); });
  EXPECT_EQ(ReadClasses(folder_ / "photos").size(), classes);
  SetLogSink({});
  EXPECT_THAT(
      warnings,
      ::testing::ElementsAre(
          HasSubstr("1 hidden or system files and folders were left out"),
          HasSubstr("1 photos outside the class folders have no class and are left out, such as loose.jpg")));
}

TEST_F(Classes, ThatAreNoneAreAnError) {
  EXPECT_THAT(ErrorOf([&] { ReadClasses(folder_ / "photos/class0"); }),
              HasSubstr("no sub-folder with a photo"));
  EXPECT_THAT(ErrorOf([&] { ReadClasses(folder_ / "missing"); }), HasSubstr("missing"));
  options_.min_scene_photos = 100;
  EXPECT_THAT(ErrorOf([&] { BuildClassTuples(ReadClasses(folder_ / "photos"), options_, folder_.path()); }),
              HasSubstr("no class has 100 photos"));
}

TEST_F(Classes, ExcludedByNameAreComparedLoosely) {
  const ClassesAndChanges kept =
      ExcludeClasses(ReadClasses(folder_ / "photos"), {"CLASS 2", "class_4", "clas5"});
  EXPECT_EQ(kept.classes.size(), 5U);
  ASSERT_EQ(kept.changes.size(), 2U);
  EXPECT_EQ(kept.changes[0].scene, "class2");
  EXPECT_EQ(kept.changes[0].why, "'CLASS 2' is excluded by name");
  EXPECT_THAT(kept.unmet, ::testing::ElementsAre("clas5"));
}

TEST_F(Classes, HaveNoFileInTwo) {
  WriteFile(folder_ / "photos/class0/copy.jpg", "photo 3 of 1");
  WriteFile(folder_ / "photos/class0/again.jpg", "photo 2 of 0");
  WriteFile(folder_ / "photos/class2/as-long.jpg", "photo 3 of 7");
  const ClassesAndChanges kept = LeaveOutRepeatedFiles(ReadClasses(folder_ / "photos"));
  ASSERT_EQ(kept.changes.size(), 2U);
  EXPECT_EQ(kept.changes[0].scene, "class0");
  EXPECT_EQ(kept.changes[0].change, "2 photos left out");
  EXPECT_EQ(
      kept.changes[0].why,
      "class0/again.jpg and class0/2.jpg are the same file; class0/copy.jpg and class1/3.jpg are the same "
      "file");
  EXPECT_EQ(kept.changes[1].scene, "class1");
  EXPECT_EQ(kept.changes[1].change, "1 photo left out");
  EXPECT_EQ(kept.changes[1].why, "class1/3.jpg and class0/copy.jpg are the same file");
  const BuiltTuples built = BuildClassTuples(kept.classes, options_, folder_.path());
  std::set<std::string> contents;
  for (const TrainingPhoto& photo : built.set.photos) {
    EXPECT_TRUE(contents.insert(ReadFile(folder_ / photo.path)).second) << photo.path;
  }
  EXPECT_EQ(contents.size(), 75U);  // one less, and as-long.jpg
}

TEST_F(Classes, HaveAPhotoOnceWhateverItsSpelling) {
  std::vector<PhotoClass> classes = ReadClasses(folder_ / "photos");
  classes[0].photos.push_back(folder_ / "photos/./class0/3.jpg");
  classes[1].photos.push_back(folder_ / "photos/class1/../class0/4.jpg");
  const BuiltTuples built = BuildClassTuples(classes, options_, folder_.path());
  EXPECT_EQ(built.set.photos.size(), 75U);
  EXPECT_EQ(built.report.repeated_photos, 2);
}

TEST(BuildClassTuples, RefusesOptionsThatMeanNothing) {
  EXPECT_THAT(testing::ErrorOf([] { BuildClassTuples({}, {.class_candidates = 0}, ""); }),
              ::testing::HasSubstr("'class_candidates' = 0"));
}

}  // namespace
}  // namespace vantage::training_set

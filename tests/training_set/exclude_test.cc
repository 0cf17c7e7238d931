// SPDX-License-Identifier: BSD-3-Clause
#include "vantage/training_set.h"

#include <algorithm>

#include "sqlite/sqlite.h"
#include "synthetic/synthetic.h"
#include "testing/files.h"
#include "testing/models.h"
#include "training_set/excluded_names.h"
#include "training_set/near_pairs.h"
#include "util/file.h"
#include "util/random.h"
#include "util/string.h"
#include "vantage/colmap.h"

namespace vantage::training_set {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;
using vantage::testing::ErrorOf;
using vantage::testing::MakeRandomModel;
using vantage::testing::TemporaryFolder;

// A scene of `photos` photos, whose files differ from all others.
SceneModels WriteScene(const fs::path& root, const std::string& name, int photos,
                       std::optional<Split> split = std::nullopt) {
  SceneModels scene{name, {{MakeRandomModel(photos, 50, photos), root / name}}, split};
  for (int i = 0; i < photos; ++i)
    WriteFile(root / name / StrCat(i, ".jpg"), StrCat(name, FormatPadded(i, 3)));
  return scene;
}

std::vector<std::string> Names(const std::vector<SceneModels>& scenes) {
  std::vector<std::string> names;
  for (const SceneModels& scene : scenes) names.push_back(scene.name);
  return names;
}

TEST(ExcludeNames, ComparesNamesLoosely) {
  const TemporaryFolder folder;
  std::vector<SceneModels> scenes = {WriteScene(folder.path(), "Eiffel_Tower", 3),
                                     WriteScene(folder.path(), "pool/2", 3),
                                     WriteScene(folder.path(), "louvre", 3)};
  const ScenesAndChanges result = ExcludeNames(scenes, {"eiffel tower", "2", "notre-dame"});
  EXPECT_THAT(Names(result.scenes), ElementsAre("louvre"));
  ASSERT_EQ(result.changes.size(), 2U);
  EXPECT_EQ(result.changes[0].scene, "Eiffel_Tower");
  EXPECT_EQ(result.changes[0].change, "left out");
  EXPECT_EQ(result.changes[0].why, "'eiffel tower' is excluded by name");
  EXPECT_THAT(result.unmet, ElementsAre("notre-dame"));
  EXPECT_EQ(ExcludeNames(scenes, {}).scenes.size(), 3U);
}

TEST(ExcludeTestPhotos, FindsTheSameBytes) {
  const TemporaryFolder folder;
  std::vector<SceneModels> scenes = {WriteScene(folder.path(), "a", 3), WriteScene(folder.path(), "b", 3)};
  WriteFile(folder / "tests/t.jpg", "b001");
  WriteFile(folder / "tests/u.jpg", "b009");  // as long as others, but different from all
  const ScenesAndChanges result =
      ExcludeTestPhotos(scenes, {{"tests", {folder / "tests/t.jpg", folder / "tests/u.jpg"}}}, nullptr, {});
  EXPECT_THAT(Names(result.scenes), ElementsAre("a"));
  ASSERT_EQ(result.changes.size(), 1U);
  EXPECT_EQ(result.changes[0].why, "b/1.jpg and tests/t.jpg are the same file (test photo)");
  EXPECT_TRUE(result.unmet.empty());
}

TEST(ExcludeTestPhotos, TellsWhichMatchedNothing) {
  const TemporaryFolder folder;
  std::vector<SceneModels> scenes = {WriteScene(folder.path(), "a", 3), WriteScene(folder.path(), "b", 3)};
  WriteFile(folder / "met.jpg", "b001");
  WriteFile(folder / "met-too.jpg", "b001");
  WriteFile(folder / "unmet.jpg", "b009");
  const ScenesAndChanges result = ExcludeTestPhotos(scenes,
                                                    {{"first", {folder / "met.jpg"}},
                                                     {"second", {folder / "unmet.jpg"}},
                                                     {"third", {folder / "met-too.jpg"}}},
                                                    nullptr, {});
  EXPECT_THAT(Names(result.scenes), ElementsAre("a"));
  EXPECT_THAT(result.unmet, ElementsAre("second"));
}

TEST(ResolveOverlaps, MergesScenesThatShareAFile) {
  const TemporaryFolder folder;
  std::vector<SceneModels> scenes = {WriteScene(folder.path(), "a", 3), WriteScene(folder.path(), "b", 5),
                                     WriteScene(folder.path(), "c", 4), WriteScene(folder.path(), "d", 3)};
  WriteFile(folder / "a/0.jpg", "b002");
  WriteFile(folder / "c/1.jpg", "a001");
  ExcludeOptions options;
  const ScenesAndChanges merged = ResolveOverlaps(scenes, nullptr, options);
  EXPECT_THAT(Names(merged.scenes), ElementsAre("b", "d"));
  EXPECT_EQ(merged.scenes[0].models.size(), 3U);
  EXPECT_EQ(PhotosOf(merged.scenes[0]).size(), 12U);
  ASSERT_EQ(merged.changes.size(), 2U);
  EXPECT_EQ(merged.changes[0].change, "merged into b");
  options.overlapping = "drop";
  const ScenesAndChanges dropped = ResolveOverlaps(scenes, nullptr, options);
  EXPECT_THAT(Names(dropped.scenes), ElementsAre("b", "d"));
  EXPECT_EQ(dropped.scenes[0].models.size(), 1U);
  EXPECT_EQ(dropped.changes[1].change, "left out for b");
  options.overlapping = "keep";
  EXPECT_EQ(ResolveOverlaps(scenes, nullptr, options).scenes.size(), 4U);
}

TEST(ResolveOverlaps, ValidationSeesNothingThatIsTrainedOn) {
  const TemporaryFolder folder;
  std::vector<SceneModels> scenes = {WriteScene(folder.path(), "a", 3, Split::kTrain),
                                     WriteScene(folder.path(), "b", 5, Split::kVal),
                                     WriteScene(folder.path(), "c", 4, Split::kVal)};
  WriteFile(folder / "b/0.jpg", "a002");
  const ScenesAndChanges result = ResolveOverlaps(scenes, nullptr, {});
  EXPECT_THAT(Names(result.scenes), ElementsAre("a", "c"));
  ASSERT_EQ(result.changes.size(), 1U);
  EXPECT_EQ(result.changes[0].why,
            "shows what a of the training split shows: a/2.jpg and b/0.jpg are the same file");
}

// Photos of synthetic landmarks with random descriptors.
class NearScenesTest : public ::testing::Test {
 protected:
  // The photos of one landmark from `first` on, in a scene of that name.
  void AddScene(const std::string& name, uint64_t landmark, int first, int count) {
    synthetic::SyntheticSceneOptions options;
    options.seed = static_cast<int64_t>(landmark);
    options.photos = first + count;
    options.image_size = 320;
    const synthetic::SyntheticScene scene = synthetic::MakeSyntheticScene(options);
    SceneModels models{name, {{{}, folder_ / name}}, std::nullopt};
    for (int i = first; i < first + count; ++i) {
      const synthetic::SyntheticPhoto& photo = scene.photos[static_cast<size_t>(i)];
      WriteFile(folder_ / name / photo.name, synthetic::EncodeSyntheticPhoto(photo));
      const auto id = ImageId{static_cast<uint32_t>(i + 1)};
      models.models[0].reconstruction.images[id].name = photo.name;
      paths_.push_back(folder_ / name / photo.name);
    }
    scenes_.push_back(models);
  }

  PhotoDescriptors Descriptors() const {
    PhotoDescriptors descriptors;
    RandomStream random(1, "descriptors");
    descriptors.values.resize(static_cast<Eigen::Index>(paths_.size()), 8);
    for (size_t i = 0; i < paths_.size(); ++i) {
      descriptors.row_of[paths_[i]] = static_cast<int64_t>(i);
      for (Eigen::Index d = 0; d < 8; ++d) {
        descriptors.values(static_cast<Eigen::Index>(i), d) = static_cast<float>(random.Normal());
      }
    }
    NormalizeRows(descriptors.values);
    return descriptors;
  }

  TemporaryFolder folder_;
  std::vector<SceneModels> scenes_;
  std::vector<fs::path> paths_;
};

TEST_F(NearScenesTest, GeometryTellsWhatDescriptorsPropose) {
  AddScene("front", 1, 0, 4);
  AddScene("other", 2, 0, 4);
  AddScene("front_again", 1, 4, 4);
  const PhotoDescriptors descriptors = Descriptors();
  const ScenesAndChanges merged = ResolveOverlaps(scenes_, &descriptors, {});
  EXPECT_THAT(Names(merged.scenes), ElementsAre("front", "other"));
  ASSERT_EQ(merged.changes.size(), 1U);
  EXPECT_THAT(merged.changes[0].why, HasSubstr("features in common"));

  const std::vector<fs::path> tests = PhotosOf(scenes_[2]);
  const ScenesAndChanges excluded =
      ExcludeTestPhotos({scenes_[0], scenes_[1]}, {{"tests", tests}}, &descriptors, {});
  EXPECT_THAT(Names(excluded.scenes), ElementsAre("other"));
  EXPECT_THAT(excluded.changes.at(0).why, HasSubstr("(test photo)"));
  // Another number of threads gives the same result.
  RunContext one;
  one.threads = 1;
  EXPECT_EQ(ResolveOverlaps(scenes_, &descriptors, {}, one).changes.at(0).why, merged.changes[0].why);
}

TEST_F(NearScenesTest, DamagedPhotosAreNotCompared) {
  AddScene("front", 1, 0, 2);
  AddScene("front_again", 1, 2, 2);
  for (const fs::path& path : paths_) WriteFile(path, StrCat("no photo ", path.string()));
  const PhotoDescriptors descriptors = Descriptors();
  EXPECT_EQ(ResolveOverlaps(scenes_, &descriptors, {}).scenes.size(), 2U);
  const PhotoDescriptors none;
  EXPECT_THAT(ErrorOf([&] { ResolveOverlaps(scenes_, &none, {}); }), HasSubstr("has no descriptor"));
}

TEST(NearestPairs, AgreeWithBruteForce) {
  RandomStream random(5, "near");
  std::vector<DescriptorMatrix> scenes;
  for (const int rows : {7, 1, 12, 0, 5}) {
    DescriptorMatrix scene(rows, 4);
    for (Eigen::Index i = 0; i < scene.size(); ++i) scene.data()[i] = static_cast<float>(random.Normal());
    scenes.push_back(scene);
  }
  const auto nearest = [&](size_t a, size_t b) {
    return scenes[b].rows() == 0 || scenes[a].rows() == 0 ? -2.0F
                                                          : (scenes[a] * scenes[b].transpose()).maxCoeff();
  };
  std::vector<NearPair> pairs = NearestPairs(scenes[0], scenes[2], 3);
  ASSERT_EQ(pairs.size(), 3U);
  EXPECT_FLOAT_EQ(pairs[0].similarity, nearest(0, 2));
  EXPECT_TRUE(std::is_sorted(pairs.begin(), pairs.end(),
                             [](const auto& x, const auto& y) { return x.similarity > y.similarity; }));
  std::vector<int64_t> progress;
  RunContext context;
  context.on_progress = [&](const Progress& shown) {
    EXPECT_EQ(shown.total, 10);  // pairs of scenes
    progress.push_back(shown.done);
  };
  const std::vector<NearScenes> near = FindNearScenes(scenes, 2, 3, context);
  EXPECT_THAT(progress, ElementsAre(1, 2, 3, 4, 5, 6, 7, 8, 9, 10));
  for (const NearScenes& pair : near) {
    int nearer_to_a = 0;
    int nearer_to_b = 0;
    for (size_t c = 0; c < scenes.size(); ++c) {
      nearer_to_a += c != pair.a && nearest(pair.a, c) > nearest(pair.a, pair.b) ? 1 : 0;
      nearer_to_b += c != pair.b && nearest(pair.b, c) > nearest(pair.a, pair.b) ? 1 : 0;
    }
    EXPECT_LT(std::min(nearer_to_a, nearer_to_b), 2);
    EXPECT_LE(pair.photos.size(), 3U);
  }
}

// A pool of three models: the first two share a verified pair, the third is by itself.
TEST(ReadScenes, ModelsOfAPoolAreScenes) {
  const TemporaryFolder folder;
  const fs::path pool = folder / "models/pile";
  for (int m = 0; m < 3; ++m) {
    Reconstruction model = MakeRandomModel(4, 60, static_cast<uint64_t>(m));
    for (auto& [id, image] : model.images) {
      image.name = StrCat(m, "/", image.name);
      WriteFile(folder / "photos" / image.name, "");
    }
    WriteColmapModel(model, pool / "sparse" / std::to_string(m), ModelFormat::kBinary);
  }
  WriteFile(pool / ".vantage/scene.json", R"({"photos": "../../photos", "pool": true})");
  EXPECT_THAT(Names(ReadScenes(folder / "models", "", std::nullopt)),
              UnorderedElementsAre("pile/0", "pile/1", "pile/2"));
  sqlite::Database database(pool / "database.db", sqlite::Database::Mode::kCreate);
  database.Execute(
      "CREATE TABLE cameras (camera_id INTEGER); CREATE TABLE images (image_id INTEGER, name TEXT);"
      "CREATE TABLE keypoints (image_id INTEGER, rows INTEGER); CREATE TABLE descriptors (image_id INTEGER, "
      "rows INTEGER);"
      "CREATE TABLE matches (pair_id INTEGER, rows INTEGER);"
      "CREATE TABLE two_view_geometries (pair_id INTEGER, rows INTEGER);"
      "INSERT INTO images VALUES (1, '0/1.jpg'), (2, '1/2.jpg'), (3, '2/0.jpg');"
      "INSERT INTO two_view_geometries VALUES (2147483649, 40), (2147483650, 29);");
  EXPECT_THAT(Names(ReadScenes(folder / "models", "", std::nullopt)),
              UnorderedElementsAre("pile/0", "pile/2"));
  EXPECT_EQ(ReadScenes(folder / "models", "", std::nullopt, 29).size(), 1U);
  for (const char* note : {"", "[]", "{}", R"({"photos": 3})", R"({"photos": "a", "pool": 1})"}) {
    WriteFile(pool / ".vantage/scene.json", note);
    EXPECT_THAT(ErrorOf([&] { ReadScenes(folder / "models", "", std::nullopt); }), HasSubstr("scene.json"));
  }
}

// hloc moves the files of the largest model one folder up.
TEST(ReadScenes, JoinsHlocsModels) {
  const TemporaryFolder folder;
  for (const char* path : {"sfm", "sfm/models/1"}) {
    WriteColmapModel(MakeRandomModel(4, 60, 3), folder / "out" / path, ModelFormat::kBinary);
  }
  for (int i = 0; i < 4; ++i) WriteFile(folder / StrCat("photos/", i, ".jpg"), "");
  const std::vector<SceneModels> scenes = ReadScenes(folder / "out", folder / "photos", std::nullopt);
  ASSERT_EQ(scenes.size(), 1U);
  EXPECT_EQ(scenes[0].name, "sfm");
  EXPECT_EQ(scenes[0].models.size(), 2U);
  EXPECT_EQ(PhotosOf(scenes[0]).size(), 4U);
}

TEST(ExcludeNames, NamesStandInTheCallOrInTextFiles) {
  const TemporaryFolder folder;
  WriteFile(folder / "names.txt", "# tested on\nLouvre\n\nNotre Dame\n");
  EXPECT_THAT(ReadNameLists({"castle", (folder / "names.txt").string()}),
              ElementsAre("castle", "Louvre", "Notre Dame"));
}

TEST(ResolveOverlaps, RefusesOptionsThatMeanNothing) {
  ExcludeOptions options;
  options.overlapping = "join";
  EXPECT_THAT(testing::ErrorOf([&] { ResolveOverlaps({}, nullptr, options); }),
              ::testing::HasSubstr("'overlapping' = 'join'"));
  EXPECT_THAT(testing::ErrorOf([&] { ExcludeTestPhotos({}, {}, nullptr, options); }),
              ::testing::HasSubstr("'overlapping' = 'join'"));
}

}  // namespace
}  // namespace vantage::training_set

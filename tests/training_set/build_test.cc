// SPDX-License-Identifier: BSD-3-Clause
#include "vantage/training_set.h"

#include <algorithm>
#include <map>
#include <set>

#include "testing/files.h"
#include "testing/models.h"
#include "util/file.h"
#include "util/string.h"
#include "vantage/colmap.h"
#include "vantage/run_context.h"

namespace vantage::training_set {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using vantage::testing::ErrorOf;
using vantage::testing::MakeRandomModel;
using vantage::testing::TemporaryFolder;
using vantage::testing::Unprivileged;

// Scenes with models and (empty) photos on disk, as `reconstruct` leaves them.
void WriteScenes(const TemporaryFolder& folder, int scenes, int images) {
  for (int s = 0; s < scenes; ++s) {
    const std::string name = StrCat("scene", s);
    WriteColmapModel(MakeRandomModel(images, 300, static_cast<uint64_t>(s)),
                     folder / "models" / name / "sparse/0", ModelFormat::kBinary);
    WriteFile(folder / "models" / name / ".vantage/scene.json",
              "{\"photos\": \"../../photos/" + name + "\"}");
    for (int i = 0; i < images; ++i) WriteFile(folder / "photos" / name / StrCat(i, ".jpg"), "");
  }
}

TEST(BuildTuples, CandidatesAgreeWithBruteForce) {
  const TemporaryFolder folder;
  WriteScenes(folder, 3, 15);
  TupleOptions options;
  options.query_fraction = 1;
  options.nearest_cameras = 8;
  const std::vector<SceneModels> scenes = ReadScenes(folder / "models", "", std::nullopt);
  ASSERT_EQ(scenes.size(), 3U);
  const BuiltTuples built = BuildTuples(scenes, options, folder.path());
  EXPECT_EQ(built.set.photos.size(), 45U);
  EXPECT_EQ(built.set.photos[16].path, "photos/scene1/1.jpg");
  for (const TrainingQuery& query : built.set.queries) {
    const size_t scene = IndexOf(built.set.photos[IndexOf(query.photo)].scene);
    const Reconstruction& model = scenes[scene].models[0].reconstruction;
    const CovisibilityIndex index(model);
    const auto image_of = [&](PhotoId photo) {
      return ImageId{static_cast<uint32_t>(IndexOf(photo) - 15 * scene + 1)};
    };
    std::map<ImageId, CandidatePositive> found;
    for (const CandidatePositive& candidate : query.candidates) found[image_of(candidate.photo)] = candidate;
    const std::vector<ImageId> nearest = index.NearestCameras(image_of(query.photo), 8);
    size_t expected_count = 0;
    for (size_t rank = 0; rank < nearest.size(); ++rank) {
      const Covisibility covisibility = index.Between(image_of(query.photo), nearest[rank]);
      if (covisibility.shared_points == 0) continue;
      ++expected_count;
      ASSERT_EQ(found.count(nearest[rank]), 1U);
      const CandidatePositive& candidate = found.at(nearest[rank]);
      EXPECT_EQ(candidate.shared_points, covisibility.shared_points);
      EXPECT_EQ(candidate.scale_change, covisibility.scale_change);
      EXPECT_EQ(candidate.camera_rank, static_cast<int64_t>(rank));
      EXPECT_NEAR(candidate.overlap,
                  static_cast<double>(covisibility.shared_points) /
                      static_cast<double>(index.PointCount(image_of(query.photo))),
                  1e-12);
    }
    EXPECT_EQ(found.size(), expected_count);
    EXPECT_TRUE(IsModerateViewpointChange(found.at(image_of(query.positive)), 0.2, 1.5));
  }
}

// Twelve photos of one view, stored in sizes from 4,000 to 333 pixels.
TEST(BuildTuples, ASmallerCopyOfAViewIsACandidate) {
  const TemporaryFolder folder;
  Reconstruction model = MakeRandomModel(2, 300, 1);
  const RegisteredImage view = model.images.at(ImageId{1});
  const Camera camera_of_view = model.cameras.at(CameraId{1});
  for (uint32_t i = 1; i <= 12; ++i) {
    Camera camera = camera_of_view;
    camera.id = CameraId{i};
    camera.width = 4000 / i;
    camera.height = 3000 / i;
    for (double& parameter : camera.parameters) parameter *= static_cast<double>(camera.width) / 640;
    model.cameras[camera.id] = camera;
    RegisteredImage image = view;
    image.id = ImageId{i};
    image.camera = camera.id;
    image.name = StrCat(i, ".jpg");
    model.images[image.id] = image;
    WriteFile(folder / "photos" / image.name, image.name);
  }
  const SceneModels scene{"view", {{model, folder / "photos"}}, std::nullopt};
  TupleOptions options;
  options.query_fraction = 1;
  const TrainingSet set = BuildTuples({scene}, options, folder.path()).set;
  EXPECT_EQ(set.queries.size(), 12U);
  for (const TrainingQuery& query : set.queries) {
    EXPECT_EQ(query.candidates.size(), 11U);
    for (const CandidatePositive& candidate : query.candidates) {
      EXPECT_NEAR(candidate.scale_change, 1, 1e-9);
      EXPECT_TRUE(IsModerateViewpointChange(candidate, options.min_overlap, options.max_scale_change));
    }
  }
}

TEST(BuildTuples, M2TakesTheMostSharedPoints) {
  const TemporaryFolder folder;
  WriteScenes(folder, 2, 12);
  TupleOptions options;
  options.positives = "m2";
  options.query_fraction = 1;
  const BuiltTuples built =
      BuildTuples(ReadScenes(folder / "models", "", std::nullopt), options, folder.path());
  for (const TrainingQuery& query : built.set.queries) {
    int64_t most = 0;
    int64_t chosen = 0;
    for (const CandidatePositive& candidate : query.candidates) {
      most = std::max(most, candidate.shared_points);
      if (candidate.photo == query.positive) chosen = candidate.shared_points;
    }
    EXPECT_EQ(chosen, most);
  }
}

TEST(BuildTuples, M1TakesTheNearestDescriptorAmongTheNearestCameras) {
  const TemporaryFolder folder;
  WriteScenes(folder, 2, 12);
  TupleOptions options;
  options.positives = "m1";
  options.query_fraction = 1;
  options.nearest_cameras = 5;
  const std::vector<SceneModels> scenes = ReadScenes(folder / "models", "", std::nullopt);
  EXPECT_THROW(BuildTuples(scenes, options, folder.path()), UsageError);

  PhotoDescriptors descriptors;
  descriptors.values = DescriptorMatrix::Random(24, 8);
  NormalizeRows(descriptors.values);
  for (const SceneModels& scene : scenes) {
    for (const std::filesystem::path& photo : PhotosOf(scene)) {
      descriptors.row_of[photo] = static_cast<int64_t>(descriptors.row_of.size());
    }
  }
  const TrainingSet set = BuildTuples(scenes, options, folder.path(), {}, &descriptors).set;
  const auto row = [&](PhotoId photo) {
    return descriptors.Rows({folder / set.photos[IndexOf(photo)].path});
  };
  EXPECT_EQ(set.queries.size(), 24U);  // all nearest cameras are candidates, shared points or none
  for (const TrainingQuery& query : set.queries) {
    EXPECT_EQ(query.candidates.size(), 5U);
    for (const CandidatePositive& candidate : query.candidates) {
      EXPECT_GE(row(query.photo).row(0).dot(row(query.positive).row(0)),
                row(query.photo).row(0).dot(row(candidate.photo).row(0)));
    }
  }
  descriptors.row_of.erase(descriptors.row_of.begin());
  EXPECT_THAT(ErrorOf([&] { BuildTuples(scenes, options, folder.path(), {}, &descriptors); }),
              HasSubstr("has no descriptor"));
}

TEST(BuildTuples, QueriesFollowTheRuleOfTenPercentAndThirty) {
  const TemporaryFolder folder;
  WriteScenes(folder, 2, 25);
  const auto queries = [&](double fraction, int most) {
    TupleOptions options;
    options.query_fraction = fraction;
    options.max_queries_per_scene = most;
    const TrainingSet set =
        BuildTuples(ReadScenes(folder / "models", "", std::nullopt), options, folder.path()).set;
    std::map<SceneId, int> counts;
    for (const TrainingQuery& query : set.queries) ++counts[set.photos[IndexOf(query.photo)].scene];
    return counts[SceneId{0}];
  };
  EXPECT_EQ(queries(0.1, 30), 2);
  EXPECT_EQ(queries(0.01, 30), 1);  // at least one
  EXPECT_EQ(queries(0.5, 5), 5);
}

TEST(BuildTuples, SplitsByScene) {
  const TemporaryFolder folder;
  WriteScenes(folder, 6, 12);
  TupleOptions options;
  options.val_fraction = 0.3;
  std::set<std::string> first;
  for (const int64_t seed : {1, 1, 2, 3, 4}) {
    options.seed = seed;
    const TrainingSet set =
        BuildTuples(ReadScenes(folder / "models", "", std::nullopt), options, folder.path()).set;
    std::string val;
    for (const TrainingScene& scene : set.scenes) val += scene.split == Split::kVal ? scene.name + " " : "";
    EXPECT_EQ(Summarize(set, Split::kVal).scenes, 2);
    first.insert(val);
  }
  EXPECT_GE(first.size(), 2U);  // drawn by the seed
  const TrainingSet named =
      BuildTuples(ReadScenes(folder / "models", "", Split::kTrain), options, folder.path()).set;
  EXPECT_EQ(Summarize(named, Split::kVal).scenes, 0);
}

TEST(BuildTuples, TwoScenesAtLeastAreInEitherSplitOrNoneValidates) {
  for (const auto& [scenes, validating] : {std::pair(3, 0), std::pair(4, 2), std::pair(5, 2)}) {
    for (const double fraction : {0.2, 0.9}) {
      const TemporaryFolder folder;
      WriteScenes(folder, scenes, 12);
      TupleOptions options;
      options.val_fraction = fraction;
      const TrainingSet set =
          BuildTuples(ReadScenes(folder / "models", "", std::nullopt), options, folder.path()).set;
      const int64_t expected = validating == 0 || fraction < 0.5 ? validating : scenes - 2;
      EXPECT_EQ(Summarize(set, Split::kVal).scenes, expected) << scenes << " scenes, " << fraction;
    }
  }
}

TEST(BuildTuples, ScenesWithoutPairsAndMissingPhotosAreReported) {
  const TemporaryFolder folder;
  WriteScenes(folder, 3, 12);
  WriteColmapModel(MakeRandomModel(2, 300, 9), folder / "models/scene0/sparse/0", ModelFormat::kBinary);
  std::filesystem::remove(folder / "photos/scene1/3.jpg");
  const BuiltTuples built = BuildTuples(ReadScenes(folder / "models", "", std::nullopt), {}, folder.path());
  ASSERT_EQ(built.report.dropped_scenes.size(), 1U);
  EXPECT_THAT(built.report.dropped_scenes[0], HasSubstr("scene0: 2 photos"));
  EXPECT_EQ(built.report.missing_photos, 1);
  EXPECT_EQ(built.report.missing_example, (folder / "photos/scene1/3.jpg").string());
  EXPECT_EQ(built.set.photos.size(), 23U);
}

TEST(BuildTuples, ScenesOfOnePhotoOrWithoutPointsAreLeftOut) {
  const TemporaryFolder folder;
  WriteScenes(folder, 3, 12);
  WriteColmapModel(MakeRandomModel(12, 0, 9), folder / "models/scene0/sparse/0", ModelFormat::kBinary);
  WriteColmapModel(MakeRandomModel(1, 300, 9), folder / "models/scene1/sparse/0", ModelFormat::kBinary);
  TupleOptions options;
  for (const int min_photos : {2, 5}) {
    options.min_scene_photos = min_photos;
    const BuiltTuples built =
        BuildTuples(ReadScenes(folder / "models", "", std::nullopt), options, folder.path());
    EXPECT_THAT(built.report.dropped_scenes,
                ::testing::UnorderedElementsAre(HasSubstr("scene0: "), HasSubstr("scene1: ")));
    EXPECT_EQ(built.set.photos.size(), 12U);
  }
}

TEST(BuildTuples, NothingToLearnFromIsAnError) {
  const TemporaryFolder folder;
  WriteColmapModel({}, folder / "models/empty/sparse/0", ModelFormat::kBinary);
  WriteFile(folder / "models/empty/.vantage/scene.json", R"({"photos": "."})");
  const std::vector<SceneModels> scenes = ReadScenes(folder / "models", "", std::nullopt);
  EXPECT_THAT(ErrorOf([&] { BuildTuples(scenes, {}, folder.path()); }), HasSubstr("no scene gives a query"));
  const std::vector<SceneModels> twice = {scenes[0], scenes[0]};
  EXPECT_THAT(ErrorOf([&] { BuildTuples(twice, {}, folder.path()); }),
              HasSubstr("two scenes have the name 'empty'"));
}

TEST(ReadScenes, JoinsTheModelsOfAScene) {
  const TemporaryFolder folder;
  WriteScenes(folder, 1, 12);
  WriteColmapModel(MakeRandomModel(12, 300, 7), folder / "models/scene0/sparse/1", ModelFormat::kBinary);
  const std::vector<SceneModels> scenes = ReadScenes(folder / "models", "", std::nullopt);
  ASSERT_EQ(scenes.size(), 1U);
  EXPECT_EQ(scenes[0].models.size(), 2U);
  // A photo that both hold counts once.
  EXPECT_EQ(BuildTuples(scenes, {}, folder.path()).set.photos.size(), 12U);
}

TEST(ReadScenes, FindsPhotosByNameOfTheScene) {
  const TemporaryFolder folder;
  WriteColmapModel(MakeRandomModel(6, 300, 7), folder / "models/place", ModelFormat::kText);
  for (int i = 0; i < 6; ++i) WriteFile(folder / "photos/place" / StrCat(i, ".jpg"), "");
  const std::vector<SceneModels> scenes = ReadScenes(folder / "models", folder / "photos", std::nullopt);
  ASSERT_EQ(scenes.size(), 1U);
  EXPECT_EQ(scenes[0].name, "place");
  EXPECT_EQ(scenes[0].models[0].photo_folder, folder / "photos/place");
  EXPECT_THAT(ErrorOf([&] { ReadScenes(folder / "models", "", std::nullopt); }),
              HasSubstr("name their folder"));
  EXPECT_THAT(ErrorOf([&] { ReadScenes(folder / "photos", "", std::nullopt); }),
              HasSubstr("no COLMAP model"));
  EXPECT_THAT(ErrorOf([&] { ReadScenes(folder / "none", "", std::nullopt); }), HasSubstr("no such folder"));
}

TEST(BuildTuples, AScaleThatIsNotKnownPassesTheTestOfScale) {
  CandidatePositive candidate;
  candidate.overlap = 0.5;
  for (const auto& [change, passes] : {std::pair(0.0, true), {1.0, true}, {1.6, false}, {0.6, false}}) {
    candidate.scale_change = change;
    EXPECT_EQ(IsModerateViewpointChange(candidate, 0.2, 1.5), passes) << change;
  }
  candidate.scale_change = 0;
  EXPECT_FALSE(IsModerateViewpointChange(candidate, 0.5, 1.5));  // the overlap is still too small
  // Panoramas have no focal length.
  const TemporaryFolder folder;
  WriteScenes(folder, 2, 10);
  std::vector<SceneModels> scenes = ReadScenes(folder / "models", "", std::nullopt);
  for (SceneModels& scene : scenes) {
    for (auto& [id, camera] : scene.models[0].reconstruction.cameras) {
      camera = {id, CameraModelByName("EQUIRECTANGULAR", "").id, 2000, 1000, {2000, 1000}};
    }
  }
  EXPECT_FALSE(BuildTuples(scenes, TupleOptions{.query_fraction = 1}, folder.path()).set.queries.empty());
}

// `vantage reconstruct` stores unfinished work there.
TEST(ReadScenes, LooksNotIntoFoldersOfReconstruct) {
  const TemporaryFolder folder;
  WriteScenes(folder, 1, 5);
  WriteColmapModel(MakeRandomModel(5, 100, 3), folder / "models/scene0/.vantage/sparse.partial/0",
                   ModelFormat::kBinary);
  EXPECT_EQ(ReadScenes(folder / "models", "", std::nullopt).size(), 1U);
}

// Twelve images of a workspace of COLMAP's with photos in `images`.
void WriteWorkspace(const fs::path& workspace, uint64_t seed, const std::string& model = "sparse/0") {
  WriteColmapModel(MakeRandomModel(12, 300, seed), workspace / model, ModelFormat::kBinary);
  for (int i = 0; i < 12; ++i) WriteFile(workspace / "images" / StrCat(i, ".jpg"), StrCat(seed, "/", i));
}

std::vector<std::string> NamesOf(const std::vector<SceneModels>& scenes) {
  std::vector<std::string> names;
  for (const SceneModels& scene : scenes) names.push_back(scene.name);
  return names;
}

// The set's paths, sorted.
std::vector<std::string> PathsOf(const TrainingSet& set) {
  std::vector<std::string> paths;
  for (const TrainingPhoto& photo : set.photos) paths.push_back(photo.path);
  std::sort(paths.begin(), paths.end());
  return paths;
}

TEST(ReadScenes, FindsPhotosInColmapsUsualLayout) {
  const TemporaryFolder folder;
  WriteWorkspace(folder / "all/castle", 1);
  WriteWorkspace(folder / "all/tower", 2);
  for (const char* searched : {"all", "all/castle", "all/castle/sparse", "all/castle/sparse/0"}) {
    const std::vector<SceneModels> scenes = ReadScenes(folder / searched, "", std::nullopt);
    ASSERT_FALSE(scenes.empty());
    EXPECT_EQ(scenes[0].name, "castle") << searched;
    EXPECT_EQ(PhotosOf(scenes[0]).size(), 12U) << searched;
    EXPECT_EQ(PhotosOf(scenes[0])[0], folder / "all/castle/images/0.jpg");
  }
  // Photos elsewhere: in a folder for each scene, with images below or not, or in one folder.
  for (const char* moved : {"p/castle", "q/castle/images", "r/images", "s"}) {
    fs::create_directories((folder / moved).parent_path());
    fs::copy(folder / "all/castle/images", folder / moved, fs::copy_options::recursive);
    const fs::path named = folder / fs::path(moved).begin()->string();
    EXPECT_EQ(PhotosOf(ReadScenes(folder / "all/castle", named, std::nullopt)[0])[0],
              folder / moved / "0.jpg");
  }
}

TEST(ReadScenes, TakesTheFolderThatHasThePhotos) {
  const TemporaryFolder folder;
  WriteWorkspace(folder / "all/castle", 1);
  fs::create_directories(folder / "photos/castle");  // empty: photos are in photos/ itself
  for (int i = 0; i < 12; ++i) WriteFile(folder / "photos" / StrCat(i, ".jpg"), StrCat(i));
  const std::vector<SceneModels> scenes = ReadScenes(folder / "all", folder / "photos", std::nullopt);
  EXPECT_EQ(PhotosOf(scenes[0]).size(), 12U);
}

TEST(ReadScenes, LeavesOutWhatImageUndistorterMade) {
  const TemporaryFolder folder;
  WriteWorkspace(folder / "all/castle", 1);
  WriteWorkspace(folder / "all/castle/dense", 1, "sparse");
  WriteWorkspace(folder / "all/tower", 2);
  WriteWorkspace(folder / "all/tower/dense/0", 2, "sparse");
  WriteWorkspace(folder / "all/dense", 3);  // the name of a scene
  EXPECT_THAT(NamesOf(ReadScenes(folder / "all", "", std::nullopt)), ElementsAre("castle", "dense", "tower"));
  EXPECT_THAT(NamesOf(ReadScenes(folder / "all/castle", "", std::nullopt)), ElementsAre("castle"));
  EXPECT_THAT(NamesOf(ReadScenes(folder / "all/castle/dense", "", std::nullopt)), ElementsAre("dense"));
}

TEST(ReadScenes, AWorkspaceWithTheSamePhotoNamesTwiceIsOneScene) {
  const TemporaryFolder folder;
  WriteWorkspace(folder / "all/castle", 1);
  WriteWorkspace(folder / "all/castle/undistorted", 1, "sparse");
  WriteWorkspace(folder / "all/tower", 2);  // the same names, but not in the same workspace
  EXPECT_THAT(NamesOf(ReadScenes(folder / "all", "", std::nullopt)), ElementsAre("castle", "tower"));
}

TEST(ReadScenes, FollowsLinksToFoldersOnceEach) {
  const TemporaryFolder folder;
  WriteWorkspace(folder / "disk/castle", 1);
  WriteWorkspace(folder / "all/tower", 2);
  fs::create_directory_symlink(folder / "disk/castle", folder / "all/castle");
  fs::create_directory_symlink("tower", folder / "all/again");
  fs::create_directory_symlink("..", folder / "all/tower/up");
  WriteColmapModel(MakeRandomModel(12, 300, 3), folder / "all/.trash/sparse/0", ModelFormat::kBinary);
  const std::vector<SceneModels> scenes = ReadScenes(folder / "all", "", std::nullopt);
  EXPECT_THAT(NamesOf(scenes), ElementsAre("castle", "tower"));
  EXPECT_EQ(PhotosOf(scenes[0])[0], folder / "disk/castle/images/0.jpg");
}

TEST(ReadScenes, AFolderThatCannotBeReadIsAWarning) {
  const TemporaryFolder folder;
  WriteWorkspace(folder / "all/castle", 1);
  WriteWorkspace(folder / "all/locked", 2);
  WriteWorkspace(folder / "all/listed", 3);
  fs::permissions(folder.path(), fs::perms(0755));
  fs::permissions(folder / "all/locked", fs::perms::none);
  fs::permissions(folder / "all/listed", fs::perms(0444));
  std::vector<std::string> warnings;
  SetLogSink([&](LogLevel, const std::string& message) { warnings.push_back(message); });
  std::vector<std::string> names;
  {
    const Unprivileged user;
    names = NamesOf(ReadScenes(folder / "all", "", std::nullopt));
  }
  SetLogSink({});
  for (const char* name : {"all/locked", "all/listed"}) fs::permissions(folder / name, fs::perms(0755));
  EXPECT_THAT(names, ElementsAre("castle"));
  EXPECT_THAT(warnings, ElementsAre(HasSubstr("all/listed: the folder is left out: Permission denied"),
                                    HasSubstr("all/locked: the folder is left out: Permission denied")));
}

TEST(BuildTuples, APhotoIsInTheSetOnceWhateverItsSpelling) {
  const TemporaryFolder folder;
  WriteWorkspace(folder / "castle", 1);
  fs::create_directory_symlink("images", folder / "castle/link");
  const Reconstruction model = MakeRandomModel(12, 300, 1);
  Reconstruction spelled = model;
  for (auto& [id, image] : spelled.images) image.name = "../images/./" + image.name;
  const SceneModels scene{"castle",
                          {{model, folder / "castle/images"},
                           {model, folder / "castle/link"},
                           {spelled, folder / "castle/images"},
                           {model, folder / "castle/../castle/images"}},
                          std::nullopt};
  EXPECT_EQ(PhotosOf(scene).size(), 12U);
  const TrainingSet set = BuildTuples({scene}, {}, folder.path()).set;
  const std::vector<std::string> paths = PathsOf(set);
  EXPECT_EQ(paths.size(), 12U);
  EXPECT_EQ(paths[0], "castle/images/0.jpg");
  EXPECT_EQ(std::set<std::string>(paths.begin(), paths.end()).size(), 12U);

  // The first of two scenes keeps the photo.
  const SceneModels second{"again", {{model, folder / "castle/link"}}, std::nullopt};
  const BuiltTuples both = BuildTuples({scene, second}, {}, folder.path());
  EXPECT_EQ(PathsOf(both.set), paths);
  EXPECT_EQ(both.report.repeated_photos, 12);
}

// A model may name one file twice.
TEST(BuildTuples, NoPhotoIsPairedWithItself) {
  const TemporaryFolder folder;
  WriteWorkspace(folder / "castle", 1);
  Reconstruction model = MakeRandomModel(12, 300, 1);
  for (uint32_t i = 1; i <= 12; ++i) model.images.at(ImageId{i}).name = StrCat((i - 1) / 2, ".jpg");
  TupleOptions options;
  options.query_fraction = 1;
  const TrainingSet set =
      BuildTuples({{"castle", {{model, folder / "castle/images"}}, std::nullopt}}, options, folder.path())
          .set;
  EXPECT_EQ(set.photos.size(), 6U);
  for (const TrainingQuery& query : set.queries) {
    EXPECT_NE(query.photo, query.positive);
    for (const CandidatePositive& candidate : query.candidates) EXPECT_NE(candidate.photo, query.photo);
  }
}

TEST(BuildTuples, WithoutAnyPhotoIsAnErrorThatNamesOne) {
  const TemporaryFolder folder;
  WriteWorkspace(folder / "castle", 1);
  fs::remove_all(folder / "castle/images");
  fs::create_directories(folder / "castle/images");
  const std::vector<SceneModels> scenes = ReadScenes(folder / "castle", "", std::nullopt);
  EXPECT_THAT(ErrorOf([&] { BuildTuples(scenes, {}, folder.path()); }),
              HasSubstr(StrCat("none of the 12 photos that the models name was found, such as ",
                               (folder / "castle/images/0.jpg").string())));
}

TEST(BuildTuples, RefusesOptionsThatMeanNothing) {
  const auto error = [](const TupleOptions& options) {
    return ErrorOf([&] { BuildTuples({}, options, ""); });
  };
  EXPECT_THAT(error({.query_fraction = 0}), HasSubstr("'query_fraction' = 0"));
  EXPECT_THAT(error({.nearest_cameras = 0}), HasSubstr("'nearest_cameras' = 0"));
  EXPECT_THAT(error({.positives = "m4"}), HasSubstr("'positives' = 'm4'"));
  EXPECT_THAT(error({.max_scale_change = 0}), HasSubstr("'max_scale_change' = 0"));
}

}  // namespace
}  // namespace vantage::training_set

// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <map>
#include <set>

#include "command/run_vantage.h"
#include "synthetic/synthetic.h"
#include "testing/files.h"
#include "util/file.h"
#include "util/random.h"
#include "util/string.h"
#include "util/subprocess.h"
#include "vantage/colmap.h"
#include "vantage/image.h"
#include "vantage/training_set.h"

namespace vantage {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using vantage::testing::Output;
using vantage::testing::TemporaryFolder;
using vantage::testing::Vantage;
using vantage::testing::VantageJson;

constexpr const char* kWeights = "efficientnet_lite0.pth";

// Photos of a synthetic landmark, named "NAME 0.jpg", ...
void WriteLandmark(const std::filesystem::path& folder, const std::string& name, int64_t seed,
                   int64_t style) {
  synthetic::SyntheticSceneOptions options;
  options.seed = seed;
  options.style = static_cast<int>(style);
  options.photos = 10;
  options.image_size = 448;
  options.views.zoom = 1.6;
  const synthetic::SyntheticScene scene = synthetic::MakeSyntheticScene(options);
  for (size_t i = 0; i < scene.photos.size(); ++i) {
    WriteFile(folder / StrCat(name, " ", i, ".jpg"), synthetic::EncodeSyntheticPhoto(scene.photos[i]));
  }
}

// The real COLMAP with what a user knows of the photos.
TEST(KnownCameras, MasksAndOneCameraAFolderReachColmap) {
  if (CaptureCommand({"colmap", "help"}).first == 127) {
    GTEST_SKIP() << "needs the program colmap: run scripts/setup";
  }
  const TemporaryFolder folder;
  WriteLandmark(folder / "photos/one", "one", 3, 2);
  const auto reconstruct = [&](const std::string& name, const std::vector<std::string>& more) {
    std::vector<std::string> arguments = {
        "reconstruct", (folder / "photos").string(), "-o", (folder / name).string(), "--max-features", "400"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    EXPECT_EQ(VantageJson(arguments)["scenes"][0]["status"], "done");
    return SummarizeColmapDatabase(folder / name / "one/database.db");
  };
  const DatabaseSummary plain = reconstruct("plain", {});
  EXPECT_EQ(plain.cameras, 10);
  // White is seen, black is not: two photos are all black.
  for (int i = 0; i < 10; ++i) {
    const Image photo = ReadImage(folder / StrCat("photos/one/one ", i, ".jpg"));
    Image mask = MakeImage(photo.width, photo.height);
    if (i >= 2) std::fill(mask.pixels.begin(), mask.pixels.end(), uint8_t{255});
    WriteFile(folder / StrCat("masks/one/one ", i, ".jpg.png"), EncodePng(mask));
  }
  const DatabaseSummary known =
      reconstruct("known", {"--masks", (folder / "masks").string(), "--camera-per-folder", "--camera-model",
                            "PINHOLE", "--colmap-option", "Mapper.ba_refine_focal_length=0",
                            "--colmap-option", "SiftExtraction.max_num_features=300"});
  EXPECT_EQ(known.cameras, 1);
  EXPECT_LE(known.keypoints, 8 * 310);
  EXPECT_GT(known.keypoints, 0);
}

// The real COLMAP on a pile of photos of two landmarks: photos of one landmark must form one scene.
TEST(PileOfPhotos, ComesApartByLandmark) {
  VANTAGE_REQUIRE_WEIGHTS(kWeights);
  if (CaptureCommand({"colmap", "help"}).first == 127) {
    GTEST_SKIP() << "needs the program colmap: run scripts/setup";
  }
  const TemporaryFolder folder;
  WriteLandmark(folder / "pile", "one", 3, 2);
  WriteLandmark(folder / "pile", "two", 4, 1);
  const std::string model = (vantage::testing::WeightsFolder() / kWeights).string();
  const json result =
      VantageJson({"reconstruct", (folder / "pile").string(), "--unsorted", "--matching", "proposed",
                   "--pairs-from", model, "--neighbors", "6", "-o", (folder / "models").string()});
  const json& scene = result["scenes"][0];
  EXPECT_EQ(scene["status"], "done");
  EXPECT_LT(scene["matched_pairs"], 20 * 19 / 2);
  EXPECT_GT(scene["verified_pairs"], 10);
  EXPECT_GE(scene["registered"], 16);

  const std::filesystem::path set_path = folder / "set.db";
  const json tuples = VantageJson({"tuples", (folder / "models").string(), "--model", model,
                                   "--query-fraction", "1", "-o", set_path.string()});
  EXPECT_EQ(tuples["missing_photos"], 0);
  const TrainingSet set = ReadTrainingSet(set_path);
  EXPECT_GE(set.scenes.size(), 2U);
  EXPECT_GE(set.queries.size(), 8U);
  std::map<SceneId, std::set<std::string>> landmarks;
  for (const TrainingPhoto& photo : set.photos) {
    landmarks[photo.scene].insert(std::filesystem::path(photo.path).filename().string().substr(0, 3));
    EXPECT_TRUE(std::filesystem::exists(folder / photo.path)) << photo.path;
  }
  for (const auto& [id, names] : landmarks) EXPECT_EQ(names.size(), 1U) << set.scenes[IndexOf(id)].name;

  // Scenes with test photos are left out, and the reason names the photo.
  const json without = VantageJson({"tuples", (folder / "models").string(), "--exclude-photos",
                                    (folder / "pile/one 3.jpg").string(), "-o", set_path.string()});
  ASSERT_EQ(without["changed_scenes"].size(), 1U);
  EXPECT_THAT(without["changed_scenes"][0]["why"].get<std::string>(),
              HasSubstr("are the same file (test photo)"));
}

TEST(PileOfPhotos, OnePhotoAndPhotosWithoutOverlapGiveNoModel) {
  if (CaptureCommand({"colmap", "help"}).first == 127) {
    GTEST_SKIP() << "needs the program colmap: run scripts/setup";
  }
  const TemporaryFolder folder;
  for (int i = 0; i < 4; ++i) {
    Image noise = MakeImage(160, 120);
    RandomStream random(static_cast<uint64_t>(i), "noise");
    for (uint8_t& value : noise.pixels) value = static_cast<uint8_t>(random.Below(256));
    WriteFile(folder / (i == 0 ? "photos/one" : "photos/apart") / StrCat(i, ".png"), EncodePng(noise));
  }
  const json result =
      VantageJson({"reconstruct", (folder / "photos").string(), "-o", (folder / "models").string()});
  ASSERT_EQ(result["scenes"].size(), 2U);
  for (const json& scene : result["scenes"]) {
    EXPECT_EQ(scene["status"], "no model");
    EXPECT_EQ(scene["verified_pairs"], 0);
  }
  const Output tuples = Vantage({"tuples", (folder / "models").string(), "-o", (folder / "set.db").string()});
  EXPECT_EQ(tuples.code, 1);
  EXPECT_THAT(tuples.text, HasSubstr("no COLMAP model in it or below it"));
}

TEST(PileOfPhotos, WrongUseIsTold) {
  const TemporaryFolder folder;
  WriteFile(folder / "pile/a.jpg", "");
  const Output no_model = Vantage({"reconstruct", (folder / "pile").string(), "--matching", "proposed", "-o",
                                   (folder / "models").string()});
  EXPECT_EQ(no_model.code, 2);
  EXPECT_THAT(no_model.text, HasSubstr("--pairs-from"));
  const Output no_neighbors = Vantage({"reconstruct", (folder / "pile").string(), "--pairs-from", "none.pth",
                                       "--neighbors", "0", "-o", (folder / "models").string()});
  EXPECT_EQ(no_neighbors.code, 2);
  const Output no_file = Vantage({"reconstruct", (folder / "pile").string(), "--pairs-from", "none.pth", "-o",
                                  (folder / "models").string()});
  EXPECT_EQ(no_file.code, 1);
  EXPECT_THAT(no_file.text, HasSubstr("none.pth"));
}

}  // namespace
}  // namespace vantage

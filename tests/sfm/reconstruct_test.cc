// SPDX-License-Identifier: BSD-3-Clause
#include "vantage/colmap.h"

#include <atomic>
#include <map>
#include <new>
#include <nlohmann/json.hpp>
#include <set>

#include "sfm/colmap_log.h"
#include "sfm/list_names.h"
#include "sfm/scene_work.h"
#include "sqlite/sqlite.h"
#include "testing/files.h"
#include "testing/models.h"
#include "testing/small_disk.h"
#include "util/file.h"
#include "util/lines.h"
#include "util/string.h"
#include "vantage/run_context.h"

namespace vantage::sfm {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;
using ::testing::UnorderedElementsAre;
using vantage::testing::FilesBelow;
using vantage::testing::MakeRandomModel;
using vantage::testing::OnSmallDisk;
using vantage::testing::TemporaryFolder;

// A program that replaces COLMAP: accepts the options with the given names, logs how it is called, and does
// what files next to it select.
class FakeColmap {
 public:
  explicit FakeColmap(const std::string& options = kOptions38) {
    WriteColmapModel(MakeRandomModel(6, 100, 1), folder_ / "model", ModelFormat::kBinary);
    sqlite::Database database(folder_ / "database.db", sqlite::Database::Mode::kCreate);
    database.Execute(
        "CREATE TABLE cameras (camera_id INTEGER); CREATE TABLE images (image_id INTEGER, name TEXT);"
        "CREATE TABLE keypoints (image_id INTEGER, rows INTEGER);"
        "CREATE TABLE descriptors (image_id INTEGER, rows INTEGER);"
        "CREATE TABLE matches (pair_id INTEGER, rows INTEGER);"
        "CREATE TABLE two_view_geometries (pair_id INTEGER, rows INTEGER);"
        "INSERT INTO images VALUES (1, '0.jpg'), (2, '1.jpg'); INSERT INTO matches VALUES (2147483649, 50);"
        "INSERT INTO two_view_geometries VALUES (2147483649, 40);");
    WriteFile(folder_ / "colmap", R"(#!/bin/sh
here=$(dirname "$0")
if [ "$1" = help ]; then echo "COLMAP 9.1 -- Structure-from-Motion"; exit 0; fi
if [ "$2" = --help ]; then cat "$here/options"; exit 0; fi
echo "$@" >> "$here/calls"
if [ -e "$here/$1.crashes" ]; then kill -SEGV $$; fi
if [ -e "$here/$1.hangs" ]; then sleep 60; fi
case $1 in
  feature_extractor) echo "Processed file [1/2]"; 
    if [ ! -e "$3" ]; then cp "$here/database.db" "$3.new" && mv "$3.new" "$3"; fi ;;
  matches_importer) cp "$3" "$here/matched.db" ;;
  mapper)
    if [ -e "$here/finds-nothing" ]; then echo "ERROR: failed to create sparse model"; exit 1; fi
    if [ -e "$here/ends-with-1" ]; then echo "ERROR: Invalid options provided."; exit 1; fi
    if [ -e "$here/leaves-nothing" ]; then exit 0; fi
    cp -r "$here/model" "$7/0"
    if [ -e "$here/cuts-model" ]; then head -c 300 "$here/model/images.bin" > "$7/0/images.bin"; fi ;;
esac
)");
    fs::permissions(folder_ / "colmap", fs::perms::owner_all);
    WriteFile(folder_ / "options", options);
    for (int i = 0; i < 6; ++i) WriteFile(Photos() / StrCat("scene/", i, ".jpg"), "");
  }

  fs::path Photos() const { return folder_ / "photos"; }
  fs::path Models() const { return folder_ / "models"; }
  // "mapper.crashes", "mapper.hangs", "finds-nothing", "ends-with-1", "leaves-nothing", "cuts-model".
  void Let(const std::string& what) const { WriteFile(folder_ / what, ""); }
  void LetNoLonger(const std::string& what) const { fs::remove(folder_ / what); }
  std::string Calls() const {
    return fs::exists(folder_ / "calls") ? ReadFile(folder_ / "calls") : std::string();
  }
  int CountCalls(const std::string& command) const {
    int count = 0;
    for (const std::string& line : SplitText(Calls(), '\n'))
      count += line.rfind(command + " ", 0) == 0 ? 1 : 0;
    return count;
  }

  // The model that the mapper finds from now on.
  void UseModel(const Reconstruction& model) const {
    WriteColmapModel(model, folder_ / "model", ModelFormat::kBinary);
  }

  // Renames a photo of the database that feature_extractor leaves.
  void Name(const std::string& from, const std::string& to) const {
    sqlite::Database database(folder_ / "database.db", sqlite::Database::Mode::kCreate);
    sqlite::Statement(database, "UPDATE images SET name = ? WHERE name = ?").Run(to, from);
  }
  std::vector<std::string> NamesInDatabase() const { return NamesIn(Models() / "scene/database.db"); }
  std::vector<std::string> NamesInNewDatabase() const {
    return NamesIn(Models() / "scene/.vantage/database.db");
  }
  std::vector<std::string> NamesWhenMatched() const { return NamesIn(folder_ / "matched.db"); }
  static std::vector<std::string> NamesIn(const fs::path& path) {
    const sqlite::Database database(path, sqlite::Database::Mode::kRead);
    std::vector<std::string> names;
    for (sqlite::Statement rows(database, "SELECT name FROM images ORDER BY name"); rows.Step();) {
      names.push_back(rows.Text(0));
    }
    return names;
  }

  ReconstructOptions Options() const {
    ReconstructOptions options;
    options.colmap = (folder_ / "colmap").string();
    return options;
  }
  SceneOutcome Run(const ReconstructOptions& options, const PairProposer& proposer = {},
                   const RunContext& context = {}) const {
    return ReconstructScenes(Photos(), Models(), options, context, proposer).at(0);
  }
  SceneOutcome Run() const { return Run(Options()); }

  static constexpr const char* kOptions38 =
      "--database_path arg\n--image_path arg\n--image_list_path arg\n--output_path arg\n--match_list_path "
      "arg\n"
      "--match_type arg\n--SiftExtraction.use_gpu arg (=1)\n--SiftExtraction.num_threads arg\n"
      "--SiftExtraction.max_image_size arg\n--SiftExtraction.max_num_features arg\n--SiftMatching.use_gpu "
      "arg (=1)\n"
      "--SiftMatching.num_threads arg\n--ExhaustiveMatching.block_size arg\n--Mapper.num_threads arg\n"
      "--Mapper.min_model_size arg\n";

 private:
  TemporaryFolder folder_;
};

TEST(Reconstruct, CountsPairsAndModels) {
  const FakeColmap colmap;
  const SceneOutcome outcome = colmap.Run();
  EXPECT_EQ(outcome.status, "done");
  EXPECT_EQ(outcome.name, "scene");
  EXPECT_EQ(outcome.photos, 6);
  EXPECT_EQ(outcome.matched_pairs, 1);
  EXPECT_EQ(outcome.verified_pairs, 1);
  EXPECT_EQ(outcome.models, 1);
  EXPECT_EQ(outcome.registered, 6);
  const SceneOutcome again = colmap.Run();
  EXPECT_TRUE(again.was_done);
  EXPECT_EQ(again.verified_pairs, 1);
  EXPECT_EQ(again.mean_track_length, outcome.mean_track_length);
  EXPECT_EQ(colmap.CountCalls("mapper"), 1);
}

TEST(Reconstruct, AsksForTheNamesOfOptions) {
  const FakeColmap old;
  old.Run();
  EXPECT_THAT(old.Calls(), HasSubstr("--SiftMatching.use_gpu 0"));
  const FakeColmap later(
      "--database_path arg\n--image_path arg\n--output_path arg\n--FeatureExtraction.use_gpu arg\n"
      "--FeatureMatching.use_gpu arg\n");
  later.Run();
  EXPECT_THAT(later.Calls(), HasSubstr("--FeatureMatching.use_gpu 0"));
  EXPECT_THAT(later.Calls(), Not(HasSubstr("Sift")));
  EXPECT_THAT(later.Calls(), Not(HasSubstr("min_model_size")));  // it does not have this option
}

TEST(Reconstruct, OptionsThatColmapLacksAreNamedOnceBeforeTheWork) {
  const FakeColmap colmap(
      "--database_path arg\n--image_path arg\n--image_list_path arg\n--output_path "
      "arg\n--SiftExtraction.use_gpu arg\n"
      "--SiftExtraction.num_threads arg\n--SiftExtraction.max_image_size arg\n--FeatureMatching.use_gpu arg\n"
      "--SiftMatching.num_threads arg\n--ExhaustiveMatching.block_size arg\n--Mapper.num_threads arg\n"
      "--Mapper.min_model_size arg\n");
  WriteFile(colmap.Photos() / "scene2/0.jpg", "");
  std::vector<std::string> warnings;
  SetLogSink([&](LogLevel, const std::string& message) {
    EXPECT_EQ(colmap.Calls(), "");
    warnings.push_back(message);
  });
  colmap.Run();
  SetLogSink({});
  EXPECT_THAT(warnings,
              ElementsAre("COLMAP 9.1: feature_extractor has no option SiftExtraction.max_num_features; it "
                          "is left out"));
}

// FakeColmap's options, and those that the next tests set.
std::string MoreOptions() {
  return StrCat(
      FakeColmap::kOptions38,
      "--ImageReader.mask_path arg\n--ImageReader.camera_model arg\n--ImageReader.camera_params arg\n"
      "--ImageReader.single_camera_per_folder arg (=0)\n--Mapper.ba_refine_focal_length arg (=1)\n");
}

TEST(Reconstruct, PassesOnMasksCamerasAndAnyOption) {
  const FakeColmap colmap(MoreOptions());
  const TemporaryFolder folder;
  for (int i = 0; i < 6; ++i) WriteFile(folder / StrCat("scene/", i, ".jpg.png"), "");
  ReconstructOptions options = colmap.Options();
  options.masks = folder.path().string();
  options.camera_model = "OPENCV";
  options.camera_per_folder = true;
  options.colmap_options = {"ImageReader.camera_params=1,2,3", "SiftExtraction.max_num_features=77",
                            "SiftMatching.num_threads=1"};
  ::testing::internal::CaptureStderr();
  EXPECT_EQ(colmap.Run(options).status, "done");
  EXPECT_THAT(::testing::internal::GetCapturedStderr(), Not(HasSubstr("left out")));
  const std::string extractor = SplitText(colmap.Calls(), '\n')[0];
  EXPECT_THAT(extractor, HasSubstr(StrCat("--ImageReader.mask_path ", (folder / "scene").string())));
  EXPECT_THAT(extractor, HasSubstr("--ImageReader.camera_model OPENCV"));
  EXPECT_THAT(extractor, HasSubstr("--ImageReader.single_camera_per_folder 1"));
  EXPECT_THAT(extractor, HasSubstr("--ImageReader.camera_params 1,2,3"));
  EXPECT_THAT(extractor, HasSubstr("--SiftExtraction.max_num_features 77"));
  EXPECT_THAT(extractor, Not(HasSubstr("8192")));
  EXPECT_THAT(SplitText(colmap.Calls(), '\n')[1], HasSubstr("--SiftMatching.num_threads 1"));
}

TEST(Reconstruct, CountsPhotosWithoutAMask) {
  const FakeColmap colmap(MoreOptions());
  const TemporaryFolder folder;
  WriteFile(folder / "scene/0.jpg.png", "");
  ReconstructOptions options = colmap.Options();
  options.masks = folder.path().string();
  ::testing::internal::CaptureStderr();
  colmap.Run(options);
  EXPECT_THAT(::testing::internal::GetCapturedStderr(), HasSubstr("scene: 5 of 6 photos have no mask in "));
  options.masks = (folder / "none").string();
  EXPECT_THAT(vantage::testing::ErrorOf([&] { colmap.Run(options); }), HasSubstr("none: no such folder"));
}

TEST(Reconstruct, WarnsOfOptionsThatThisColmapLacks) {
  const FakeColmap colmap;
  ReconstructOptions options = colmap.Options();
  options.camera_model = "PINHOLE";
  options.colmap_options = {"Mapper.no_such_option=3"};
  ::testing::internal::CaptureStderr();
  EXPECT_EQ(colmap.Run(options).status, "done");
  const std::string log = ::testing::internal::GetCapturedStderr();
  EXPECT_THAT(
      log, HasSubstr("COLMAP 9.1: feature_extractor has no option ImageReader.camera_model; it is left out"));
  EXPECT_THAT(log, HasSubstr("COLMAP 9.1: feature_extractor, exhaustive_matcher, mapper have no option "
                             "Mapper.no_such_option; it is left out"));
  EXPECT_THAT(colmap.Calls(), Not(HasSubstr("no_such_option")));
}

TEST(Reconstruct, OtherMapperOptionsKeepTheDatabaseAndOtherCamerasDoNot) {
  const FakeColmap colmap(MoreOptions());
  ReconstructOptions options = colmap.Options();
  colmap.Run(options);
  const auto last_call = [&] {
    const std::vector<std::string> calls = SplitText(Trim(colmap.Calls()), '\n');
    return calls.back();
  };
  options.colmap_options = {"Mapper.ba_refine_focal_length=0"};
  EXPECT_FALSE(colmap.Run(options).was_done);
  EXPECT_THAT(last_call(),
              AllOf(HasSubstr("scene/database.db"), HasSubstr("--Mapper.ba_refine_focal_length 0")));
  EXPECT_TRUE(colmap.Run(options).was_done);
  options.camera_model = "OPENCV";
  EXPECT_FALSE(colmap.Run(options).was_done);
  EXPECT_THAT(last_call(), HasSubstr("scene/.vantage/database.db"));
}

TEST(Reconstruct, OptionsThatItCannotPassOnAreRefused) {
  const FakeColmap colmap;
  const auto error = [&](const std::string& option) {
    ReconstructOptions options = colmap.Options();
    options.colmap_options = {option};
    return vantage::testing::ErrorOf([&] { colmap.Run(options); });
  };
  for (const char* option : {"database_path=x", "Mapper.x", ".x=1", "Mapper.=1", ""})
    EXPECT_THAT(error(option), HasSubstr(StrCat("--colmap-option: '", option, "' is not Group.name=value")));
  ReconstructOptions options = colmap.Options();
  options.camera_model = "PINHOLES";
  EXPECT_THAT(vantage::testing::ErrorOf([&] { colmap.Run(options); }), HasSubstr("PINHOLES"));
  EXPECT_EQ(colmap.Calls(), "");
}

TEST(Reconstruct, ACrashIsToldAndTheNextCallGoesOn) {
  const FakeColmap colmap;
  colmap.Let("mapper.crashes");
  EXPECT_THAT(colmap.Run().status, HasSubstr("failed: colmap mapper ended with exit code 139; see "));
  EXPECT_FALSE(fs::exists(colmap.Models() / "scene/sparse"));
  colmap.LetNoLonger("mapper.crashes");
  EXPECT_EQ(colmap.Run().status, "done");
  EXPECT_EQ(colmap.CountCalls("feature_extractor"), 1);
  EXPECT_EQ(colmap.CountCalls("exhaustive_matcher"), 1);
  EXPECT_EQ(colmap.CountCalls("mapper"), 2);
}

TEST(Reconstruct, AHangingProgramIsEndedAtTheTimeLimit) {
  const FakeColmap colmap;
  colmap.Let("feature_extractor.hangs");  // the first command, so that a slow machine reaches it in time
  ReconstructOptions options = colmap.Options();
  options.time_limit = 0.01;
  EXPECT_EQ(colmap.Run(options).status,
            "failed: longer than 0.01 minutes, ended in colmap feature_extractor");
  colmap.LetNoLonger("feature_extractor.hangs");
  EXPECT_EQ(colmap.Run().status, "done");  // the result does not depend on the limit
  EXPECT_EQ(colmap.CountCalls("feature_extractor"), 2);
}

TEST(Reconstruct, IsInterruptedAndGoesOn) {
  const FakeColmap colmap;
  colmap.Let("exhaustive_matcher.hangs");
  RunContext context;
  context.is_cancelled = [&] { return colmap.CountCalls("exhaustive_matcher") > 0; };
  EXPECT_THROW(colmap.Run(colmap.Options(), {}, context), Interrupted);
  EXPECT_THROW(colmap.Run(colmap.Options(), {}, context), Interrupted);  // and again
  colmap.LetNoLonger("exhaustive_matcher.hangs");
  EXPECT_EQ(colmap.Run().status, "done");
  EXPECT_EQ(colmap.CountCalls("feature_extractor"), 1);
}

// Wherever the disk is full, there is an error or a failed scene with the reason, and the next call
// continues.
TEST(Reconstruct, GoesOnWhenAFullDiskHasRoomAgain) {
  const FakeColmap colmap;
  fs::create_directories(colmap.Models());
  constexpr int kDisk = 256;
  for (int room = 0; room < kDisk; room += 12) {
    const auto report = OnSmallDisk(colmap.Models(), kDisk, [&]() -> std::string {
      const fs::path filler = colmap.Models() / "filler";
      WriteFile(filler, std::string(static_cast<size_t>(kDisk - room) << 10, 'x'));
      std::string first;
      try {
        first = colmap.Run().status;
      } catch (const Error& error) {
        first = error.what();
      }
      fs::remove(filler);
      return StrCat(first, " / ", colmap.Run().status);
    });
    VANTAGE_REQUIRE_SMALL_DISK(report);
    EXPECT_THAT(*report, ::testing::AnyOf(HasSubstr("No space left on device"), StartsWith("failed: colmap "),
                                          StartsWith("done")))
        << room;
    EXPECT_THAT(*report, EndsWith(" / done")) << room;
    if (room == 0) {
      EXPECT_THAT(*report, Not(HasSubstr("done / ")));
    }
  }
}

TEST(Reconstruct, AModelThatCannotBeReadIsAFailedScene) {
  const FakeColmap colmap;
  colmap.Let("cuts-model");
  EXPECT_THAT(colmap.Run().status,
              AllOf(StartsWith("failed: colmap mapper left a model that cannot be read: "),
                    HasSubstr("images.bin: ")));
  colmap.LetNoLonger("cuts-model");
  EXPECT_EQ(colmap.Run().status, "done");
  EXPECT_EQ(colmap.CountCalls("exhaustive_matcher"), 1);
}

TEST(Reconstruct, NoModelIsANormalOutcome) {
  const FakeColmap colmap;
  colmap.Let("finds-nothing");
  EXPECT_EQ(colmap.Run().status, "no model");
  EXPECT_TRUE(colmap.Run().was_done);
}

TEST(Reconstruct, NoModelIsWhatColmapSaysAllElseIsTriedAgain) {
  const FakeColmap colmap;
  for (const char* what : {"ends-with-1", "leaves-nothing"}) {
    colmap.Let(what);
    const int calls = colmap.CountCalls("mapper");
    EXPECT_THAT(colmap.Run().status, StartsWith("failed: colmap mapper ")) << what;
    EXPECT_THAT(colmap.Run().status, StartsWith("failed: colmap mapper ")) << what;
    EXPECT_EQ(colmap.CountCalls("mapper"), calls + 2);
    colmap.LetNoLonger(what);
  }
  EXPECT_EQ(colmap.Run().status, "done");
}

// Log messages of an earlier call do not count.
TEST(Reconstruct, NoModelIsSaidByTheSameCall) {
  const FakeColmap colmap;
  colmap.Let("mapper.crashes");
  colmap.Run();
  colmap.LetNoLonger("mapper.crashes");
  const fs::path log = colmap.Models() / "scene/.vantage/colmap.log";
  WriteFile(log, ReadFile(log) + "ERROR: failed to create sparse model\n");
  colmap.Let("ends-with-1");
  EXPECT_THAT(colmap.Run().status, HasSubstr("ended with exit code 1; see "));
}

TEST(Reconstruct, OtherPhotosOrOptionsAreDoneAnew) {
  const FakeColmap colmap;
  colmap.Run();
  ReconstructOptions options = colmap.Options();
  options.max_features = 1000;
  EXPECT_FALSE(colmap.Run(options).was_done);
  EXPECT_TRUE(colmap.Run(options).was_done);
  WriteFile(colmap.Photos() / "scene/6.jpg", "");
  EXPECT_FALSE(colmap.Run(options).was_done);
}

TEST(Reconstruct, ADamagedNoteCostsOnlyWork) {
  for (const char* note : {"", "{", "[]", R"({"fingerprint": 3, "steps": 4})", R"({"seconds": "a"})"}) {
    const FakeColmap colmap;
    WriteFile(colmap.Models() / "scene/.vantage/scene.json", note);
    EXPECT_EQ(colmap.Run().status, "done") << note;
  }
}

// The content of all files below the folder, by their names.
std::map<std::string, std::string> ContentOf(const fs::path& folder) {
  std::map<std::string, std::string> content;
  for (const std::string& name : FilesBelow(folder)) content[name] = ReadFile(folder / name);
  return content;
}

TEST(Reconstruct, WhatColmapMadeWithoutUsIsNeverTouched) {
  for (const char* file : {"database.db", "sparse/0/images.bin"}) {
    const FakeColmap colmap;
    const fs::path scene = colmap.Photos() / "scene";  // COLMAP's own workspace
    for (const char* own : {"photos.txt", "pairs.txt", "scene.json", "colmap.log"})
      WriteFile(scene / own, "own");
    WriteFile(scene / file, "precious");
    const auto before = ContentOf(scene);
    const SceneOutcome outcome = ReconstructScenes(colmap.Photos(), colmap.Photos(), colmap.Options()).at(0);
    EXPECT_THAT(outcome.status,
                AllOf(StartsWith("failed: "), HasSubstr("COLMAP's files that vantage did not make"),
                      HasSubstr("choose another folder")));
    EXPECT_EQ(ContentOf(scene), before);
    EXPECT_EQ(colmap.Calls(), "");
  }
}

TEST(Reconstruct, FilesOfUsersWithOrdinaryNamesStay) {
  const FakeColmap colmap;
  const fs::path scene = colmap.Photos() / "scene";
  for (const char* own : {"photos.txt", "pairs.txt", "scene.json", "colmap.log"})
    WriteFile(scene / own, "own");
  ReconstructOptions options = colmap.Options();
  options.matching = "sequential";
  EXPECT_EQ(ReconstructScenes(colmap.Photos(), colmap.Photos(), options).at(0).status, "done");
  for (const char* own : {"photos.txt", "pairs.txt", "scene.json", "colmap.log"}) {
    EXPECT_EQ(ReadFile(scene / own), "own");
  }
  EXPECT_TRUE(IsColmapModel(scene / "sparse/0"));
  EXPECT_TRUE(fs::exists(scene / "database.db"));
}

TEST(Reconstruct, ALostStateVouchesForNothing) {
  const FakeColmap colmap;
  colmap.Run();
  WriteFile(colmap.Models() / "scene/.vantage/scene.json", "{");
  const auto before = ContentOf(colmap.Models() / "scene");
  EXPECT_THAT(colmap.Run().status, HasSubstr("(database.db, sparse); choose another folder"));
  EXPECT_EQ(ContentOf(colmap.Models() / "scene"), before);
}

TEST(Reconstruct, AModelThatWasRefinedSinceIsNotReplaced) {
  const FakeColmap colmap;
  colmap.Run();
  WriteFile(colmap.Models() / "scene/sparse/0/points3D.bin", "refined");
  EXPECT_TRUE(colmap.Run().was_done);
  ReconstructOptions options = colmap.Options();
  options.max_features = 1000;
  EXPECT_THAT(colmap.Run(options).status, HasSubstr("sparse: has changed since vantage made it"));
  EXPECT_EQ(ReadFile(colmap.Models() / "scene/sparse/0/points3D.bin"), "refined");
}

TEST(Reconstruct, AFinishedModelStaysUntilAnotherIsComplete) {
  const FakeColmap colmap;
  colmap.Run();
  const fs::path scene = colmap.Models() / "scene";
  const auto model = ContentOf(scene / "sparse");
  const std::string database = ReadFile(scene / "database.db");
  const auto expect_unchanged = [&] {
    EXPECT_EQ(ContentOf(scene / "sparse"), model);
    EXPECT_EQ(ReadFile(scene / "database.db"), database);
  };
  ReconstructOptions options = colmap.Options();
  options.max_features = 1000;
  colmap.Let("finds-nothing");
  SceneOutcome outcome = colmap.Run(options);
  EXPECT_EQ(outcome.status, "no model");
  EXPECT_TRUE(outcome.earlier_model_stays);
  expect_unchanged();
  EXPECT_TRUE(colmap.Run(options).was_done);
  EXPECT_TRUE(colmap.Run(options).earlier_model_stays);
  colmap.LetNoLonger("finds-nothing");

  options.max_features = 2000;
  colmap.Let("mapper.crashes");
  outcome = colmap.Run(options);
  EXPECT_THAT(outcome.status, HasSubstr("exit code 139"));
  EXPECT_TRUE(outcome.earlier_model_stays);
  expect_unchanged();
  colmap.LetNoLonger("mapper.crashes");

  options.max_features = 3000;
  colmap.Let("exhaustive_matcher.hangs");
  RunContext context;
  const int calls = colmap.CountCalls("exhaustive_matcher");
  context.is_cancelled = [&] { return colmap.CountCalls("exhaustive_matcher") > calls; };
  EXPECT_THROW(colmap.Run(options, {}, context), Interrupted);
  expect_unchanged();
  colmap.LetNoLonger("exhaustive_matcher.hangs");

  EXPECT_TRUE(colmap.Run().was_done);  // the first result is still stored
  colmap.UseModel(MakeRandomModel(5, 50, 2));
  outcome = colmap.Run(options);
  EXPECT_EQ(outcome.status, "done");
  EXPECT_FALSE(outcome.earlier_model_stays);
  EXPECT_EQ(outcome.registered, 5);
  EXPECT_NE(ContentOf(scene / "sparse"), model);
  EXPECT_THAT(FilesBelow(scene / ".vantage"), UnorderedElementsAre("scene.json", "photos.txt", "colmap.log"));
}

// After a kill while files are moved, the next call completes the move, whatever its options.
TEST(Reconstruct, AMoveThatWasInterruptedIsEnded) {
  const FakeColmap colmap;
  colmap.Run();
  const fs::path scene = colmap.Models() / "scene";
  const auto done = ContentOf(scene);
  nlohmann::json state = nlohmann::json::parse(done.at(".vantage/scene.json"));
  nlohmann::json before = state;
  before["attempt"] = {{"fingerprint", state["model"]["fingerprint"]},
                       {"photo_folder", state["photos"]},
                       {"is_pool", state["pool"]},
                       {"colmap", state["colmap"]},
                       {"beside", true},
                       {"database", state["database"]},
                       {"steps", {"feature_extractor", "exhaustive_matcher"}},
                       {"seconds", 1},
                       {"is_complete", true},
                       {"outcome", state["model"]["outcome"]},
                       {"model_digest", state["model_digest"]}};
  before["model"]["fingerprint"] = "of other options";
  before["model_digest"] = "";
  before["database"]["options"] = "others";
  for (int moved = 0; moved < 4; ++moved) {
    fs::remove_all(scene);
    for (const auto& [name, content] : done) WriteFile(scene / name, content);
    WriteFile(scene / ".vantage/scene.json", before.dump());
    if (moved < 3) fs::rename(scene / "sparse", scene / ".vantage/sparse.partial");
    if (moved < 2) WriteFile(scene / "sparse/0/images.bin", "old");
    if (moved == 2) WriteFile(scene / ".vantage/sparse.old/0/images.bin", "old");
    if (moved < 1) {
      fs::rename(scene / "database.db", scene / ".vantage/database.db");
      WriteFile(scene / "database.db", "old");
    }
    EXPECT_TRUE(colmap.Run().was_done) << moved;
    auto now = ContentOf(scene);
    EXPECT_EQ(nlohmann::json::parse(now[".vantage/scene.json"]), state) << moved;
    now.erase(".vantage/scene.json");
    auto expected = done;
    expected.erase(".vantage/scene.json");
    EXPECT_EQ(now, expected) << moved;
  }
}

TEST(Reconstruct, PhotosThatAreAddedExtendTheDatabase) {
  const FakeColmap colmap;
  colmap.Run();
  const fs::path database = colmap.Models() / "scene/database.db";
  sqlite::Database(database, sqlite::Database::Mode::kCreate)
      .Execute("CREATE TABLE features_of_an_hour (id INTEGER)");
  const auto is_old = [&] {
    return sqlite::Database(database, sqlite::Database::Mode::kRead).HasTable("features_of_an_hour");
  };
  WriteFile(colmap.Photos() / "scene/6.jpg", "");
  const SceneOutcome outcome = colmap.Run();
  EXPECT_EQ(outcome.status, "done");
  EXPECT_FALSE(outcome.was_done);
  EXPECT_EQ(outcome.photos, 7);
  EXPECT_EQ(colmap.CountCalls("feature_extractor"), 2);
  EXPECT_TRUE(is_old());
  EXPECT_THAT(ReadFile(colmap.Models() / "scene/.vantage/photos.txt"), HasSubstr("6.jpg"));
  // A changed photo counts as another: COLMAP would keep the old one's features.
  WriteFile(colmap.Photos() / "scene/6.jpg", "changed");
  EXPECT_EQ(colmap.Run().status, "done");
  EXPECT_FALSE(is_old());
}

TEST(Reconstruct, ADamagedDatabaseThatIsNotFinishedCostsOnlyWork) {
  const FakeColmap colmap;
  colmap.Let("mapper.crashes");
  colmap.Run();
  WriteFile(colmap.Models() / "scene/.vantage/database.db", "damaged");
  colmap.LetNoLonger("mapper.crashes");
  EXPECT_EQ(colmap.Run().status, "done");
  EXPECT_EQ(colmap.CountCalls("feature_extractor"), 2);
}

TEST(Reconstruct, AModelThatWasDeletedIsMadeAgainFromTheDatabase) {
  const FakeColmap colmap;
  colmap.Run();
  fs::remove_all(colmap.Models() / "scene/sparse");
  EXPECT_EQ(colmap.Run().status, "done");
  EXPECT_TRUE(IsColmapModel(colmap.Models() / "scene/sparse/0"));
}

TEST(Reconstruct, MatchesProposedPairsOfAPool) {
  const FakeColmap colmap;
  for (int i = 0; i < 3; ++i) WriteFile(colmap.Photos() / StrCat("other/", i, ".jpg"), "");
  ReconstructOptions options = colmap.Options();
  options.pool = true;
  options.exhaustive_limit = 5;
  std::atomic<int> calls = 0;
  PairProposer proposer;
  proposer.fingerprint = "first";
  proposer.propose = [&](const std::vector<fs::path>& photos, const RunContext&) {
    ++calls;
    EXPECT_EQ(photos.size(), 9U);
    EXPECT_TRUE(fs::exists(photos[8]));
    return std::vector<PhotoPair>{{2, 3}, {0, 8}, {2, 3}};
  };
  EXPECT_EQ(colmap.Run(options, proposer).photos, 9);
  EXPECT_EQ(ReadFile(colmap.Models() / "photos/.vantage/pairs.txt"),
            "other/0.jpg scene/5.jpg\nother/2.jpg scene/0.jpg\n");
  EXPECT_THAT(colmap.Calls(), HasSubstr("matches_importer"));
  EXPECT_THAT(colmap.Calls(), HasSubstr("pairs.txt --match_type pairs"));
  EXPECT_THAT(ReadFile(colmap.Models() / "photos/.vantage/scene.json"), HasSubstr("\"pool\": true"));
  EXPECT_TRUE(colmap.Run(options, proposer).was_done);
  EXPECT_EQ(calls, 1);
  proposer.fingerprint = "second";
  EXPECT_FALSE(colmap.Run(options, proposer).was_done);
  // Few photos are still matched exhaustively.
  options.exhaustive_limit = 9;
  colmap.Run(options, proposer);
  EXPECT_EQ(calls, 2);
  EXPECT_THAT(colmap.Calls(), HasSubstr("exhaustive_matcher"));
}

TEST(Reconstruct, PhotosWithSpacesAreMatchedUnderOtherNames) {
  const FakeColmap colmap;
  fs::rename(colmap.Photos() / "scene/0.jpg", colmap.Photos() / "scene/my 100% photo.jpg");
  colmap.Name("0.jpg", "my 100% photo.jpg");
  ReconstructOptions options = colmap.Options();
  options.matching = "sequential";
  options.sequential_overlap = 1;
  colmap.Let("matches_importer.crashes");
  EXPECT_THAT(colmap.Run(options).status, HasSubstr("exit code 139"));
  EXPECT_THAT(colmap.NamesInNewDatabase(), ElementsAre("1.jpg", "my 100% photo.jpg"));
  colmap.LetNoLonger("matches_importer.crashes");
  colmap.Run(options);
  EXPECT_THAT(colmap.NamesWhenMatched(), ElementsAre("1.jpg", "my%20100%25%20photo.jpg"));
  EXPECT_THAT(ReadFile(colmap.Models() / "scene/.vantage/pairs.txt"),
              HasSubstr("5.jpg my%20100%25%20photo.jpg\n"));
  EXPECT_THAT(colmap.NamesInDatabase(), ElementsAre("1.jpg", "my 100% photo.jpg"));
}

TEST(ListNames, AreOthersForOthersAndLeadBack) {
  const std::vector<std::string> own = {"a b.jpg", "a%20b.jpg", "a%2520b.jpg", "#c.jpg",
                                        "d.jpg",   "50%.jpg",   "e\tf.jpg"};
  const TemporaryFolder folder;
  const fs::path path = folder / "database.db";
  {
    sqlite::Database database(path, sqlite::Database::Mode::kCreate);
    database.Execute("CREATE TABLE images (image_id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE)");
    sqlite::Statement insert(database, "INSERT INTO images (name) VALUES (?)");
    for (const std::string& name : own) insert.Run(name);
  }
  const std::vector<std::string> before = FakeColmap::NamesIn(path);
  for (int round = 0; round < 2; ++round) {
    TakeListNames(path);
    TakeListNames(path);  // as after a kill
    const std::vector<std::string> names = FakeColmap::NamesIn(path);
    EXPECT_EQ(std::set<std::string>(names.begin(), names.end()).size(), own.size());
    for (const std::string& name : own) {
      EXPECT_THAT(names, Contains(ListName(name)));
      EXPECT_TRUE(IsWord(ListName(name)));
    }
    TakeOwnNames(path);
    TakeOwnNames(path);
    EXPECT_EQ(FakeColmap::NamesIn(path), before);
  }
}

TEST(Reconstruct, OneScenesFailureDoesNotEndTheOthers) {
  const FakeColmap colmap;
  for (const char* scene : {"a", "b", "c", "d"}) WriteFile(colmap.Photos() / scene / "0.jpg", "");
  WriteFile(colmap.Models() / "a/.vantage", "a file where a folder is to be");
  fs::create_directories(colmap.Models() / "b/.vantage/scene.json");
  ReconstructOptions options = colmap.Options();
  options.jobs = 1;
  options.matching = "proposed";
  int proposals = 0;
  const PairProposer proposer{[&](const std::vector<fs::path>&, const RunContext&) -> std::vector<PhotoPair> {
                                if (++proposals == 1) throw std::bad_alloc();
                                return {};
                              },
                              ""};
  const auto statuses = [&] {
    std::vector<std::string> result;
    for (const SceneOutcome& outcome :
         ReconstructScenes(colmap.Photos(), colmap.Models(), options, {}, proposer)) {
      EXPECT_NE(outcome.name, "");
      EXPECT_GE(outcome.photos, 1);
      result.push_back(outcome.status);
    }
    return result;
  };
  EXPECT_THAT(statuses(), ElementsAre(StartsWith("failed: "), StartsWith("failed: "), StartsWith("failed: "),
                                      "done", "done"));
  fs::remove(colmap.Models() / "a/.vantage");
  fs::remove(colmap.Models() / "b/.vantage/scene.json");
  EXPECT_THAT(statuses(), ElementsAre("done", "done", "done", "done", "done"));
}

TEST(Reconstruct, LoosePhotosBesideSubFoldersAreASceneAndHiddenFoldersNone) {
  const FakeColmap colmap;
  for (int i = 0; i < 4; ++i) WriteFile(colmap.Photos() / StrCat("loose", i, ".jpg"), "");
  WriteFile(colmap.Photos() / ".thumbs/0.jpg", "");
  const std::vector<SceneOutcome> outcomes =
      ReconstructScenes(colmap.Photos(), colmap.Models(), colmap.Options());
  ASSERT_EQ(outcomes.size(), 2U);
  EXPECT_EQ(outcomes[0].name, "scene");
  EXPECT_EQ(outcomes[0].photos, 6);
  EXPECT_EQ(outcomes[1].name, "photos");
  EXPECT_EQ(outcomes[1].photos, 4);
  WriteFile(colmap.Photos() / "photos/0.jpg", "");
  EXPECT_THAT(
      ErrorOf([&] { ReconstructScenes(colmap.Photos(), colmap.Models(), colmap.Options()); }),
      HasSubstr("4 photos next to the sub-folders would be a scene named like the sub-folder photos"));
}

TEST(Reconstruct, TwoRunsOnOneOutputExcludeEachOther) {
  const FakeColmap colmap;
  std::string error;
  const PairProposer proposer{[&](const std::vector<fs::path>&, const RunContext&) {
                                error = ErrorOf([&] { colmap.Run(); });  // while the first one works
                                return std::vector<PhotoPair>();
                              },
                              ""};
  ReconstructOptions options = colmap.Options();
  options.matching = "proposed";
  EXPECT_EQ(colmap.Run(options, proposer).status, "done");
  EXPECT_THAT(error, HasSubstr("models/.lock: another run reconstructs into this folder"));
  EXPECT_EQ(colmap.CountCalls("mapper"), 1);
}

TEST(Reconstruct, RefusesWrongPairs) {
  const FakeColmap colmap;
  ReconstructOptions options = colmap.Options();
  options.matching = "proposed";
  EXPECT_THROW(colmap.Run(options), UsageError);
  for (const PhotoPair& pair : {PhotoPair{1, 6}, PhotoPair{2, 2}, PhotoPair{-1, 2}}) {
    const PairProposer proposer{
        [&](const std::vector<fs::path>&, const RunContext&) { return std::vector<PhotoPair>{pair}; }, ""};
    EXPECT_THAT(colmap.Run(options, proposer).status, HasSubstr("was proposed for 6 photos"));
  }
}

TEST(Reconstruct, MatchesVideoInTheOrderOfNames) {
  const FakeColmap colmap;
  ReconstructOptions options = colmap.Options();
  options.matching = "sequential";
  options.sequential_overlap = 2;
  colmap.Run(options);
  const std::string pairs = ReadFile(colmap.Models() / "scene/.vantage/pairs.txt");
  EXPECT_THAT(SplitText(pairs, '\n'),
              ElementsAre("0.jpg 1.jpg", "0.jpg 2.jpg", "1.jpg 2.jpg", "1.jpg 3.jpg", "2.jpg 3.jpg",
                          "2.jpg 4.jpg", "3.jpg 4.jpg", "3.jpg 5.jpg", "4.jpg 5.jpg", ""));
}

TEST(Reconstruct, VideoIsInNaturalOrderAndEndsWithItsFolder) {
  const FakeColmap colmap;
  fs::remove_all(colmap.Photos() / "scene");
  for (const char* name : {"a/f1", "a/f2", "a/f10", "a/f9", "b/f1", "b/f2"}) {
    WriteFile(colmap.Photos() / "scene" / StrCat(name, ".jpg"), "");
  }
  ReconstructOptions options = colmap.Options();
  options.matching = "sequential";
  options.sequential_overlap = 1;
  colmap.Run(options);
  EXPECT_THAT(SplitText(ReadFile(colmap.Models() / "scene/.vantage/pairs.txt"), '\n'),
              UnorderedElementsAre("a/f1.jpg a/f2.jpg", "a/f2.jpg a/f9.jpg", "a/f10.jpg a/f9.jpg",
                                   "b/f1.jpg b/f2.jpg", ""));
}

TEST(SequentialPairs, FollowTheRule) {
  for (const int64_t photos : {0, 1, 2, 7, 200}) {
    for (const int overlap : {1, 3, 8}) {
      std::set<PhotoPair> expected;
      for (int64_t a = 0; a < photos; ++a) {
        for (int64_t b = a + 1; b < photos; ++b) {
          bool is_power = false;
          for (int power = 0; power < overlap; ++power) is_power |= b - a == int64_t{1} << power;
          if (b - a <= overlap || is_power) expected.insert({a, b});
        }
      }
      const std::vector<PhotoPair> pairs = SequentialPairs(photos, overlap);
      EXPECT_EQ(pairs.size(), expected.size());
      EXPECT_EQ(std::set<PhotoPair>(pairs.begin(), pairs.end()), expected);
    }
  }
}

TEST(ColmapLog, TellsHowFarCommandsAre) {
  const TemporaryFolder folder;
  const fs::path path = folder / "log";
  std::string text = "Processed file [7/9]\n";  // of an earlier command
  const auto append = [&](const std::string& more) {
    text += more;
    WriteFile(path, text);
  };
  append("");
  ColmapLog log(path, 20);
  EXPECT_EQ(log.DonePart(), 0);
  append("Processed file [2/8]\n  Name: 3.jpg\nProcessed fi");
  EXPECT_EQ(log.DonePart(), 0.25);
  append("le [4/8]\n");
  EXPECT_EQ(log.DonePart(), 0.5);
  append("I2026 pairing.cc:9] Processing block [2/3, 1/3] in 0.2s\n");
  EXPECT_DOUBLE_EQ(log.DonePart(), 1.0 / 3);
  append("Matching block [3/4] in 0.2s\n");
  EXPECT_EQ(log.DonePart(), 0.5);
  append("Registering image #40 (3)\n");
  EXPECT_EQ(log.DonePart(), 3.0 / 20);
  append("Registering image #4 (num_reg_frames=8)\nRegistering image #7 (3)\n");
  EXPECT_EQ(log.DonePart(), 11.0 / 20);
  append("Processed file [3/0]\nMatching block [\nMatching block [9999999999999999999999/1]\n");
  EXPECT_EQ(log.DonePart(), 11.0 / 20);
  EXPECT_EQ(ColmapLog(folder / "none", 0).DonePart(), 0);
}

TEST(ReconstructScenes, RefusesOptionsThatMeanNothing) {
  const auto error = [](const ReconstructOptions& options) {
    return testing::ErrorOf([&] { ReconstructScenes("photos", "models", options); });
  };
  EXPECT_THAT(error({.matching = "all"}), ::testing::HasSubstr("'matching' = 'all'"));
  EXPECT_THAT(error({.max_image_size = 0}), ::testing::HasSubstr("'max_image_size' = 0"));
  EXPECT_THAT(error({.jobs = -1}), ::testing::HasSubstr("'jobs' = -1"));
}

}  // namespace
}  // namespace vantage::sfm

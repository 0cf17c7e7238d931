// SPDX-License-Identifier: BSD-3-Clause
#include <nlohmann/json.hpp>
#include <set>

#include "command/run_vantage.h"
#include "nn/model_file.h"
#include "testing/files.h"
#include "testing/models.h"
#include "testing/photos.h"
#include "util/file.h"
#include "util/string.h"
#include "util/subprocess.h"
#include "vantage/colmap.h"
#include "vantage/training_set.h"

namespace vantage {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using vantage::testing::FilesBelow;
using vantage::testing::MakeFormulaModel;
using vantage::testing::MakePhoto;
using vantage::testing::MakeRandomModel;
using vantage::testing::Output;
using vantage::testing::TemporaryFolder;
using vantage::testing::Vantage;
using vantage::testing::VantageJson;

// Three scenes of twelve photos with sparse models, and a network.
class Tuples : public ::testing::Test {
 protected:
  void SetUp() override {
    for (int s = 0; s < 3; ++s) {
      const std::string name = StrCat("scene", s);
      WriteColmapModel(MakeRandomModel(12, 300, static_cast<uint64_t>(s)),
                       folder_ / "models" / name / "sparse/0", ModelFormat::kBinary);
      WriteFile(folder_ / "models" / name / ".vantage/scene.json",
                R"({"photos": "../../photos/)" + name + "\"}");
      for (int view = 0; view < 12; ++view)
        WriteFile(folder_ / "photos" / name / StrCat(view, ".jpg"),
                  EncodeJpeg(MakePhoto(s, view, 90, 70), 90));
    }
    nn::ModelParts model = MakeFormulaModel();
    model.preprocessing = LongestSide(64);
    nn::WriteModel(model, folder_ / "model.pth");
  }

  std::string Path(const std::string& name) const { return (folder_ / name).string(); }
  // The command for a shell.
  std::string Command(const std::string& output) const {
    return "'" VANTAGE_PROGRAM "' tuples '" + Path("models") + "' --query-fraction 1 -o " + output;
  }

  TemporaryFolder folder_;
};

TEST_F(Tuples, AFullDiskLeavesTheOldSetAndNothingElse) {
  // Disks of the smallest size, and larger ones that have room for a part.
  WriteFile(folder_ / "full.sh", "disk='" + Path("disk") + "'; mkdir $disk\nfor size in 4 8 16 32; do\n" +
                                     "  mount -t tmpfs -o size=${size}k none $disk || exit 77\n" +
                                     "  echo SQLite format 3, old > $disk/set.db\n  " +
                                     Command("$disk/set.db") +
                                     "; echo code $?\n  ls -A $disk; cat $disk/set.db; umount $disk\ndone\n");
  const auto [code, text] = CaptureCommand({"unshare", "-rm", "bash", Path("full.sh")});
  if (code != 0) GTEST_SKIP() << "a file system in memory cannot be mounted here: " << text;
  size_t at = 0;
  for (int disk = 0; disk < 4; ++disk) {
    const size_t next = text.find("code 1\nset.db\nSQLite format 3, old\n", at);
    ASSERT_NE(next, text.npos) << text;
    EXPECT_THAT(text.substr(at, next - at), ContainsRegex("disk/set.db.*: database or disk is full"));
    at = next + 1;
  }
  EXPECT_EQ(Vantage({"tuples", Path("models"), "-o", Path("set.db")}).code, 0);
}

// The first test photo is a pipe, which blocks the program during description until the script opens it too.
TEST_F(Tuples, CtrlCInTheMiddleAndAgainLeavesNothing) {
  const std::string photo = Path("a-test.jpg");
  const std::string interrupted = Command("'" + Path("out/set.db") + "'") + " --model '" + Path("model.pth") +
                                  "' --exclude-photos '" + photo + "' & pid=$!; exec 3> '" + photo +
                                  "'; kill -INT $pid; exec 3>&-; wait $pid; echo code $?\n";
  WriteFile(folder_ / "interrupt.sh", "mkfifo '" + photo + "'\n" + interrupted + interrupted);
  const auto [code, text] = CaptureCommand({"bash", "-c", "set -m; . '" + Path("interrupt.sh") + "'"});
  const size_t first = text.find("code 130");
  ASSERT_NE(first, text.npos) << text;
  EXPECT_NE(text.find("code 130", first + 1), text.npos) << text;
  EXPECT_THAT(text, HasSubstr("interrupted"));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "out"));

  std::filesystem::remove(photo);
  WriteFile(photo, EncodeJpeg(MakePhoto(7, 3, 90, 70), 90));
  EXPECT_EQ(Vantage({"tuples", Path("models"), "--model", Path("model.pth"), "--exclude-photos", photo, "-o",
                     Path("out/set.db")})
                .code,
            0);
  EXPECT_EQ(ReadTrainingSet(folder_ / "out/set.db").photos.size(), 36U);
}

TEST_F(Tuples, AWorkspaceOfColmapGivesEachPhotoOnce) {
  for (const char* model : {"sparse/0", "dense/sparse"}) {
    WriteColmapModel(MakeRandomModel(12, 300, 0), folder_ / "ws/s0" / model, ModelFormat::kBinary);
  }
  for (const char* photos : {"images", "dense/images"}) {
    std::filesystem::create_directories((folder_ / "ws/s0" / photos).parent_path());
    std::filesystem::copy(folder_ / "photos/scene0", folder_ / "ws/s0" / photos);
  }
  for (const std::vector<std::string>& photos :
       {std::vector<std::string>{}, {"--photos", Path("ws/s0/images")}, {"--photos", Path("ws")}}) {
    std::vector<std::string> arguments = {"tuples", Path("ws"), "-o", Path("set.db")};
    arguments.insert(arguments.end(), photos.begin(), photos.end());
    const Output output = Vantage(arguments);
    EXPECT_EQ(output.code, 0) << output.text;
    EXPECT_THAT(output.text, HasSubstr("ws/s0/dense: is left out"));
    std::vector<std::string> paths;
    for (const TrainingPhoto& photo : ReadTrainingSet(folder_ / "set.db").photos) paths.push_back(photo.path);
    EXPECT_EQ(paths.size(), 12U);
    for (const std::string& path : paths) EXPECT_THAT(path, ::testing::StartsWith("ws/s0/images/"));
    EXPECT_EQ(std::set<std::string>(paths.begin(), paths.end()).size(), 12U);
  }
}

TEST_F(Tuples, WithoutAnyPhotoNothingIsWritten) {
  std::filesystem::rename(folder_ / "photos", folder_ / "gone");
  const Output output = Vantage({"tuples", Path("models"), "-o", Path("set.db")});
  EXPECT_EQ(output.code, 1);
  EXPECT_THAT(output.text, HasSubstr("none of the 36 photos that the models name was found, such as " +
                                     Path("photos/scene0/0.jpg")));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "set.db"));
}

TEST_F(Tuples, PhotosThatMovedAreFoundAgain) {
  const std::string set = Path("sets/set.db");
  VantageJson({"tuples", Path("models"), "-o", set});
  std::filesystem::create_directory(folder_ / "disk");
  std::filesystem::rename(folder_ / "photos", folder_ / "disk/photos");
  const Output missing = Vantage({"report", set, "-o", Path("page.html")});
  EXPECT_EQ(missing.code, 1);
  EXPECT_THAT(missing.text, HasSubstr("none of its 36 photos was found, as " + Path("photos/scene0/0.jpg")));
  for (const char* photos : {"disk/photos", "disk"}) {
    EXPECT_TRUE(VantageJson({"report", set, "--photos", Path(photos), "-o", Path("page.html")})["unreadable"]
                    .empty());
    VantageJson({"whiten", Path("model.pth"), "--tuples", set, "--photos", Path(photos), "--method", "pca",
                 "--dim", "8", "-o", Path("whitened.pth")});
  }
  // A link to the set is in another folder than the set.
  std::filesystem::rename(folder_ / "disk/photos", folder_ / "photos");
  std::filesystem::create_directories(folder_ / "a/b/c");
  std::filesystem::create_symlink(set, folder_ / "a/b/c/set.db");
  EXPECT_TRUE(VantageJson({"report", Path("a/b/c/set.db"), "-o", Path("page.html")})["unreadable"].empty());
}

TEST_F(Tuples, ExclusionsThatMatchNothingAreNamed) {
  WriteFile(folder_ / "tests/t.jpg", EncodeJpeg(MakePhoto(7, 3, 90, 70), 90));
  const Output output = Vantage({"tuples", Path("models"), "--exclude-names", "Scene 1", "--exclude-names",
                                 "scnee2", "--exclude-photos", Path("tests"), "--exclude-photos",
                                 Path("photos/scene0/3.jpg"), "-o", Path("set.db")});
  EXPECT_EQ(output.code, 0) << output.text;
  EXPECT_THAT(output.text, HasSubstr("warning: --exclude-names scnee2: no scene has this name"));
  EXPECT_THAT(output.text, HasSubstr("warning: --exclude-photos compares the bytes of files only"));
  EXPECT_THAT(output.text, HasSubstr("warning: --exclude-photos " + Path("tests") + ": no scene"));
  EXPECT_THAT(output.text, ::testing::Not(HasSubstr("Scene 1: no")));
  EXPECT_THAT(output.text, ::testing::Not(HasSubstr("3.jpg: no scene")));
  EXPECT_EQ(ReadTrainingSet(folder_ / "set.db").scenes.size(), 1U);
}

// Folders of photos as classes: two that train and one that validates, one left out by name, one too small.
class TupleClasses : public ::testing::Test {
 protected:
  void SetUp() override {
    AddClass("photos/church", 5);
    AddClass("photos/tower", 4);
    AddClass("photos/bridge", 4);
    AddClass("photos/door", 2);
    AddClass("val/square", 6);
  }

  void AddClass(const std::string& name, int photos) const {
    for (int i = 0; i < photos; ++i) WriteFile(folder_ / name / StrCat(i, ".jpg"), StrCat(name, " ", i));
  }
  std::string Path(const std::string& name) const { return (folder_ / name).string(); }

  TemporaryFolder folder_;
};

TEST_F(TupleClasses, AreTheScenesOfATrainingSet) {
  const nlohmann::json printed =
      VantageJson({"tuples", Path("photos"), "--classes", "--val", Path("val"), "--exclude-names", "bridge",
                   "--min-scene-photos", "3", "--query-fraction", "1", "-o", Path("set.db")});
  EXPECT_EQ(printed["train"]["scenes"], 2);
  EXPECT_EQ(printed["train"]["photos"], 9);
  EXPECT_EQ(printed["val"]["photos"], 6);
  EXPECT_EQ(printed["dropped_scenes"], nlohmann::json::array({"door: 2 photos"}));
  const TrainingSet set = ReadTrainingSet(folder_ / "set.db");
  std::vector<std::string> names;
  for (const TrainingScene& scene : set.scenes) names.push_back(scene.name);
  EXPECT_THAT(names, ::testing::ElementsAre("church", "tower", "square"));
  EXPECT_EQ(set.queries.size(), 15U);
  for (const TrainingQuery& query : set.queries) {
    EXPECT_NE(query.photo, query.positive);
    EXPECT_EQ(set.photos[IndexOf(query.photo)].scene, set.photos[IndexOf(query.positive)].scene);
    EXPECT_TRUE(std::filesystem::exists(PhotoPath(set, query.positive, folder_.path())));
  }
}

TEST_F(TupleClasses, AFileOfTwoIsLeftOutOfBothAndNamed) {
  WriteFile(folder_ / "photos/tower/copy.jpg", "photos/church 2");
  const std::vector<std::string> arguments = {"tuples",          Path("photos"), "--classes",
                                              "--exclude-names", "BRIDGE",       "--exclude-names",
                                              "brigde",          "-o",           Path("set.db")};
  const Output output = Vantage(arguments);
  EXPECT_EQ(output.code, 0) << output.text;
  EXPECT_THAT(output.text, HasSubstr("warning: --exclude-names brigde: no class has this name"));
  EXPECT_THAT(output.text, HasSubstr("bridge: left out: 'BRIDGE' is excluded by name"));
  EXPECT_THAT(output.text,
              HasSubstr("church: 1 photo left out: church/2.jpg and tower/copy.jpg are the same file"));
  EXPECT_EQ(ReadTrainingSet(folder_ / "set.db").photos.size(), 8U);
  std::vector<std::string> kept = arguments;
  kept.insert(kept.end(), {"--overlapping", "keep"});
  EXPECT_EQ(VantageJson(kept)["train"]["photos"], 10);
}

TEST_F(TupleClasses, GoWithoutWhatSparseModelsNeed) {
  const auto refused = [&](std::vector<std::string> more) {
    more.insert(more.begin(), {"tuples", Path("photos"), "--classes", "-o", Path("set.db")});
    const auto [code, text] = Vantage(more);
    EXPECT_EQ(code, 2) << text;
    EXPECT_THAT(text, HasSubstr("--classes goes without"));
  };
  refused({"--model", Path("model.pth")});
  refused({"--exclude-photos", Path("val")});
  refused({"--photos", Path("val")});
  const auto [code, text] = Vantage({"tuples", Path("val/square"), "--classes", "-o", Path("set.db")});
  EXPECT_EQ(code, 1);
  EXPECT_THAT(text, HasSubstr("no sub-folder with a photo"));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "set.db"));
}

}  // namespace
}  // namespace vantage

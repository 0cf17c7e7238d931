// SPDX-License-Identifier: BSD-3-Clause
#include <cmath>
#include <csignal>
#include <map>
#include <nlohmann/json.hpp>
#include <thread>
#include <utility>

#include "command/run_vantage.h"
#include "nn/model_file.h"
#include "testing/files.h"
#include "testing/photos.h"
#include "testing/tensors.h"
#include "util/file.h"
#include "util/hash.h"
#include "util/random.h"
#include "util/string.h"
#include "util/subprocess.h"
#include "vantage/colmap.h"
#include "vantage/descriptors.h"
#include "vantage/training_set.h"

namespace vantage {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using vantage::testing::FilesBelow;
using vantage::testing::FillByFormula;
using vantage::testing::MakeFormulaModel;
using vantage::testing::MakePhoto;
using vantage::testing::Output;
using vantage::testing::TemporaryFolder;
using vantage::testing::Vantage;
using vantage::testing::VantageJson;
using vantage::testing::WritePhotosAndSet;

// A folder with photos, a training set and a model.
class Commands : public ::testing::Test {
 protected:
  void SetUp() override {
    WritePhotosAndSet(folder_.path(), 5, 4, 2);
    nn::ModelParts model = MakeFormulaModel();
    model.preprocessing = LongestSide(64);
    nn::WriteModel(model, folder_ / "model.pth");
    WriteFile(folder_ / "train.toml",
              "epochs = 4\ntuples_per_step = 2\n"
              "[model]\narchitecture = 'squeezenet1_1'\nweights = '" +
                  Path("model.pth") +
                  "'\n"
                  "[data]\ntraining_set = '" +
                  Path("set.db") +
                  "'\nimage_size = 64\ntest_size = 64\n"
                  "[mining.negatives]\nnegatives = 2\n[optimizer]\nlearning_rate = 1e-4\n");
  }

  std::string Path(const std::string& name) const { return (folder_ / name).string(); }

  TemporaryFolder folder_;
};

TEST_F(Commands, HelpOfEachShowsAnExample) {
  const Output all = Vantage({"--help"});
  EXPECT_EQ(all.code, 0);
  const json reference = VantageJson({"reference"});
  for (const json& task : reference["tasks"]) {
    const std::string name = task["name"];
    EXPECT_THAT(all.text, HasSubstr("\n  " + name + " "));
    const Output help = Vantage({name, "--help"});
    EXPECT_EQ(help.code, 0);
    EXPECT_THAT(help.text, HasSubstr("Example:\n  vantage " + name));
    for (const char* common : {"--threads", "--device", "--log-level", "--json"}) {
      EXPECT_THAT(help.text, HasSubstr(common));
    }
  }
  EXPECT_EQ(Vantage({}).code, 2);
  EXPECT_EQ(Vantage({"fly"}).code, 2);
}

TEST_F(Commands, OfWrongNamesTheNearestIsTold) {
  const Output task = Vantage({"extrct", Path("model.pth")});
  EXPECT_EQ(task.code, 2);
  EXPECT_THAT(task.text, HasSubstr("unknown task 'extrct'; did you mean 'extract'?"));
  const Output option =
      Vantage({"extract", Path("model.pth"), Path("photos"), "-o", Path("out"), "--siz", "64"});
  EXPECT_EQ(option.code, 2);
  EXPECT_THAT(option.text, HasSubstr("unknown option '--siz'; did you mean '--size'?"));
}

TEST_F(Commands, TrainWhitenExtractEvaluateInOneGo) {
  const json trained = VantageJson({"train", Path("train.toml"), "-o", Path("run"), "--set", "epochs=2"});
  EXPECT_EQ(trained["best_model"], Path("run/best.pth"));
  const json whitened =
      VantageJson({"whiten", Path("run/best.pth"), "--tuples", Path("set.db"), "-o", Path("white.pth")});
  EXPECT_EQ(whitened["photos"], 20);
  const json extracted =
      VantageJson({"extract", Path("white.pth"), Path("photos"), "-o", Path("descriptors"), "--dim", "32"});
  EXPECT_EQ(extracted["dimension"], 32);
  EXPECT_EQ(extracted["photos"], 20);
  const json by_model = VantageJson({"evaluate", Path("white.pth"), "--data", Path("photos"), "--dim", "32"});
  const json by_file = VantageJson({"evaluate", Path("descriptors.npy"), "--data", Path("photos")});
  EXPECT_EQ(by_model["map"], by_file["map"]);
  EXPECT_GT(by_model["map"], 0.5);  // four views of each of five scenes, nearly alike
  const json model = VantageJson({"info", Path("white.pth")});
  EXPECT_EQ(model["default_whitening"], "learned");
  EXPECT_EQ(model["whitenings"]["learned"]["ss"], json({512, 512}));
  EXPECT_EQ(VantageJson({"info", Path("set.db")})["val"]["scenes"], 2);
  EXPECT_EQ(VantageJson({"info", Path("descriptors.npy")})["provenance"]["preprocessing"], "longest=64");
}

TEST_F(Commands, SavedDescriptorsGiveTheFigureOfTheModel) {
  std::vector<std::string> names;
  for (const std::filesystem::path& photo : ListFiles(folder_ / "photos", {".jpg"})) {
    names.push_back(photo.string());
  }
  ASSERT_EQ(names.size(), 20U);
  WriteFile(folder_ / "photos" / names[5], "no JPEG");
  // Two photos of each scene are the database; the others are queries or unused.
  json images = {{"imlist", json::array()}};
  json queries = json::array();
  for (size_t scene = 0; scene < 5; ++scene) {
    images["imlist"].push_back(names[4 * scene]);
    images["imlist"].push_back(names[4 * scene + 1]);
    queries.push_back({{"query", names[4 * scene + 2]}, {"ok", {names[4 * scene], names[4 * scene + 1]}}});
  }
  WriteFile(folder_ / "photos/images.json", images.dump());
  WriteFile(folder_ / "photos/queries.json", queries.dump());
  const auto evaluate = [&](std::vector<std::string> more) {
    more.insert(more.begin(), "evaluate");
    more.insert(more.end(), {"--data", Path("photos")});
    return VantageJson(more);
  };
  const json by_model = evaluate({Path("model.pth"), "--save", Path("saved")});
  EXPECT_EQ(by_model["photos"], 10);
  EXPECT_EQ(by_model["failed"].size(), 1U);
  VantageJson({"extract", Path("model.pth"), Path("photos"), "-o", Path("all")});
  const json by_file = evaluate({Path("all.npy")});
  EXPECT_EQ(by_file["photos"], 10);
  EXPECT_EQ(by_file["map"], by_model["map"]);
  EXPECT_EQ(by_file["left_out"], 5);
  EXPECT_EQ(by_file["failed"].size(), 1U);
  const json by_saved = evaluate({Path("saved.npy"), "--queries", Path("saved-queries.npy")});
  EXPECT_EQ(by_saved["map"], by_model["map"]);
  EXPECT_EQ(by_saved["failed"].size(), 1U);
}

TEST_F(Commands, WhiteningIsFoldedTruncatedAndLearnedAtSeveralScales) {
  const auto whiten = [&](const std::string& output, std::vector<std::string> options) {
    options.insert(options.begin(), {"whiten", Path("model.pth"), "--tuples", Path("set.db"), "--shrinkage",
                                     "0.5", "--dim", "24", "-o", Path(output)});
    return options;
  };
  EXPECT_EQ(VantageJson(whiten("stored.pth", {}))["dimension"], 24);
  EXPECT_EQ(VantageJson(whiten("folded.pth", {"--fold"}))["folded"], true);
  const auto describe = [&](const std::string& model, const std::string& name) {
    VantageJson({"extract", Path(model), Path("photos"), "-o", Path(name)});
    return ReadDescriptors(folder_ / name).descriptors.values;
  };
  const DescriptorMatrix stored = describe("stored.pth", "stored");
  EXPECT_EQ(stored.cols(), 24);
  EXPECT_LT((describe("folded.pth", "folded") - stored).cwiseAbs().maxCoeff(), 1e-5);

  VantageJson(whiten("scales.pth", {"--scales", "1,0.7"}));
  const json scales = VantageJson({"info", Path("scales.pth")})["whitenings"]["learned"];
  EXPECT_EQ(scales["ss"], json({24, 512}));
  EXPECT_EQ(scales["ms"], json({24, 512}));
  VantageJson(whiten("paper.pth", {"--method", "learned-paper"}));
  EXPECT_EQ(VantageJson({"info", Path("paper.pth")})["default_whitening"], "learned-paper");

  const Output refused = Vantage(whiten("no.pth", {"--fold", "--scales", "1,0.7"}));
  EXPECT_EQ(refused.code, 2);
  EXPECT_THAT(refused.text, HasSubstr("--fold: a whitening that is learned at several scales"));
}

TEST_F(Commands, MergedDescriptorsAreThoseOfOneRun) {
  const auto list = [&](const std::string& name, const std::vector<std::string>& photos) {
    WriteFile(folder_ / "photos" / (name + ".txt"), Join(photos, "\n"));
    VantageJson({"extract", Path("model.pth"), Path("photos/" + name + ".txt"), "-o", Path(name)});
  };
  std::vector<std::string> photos = FilesBelow(folder_ / "photos");
  list("whole", photos);
  list("first", {photos.begin(), photos.begin() + 7});
  list("second", {photos.begin() + 7, photos.end()});
  const json merged = VantageJson({"merge", Path("first"), Path("second.npy"), "-o", Path("merged")});
  EXPECT_EQ(merged["photos"], photos.size());
  EXPECT_EQ(merged["files"], 2);
  EXPECT_EQ(ReadFile(folder_ / "merged.json"), ReadFile(folder_ / "whole.json"));
  EXPECT_EQ(Sha256OfFile(folder_ / "merged.npy"), Sha256OfFile(folder_ / "whole.npy"));

  for (const char* shard : {"1/3", "2/3", "3/3"}) {
    VantageJson({"extract", Path("model.pth"), Path("photos/whole.txt"), "-o",
                 Path(StrCat("shard-", shard[0])), "--shard", shard});
  }
  VantageJson({"merge", Path("shard-3"), Path("shard-1"), Path("shard-2"), "-o", Path("sharded")});
  EXPECT_EQ(ReadFile(folder_ / "sharded.json"), ReadFile(folder_ / "whole.json"));
  EXPECT_EQ(Sha256OfFile(folder_ / "sharded.npy"), Sha256OfFile(folder_ / "whole.npy"));

  VantageJson({"extract", Path("model.pth"), Path("photos/whole.txt"), "-o", Path("direct.h5")});
  VantageJson({"merge", Path("first"), Path("second"), "-o", Path("both.h5")});
  EXPECT_EQ(Sha256OfFile(folder_ / "direct.h5"), Sha256OfFile(folder_ / "both.h5"));
  EXPECT_EQ(VantageJson({"info", Path("both.h5")})["photos"], photos.size());
  EXPECT_EQ(VantageJson({"evaluate", Path("both.h5"), "--data", Path("photos")})["map"],
            VantageJson({"evaluate", Path("whole.npy"), "--data", Path("photos")})["map"]);
  VantageJson({"merge", Path("both.h5"), "-o", Path("half"), "--float16", "--format", "h5"});
  EXPECT_LT(std::filesystem::file_size(folder_ / "half.h5"), std::filesystem::file_size(folder_ / "both.h5"));
}

// Runs a command, killing it after random times, until it has ended by itself. Returns how often it was
// killed.
int RunThroughKills(Command command, double shortest, double longest, int seed = 1) {
  RandomStream random(static_cast<uint64_t>(seed), "kills");
  int kills = 0;
  int code = 1;
  for (int attempt = 0; attempt < 60 && code != 0; ++attempt) {
    // `timeout` sends SIGKILL, which cannot be caught. Later attempts get more time, so that the run ends on
    // a slow machine too.
    Command timed = command;
    const double longer = attempt < 30 ? 1 + attempt / 20 : std::exp2((attempt - 20) / 8);
    const double seconds = random.Uniform(shortest, longest) * longer;
    timed.arguments.insert(timed.arguments.begin(), {"timeout", "-s", "KILL", FormatFixed(seconds, 2)});
    code = RunCommand(timed, {}).exit_code;
    kills += code != 0 ? 1 : 0;
  }
  EXPECT_EQ(code, 0) << ReadFile(command.log_path);
  return kills;
}

TEST_F(Commands, KilledTrainingGoesOnToTheSameBytes) {
  // A checkpoint after each step; killed in data, mining, steps, checkpoints, validation and evaluation.
  int epochs = 10;
  const auto train = [&](const std::string& run) {
    return std::vector<std::string>{VANTAGE_PROGRAM,
                                    "train",
                                    Path("train.toml"),
                                    "-o",
                                    Path(run),
                                    "--resume",
                                    "--set",
                                    "checkpoint.every_minutes=1e-9",
                                    "--set",
                                    StrCat("epochs=", epochs),
                                    "--set",
                                    "checkpoint.keep=2",
                                    "--set",
                                    "evaluation.data=" + Path("photos"),
                                    "--set",
                                    "evaluation.every_epochs=1"};
  };
  ASSERT_EQ(RunCommand({train("whole"), {}, {}}, {}).exit_code, 0);
  int kills = 0;
  // On a fast machine ten epochs may end before the twentieth kill; run more then.
  for (; kills < 20 && epochs < 500; epochs += 10) {
    kills += RunThroughKills({train("killed"), {}, folder_ / "log"}, 0.4, 1.4, /*seed=*/epochs);
    if (HasFailure()) return;
  }
  epochs -= 10;
  EXPECT_GE(kills, 20);
  RecordProperty("kills", kills);
  ASSERT_EQ(RunCommand({train("whole"), {}, {}}, {}).exit_code, 0);  // the epochs beyond ten
  const auto checkpoint = [](int epoch) {
    const std::string number = std::to_string(epoch);
    return StrCat("checkpoints/epoch-", std::string(4 - number.size(), '0'), number, ".pth");
  };
  for (const std::string& file :
       {std::string("best.pth"), std::string("last.pth"), checkpoint(epochs - 1), checkpoint(epochs)})
    EXPECT_EQ(Sha256OfFile(folder_ / "killed" / file), Sha256OfFile(folder_ / "whole" / file)) << file;
}

TEST_F(Commands, KilledExtractionGoesOnToTheSameBytes) {
  for (int i = 0; i < 30; ++i)
    WriteFile(folder_ / StrCat("many/", 100 + i, ".jpg"), EncodeJpeg(MakePhoto(i, 0, 400 + i % 3, 300), 90));
  WriteFile(folder_ / "many/110.jpg", "not a photo");
  const auto extract = [&](const std::string& name) {
    return std::vector<std::string>{
        VANTAGE_PROGRAM, "extract",  Path("model.pth"), Path("many"),     "-o",    Path(name), "--size",
        "400",           "--scales", "1,0.7071,1.414",  "--batch-pixels", "300000"};
  };
  ASSERT_EQ(RunCommand({extract("whole"), {}, folder_ / "log"}, {}).exit_code, 0)
      << ReadFile(folder_ / "log");
  EXPECT_GE(RunThroughKills({extract("killed"), {}, folder_ / "log"}, 0.4, 0.8), 1);
  for (const char* extension : {".npy", ".json"}) {
    EXPECT_EQ(Sha256OfFile(folder_ / StrCat("killed", extension)),
              Sha256OfFile(folder_ / StrCat("whole", extension)));
  }
  EXPECT_FALSE(std::filesystem::exists(folder_ / "killed.partial"));
}

TEST_F(Commands, ExtractionGoesOnWhenAFullDiskHasRoomAgain) {
  for (int i = 0; i < 40; ++i)
    WriteFile(folder_ / StrCat("many/", 100 + i, ".jpg"), EncodeJpeg(MakePhoto(i, 0, 90, 70), 90));
  const std::string extract =
      "'" VANTAGE_PROGRAM "' extract '" + Path("model.pth") + "' '" + Path("many") + "' -o ";
  // A file system in memory for this test: 40 x 512 floats take 80 KiB, d.partial as much.
  WriteFile(folder_ / "full.sh",
            "disk='" + Path("disk") + "'; mkdir $disk; mount -t tmpfs -o size=100k none $disk || exit 77\n" +
                extract + "$disk/d; echo code $?; ls $disk; mount -o remount,size=1m $disk\n" + extract +
                "$disk/d; ls $disk; cp $disk/d.npy '" + Path("full.npy") + "'\n");
  const auto [code, text] = CaptureCommand({"unshare", "-rm", "bash", Path("full.sh")});
  if (code != 0) GTEST_SKIP() << "a file system in memory cannot be mounted here: " << text;
  EXPECT_THAT(text, HasSubstr("cannot be written: No space left on device"));
  EXPECT_THAT(text, HasSubstr("code 1\nd.partial\n"));
  EXPECT_THAT(text, HasSubstr("photos were described before"));
  EXPECT_THAT(text, HasSubstr("d.json\nd.npy\n"));
  VantageJson({"extract", Path("model.pth"), Path("many"), "-o", Path("whole")});
  EXPECT_EQ(Sha256OfFile(folder_ / "full.npy"), Sha256OfFile(folder_ / "whole.npy"));
}

TEST_F(Commands, TrainingGoesOnWhenAFullDiskHasRoomAgain) {
  // A checkpoint takes 8.7 MB, and the one before stays until the new one is whole.
  const std::string train = "'" VANTAGE_PROGRAM "' train '" + Path("train.toml") + "' --resume -o ";
  WriteFile(folder_ / "full.sh",
            "disk='" + Path("disk") + "'; mkdir $disk; mount -t tmpfs -o size=16m none $disk || exit 77\n" +
                train + "$disk/run; echo code $?; mount -o remount,size=64m $disk\n" + train +
                "$disk/run; echo code $?; cp $disk/run/last.pth '" + Path("full.pth") + "'\n");
  const auto [code, text] = CaptureCommand({"unshare", "-rm", "bash", Path("full.sh")});
  if (code != 0) GTEST_SKIP() << "a file system in memory cannot be mounted here: " << text;
  EXPECT_THAT(text, HasSubstr("No space left on device"));
  EXPECT_THAT(text, HasSubstr("code 1\n"));
  EXPECT_THAT(text, HasSubstr("code 0\n"));
  VantageJson({"train", Path("train.toml"), "-o", Path("whole")});
  EXPECT_EQ(Sha256OfFile(folder_ / "full.pth"), Sha256OfFile(folder_ / "whole/last.pth"));
}

TEST_F(Commands, AnInterruptedExtractionResumesPhotoByPhoto) {
  for (int i = 0; i < 40; ++i)
    WriteFile(folder_ / StrCat("many/", 100 + i, ".jpg"), EncodeJpeg(MakePhoto(i, 0, 500, 400), 90));
  WriteFile(folder_ / "kill.sh",
            "cd '" + folder_.path().string() +
                "'; '" VANTAGE_PROGRAM
                "' extract model.pth many -o d & pid=$!\n"
                "while [ $(stat -c %s d.partial 2> /dev/null || echo 0) -lt 5000 ]; do :; done\n"
                "kill -KILL $pid; ls d.partial\n");
  EXPECT_THAT(CaptureCommand({"bash", Path("kill.sh")}).second, HasSubstr("d.partial"));
  std::filesystem::copy(folder_ / "model.pth", folder_ / "copy.pth");
  const auto extract = [&](const std::vector<std::string>& more) {
    std::vector<std::string> arguments = {"extract", Path("copy.pth"), Path("many/../many"), "-o", Path("d")};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return Vantage(arguments);
  };
  const std::string left = ReadFile(folder_ / "d.partial");
  // A new photo is described in addition to the old ones; another size describes all again.
  WriteFile(folder_ / "many/new.jpg", EncodeJpeg(MakePhoto(1, 0, 50, 40), 90));
  EXPECT_THAT(extract({}).text, HasSubstr("photos were described before"));
  EXPECT_EQ(ReadDescriptors(folder_ / "d").descriptors.size(), 41);
  EXPECT_FALSE(std::filesystem::exists(folder_ / "d.partial"));
  WriteFile(folder_ / "d.partial", left);
  EXPECT_THAT(extract({"--size", "100"}).text, HasSubstr("descriptors of other photos, or made otherwise"));
  EXPECT_EQ(ReadDescriptors(folder_ / "d").provenance.preprocessing, "longest=100");
  WriteFile(folder_ / "d.partial", left);
  EXPECT_THAT(extract({"--restart"}).text, Not(HasSubstr("described before")));
  EXPECT_EQ(ReadDescriptors(folder_ / "d").descriptors.size(), 41);
}

// A photo for which memory is not sufficient must not be left out.
TEST_F(Commands, LackOfMemoryEndsAnExtractionWithWhatWasDescribedKept) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "the address sanitizer takes more than any limit";
#endif
  Image large{6000, 4500, std::vector<uint8_t>(size_t{6000} * 4500 * 3, 99)};
  WriteFile(folder_ / "many/a.jpg", EncodeJpeg(MakePhoto(1, 0, 90, 70), 90));
  WriteFile(folder_ / "many/b.jpg", EncodeJpeg(large, 90));
  const std::string extract = "'" VANTAGE_PROGRAM "' extract '" + Path("model.pth") + "' '" + Path("many") +
                              "' -o '" + Path("d") + "' --size 6000 --threads 1";
  WriteFile(folder_ / "limit.sh", "ulimit -v 2500000\n" + extract + "\n");
  const auto [code, text] = CaptureCommand({"bash", Path("limit.sh")});
  EXPECT_EQ(code, 1);
  EXPECT_THAT(text, HasSubstr("not enough memory to describe a photo of 6000 x 4500 pixels"));
  EXPECT_THAT(text, Not(HasSubstr("skipped")));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "d.npy"));
  std::filesystem::remove(folder_ / "many/b.jpg");
  EXPECT_THAT(CaptureCommand({"bash", "-c", extract}).second,
              HasSubstr("1 of 1 photos were described before"));
}

TEST_F(Commands, TwoExtractionsIntoOneOutputAreRefused) {
  for (int i = 0; i < 40; ++i)
    WriteFile(folder_ / StrCat("many/", 100 + i, ".jpg"), EncodeJpeg(MakePhoto(i, 0, 500, 400), 90));
  const std::vector<std::string> extract = {VANTAGE_PROGRAM, "extract", Path("model.pth"),
                                            Path("many"),    "-o",      Path("descriptors"),
                                            "--size",        "500"};
  std::jthread first([&] { EXPECT_EQ(RunCommand({extract, {}, folder_ / "log"}, {}).exit_code, 0); });
  while (!std::filesystem::exists(folder_ / "descriptors.partial")) std::this_thread::yield();
  const auto [code, text] = CaptureCommand(extract);
  EXPECT_EQ(code, 1);
  EXPECT_THAT(text, HasSubstr("descriptors.npy: another process writes this file"));
  first.join();
  EXPECT_EQ(ReadDescriptors(folder_ / "descriptors").descriptors.size(), 40);
}

TEST_F(Commands, AResultThatCannotBePrintedIsAnError) {
  const auto [code, text] = CaptureCommand(
      {"bash", "-c", "'" VANTAGE_PROGRAM "' info '" + Path("model.pth") + "' --json > /dev/full"});
  EXPECT_EQ(code, 1);
  EXPECT_THAT(text, HasSubstr("standard output: cannot be written: No space left on device"));
}

TEST_F(Commands, CtrlCEndsWith130AndSaysHowToGoOn) {
  WriteFile(folder_ / "interrupt.sh",
            "'" VANTAGE_PROGRAM "' train '" + Path("train.toml") + "' -o '" + Path("run") +
                "' --set epochs=1000 & pid=$!\nuntil [ -e '" + Path("run/metrics.csv") +
                "' ] || ! kill -0 $pid; do sleep 0.1; done; kill -INT $pid; wait $pid; echo code $?\n");
  // An interactive shell's Ctrl-C reaches the program; a script's background jobs ignore it unless told
  // otherwise.
  const auto [code, text] = CaptureCommand({"bash", "-c", "set -m; . " + Path("interrupt.sh")});
  EXPECT_THAT(text, HasSubstr("interrupted; to resume, add --resume to the same command"));
  EXPECT_THAT(text, HasSubstr("code 130"));
}

TEST_F(Commands, BadPhotosAreSkippedCountedAndNamedAtTheEnd) {
  const Image photo = MakePhoto(1, 0, 90, 70);
  const std::string jpeg = EncodeJpeg(photo, 90);
  const std::string png = EncodePng(photo);
  WriteFile(folder_ / "mixed/a-good.jpg", jpeg);
  WriteFile(folder_ / "mixed/b-text.jpg", "hello");
  WriteFile(folder_ / "mixed/c-cut.jpg", jpeg.substr(0, jpeg.size() / 2));
  WriteFile(folder_ / "mixed/d-cut.png", png.substr(0, png.size() / 2));
  WriteFile(folder_ / "mixed/e-zero.jpg", "");
  WriteFile(folder_ / "mixed/f-good.png", png);
  const Output output =
      Vantage({"extract", Path("model.pth"), Path("mixed"), "-o", Path("mixed-descriptors")});
  EXPECT_EQ(output.code, 0);
  EXPECT_THAT(output.text, HasSubstr("2 photos described, 512 dimensions each"));
  EXPECT_THAT(output.text, HasSubstr("4 photos skipped:"));
  for (const char* reason : {"b-text.jpg: not a JPEG", "c-cut.jpg: truncated JPEG", "d-cut.png: damaged PNG",
                             "e-zero.jpg: the file is empty"}) {
    EXPECT_THAT(output.text.substr(output.text.find("4 photos skipped:")), HasSubstr(reason));
  }
  const DescriptorFile file = ReadDescriptors(folder_ / "mixed-descriptors");
  EXPECT_THAT(file.descriptors.names, ::testing::ElementsAre("a-good.jpg", "f-good.png"));
  EXPECT_EQ(file.failed.size(), 4U);
}

struct BadInput {
  const char* what;
  std::vector<std::string> arguments;  // "@name" stands for a path in the test's folder
  int code;
  const char* message;
};

TEST_F(Commands, BadInputIsAClearErrorAndLeavesNothing) {
  WriteFile(folder_ / "empty/notes.txt", "no photo here");
  WriteFile(folder_ / "cut.pth", ReadFile(folder_ / "model.pth").substr(0, 1000));
  WriteFile(folder_ / "text.pth", "not a model");
  WriteFile(folder_ / "evil.pth", std::string("\x80\x02\x8a\x0al\xfc\x9c"
                                              "F\xf9 j\xa8P\x19.\x80\x02M\xe9\x03.\x80\x02}.") +
                                      "cos\nsystem\n(S'ls'\ntR.\x80\x02].");
  WriteFile(folder_ / "evil.pkl", "cos\nsystem\n(S'ls'\ntR.");
  WriteFile(folder_ / "typo.toml", "[model]\narchitectur = 'squeezenet1_1'\n");
  WriteFile(folder_ / "type.toml", "epochs = 'many'\n");
  WriteFile(folder_ / "range.toml", "epochs = -1\n");
  WriteFile(folder_ / "syntax.toml", "epochs = = 3\n");
  WriteFile(folder_ / "bad/photos/x.jpg", "not a photo");
  WriteDescriptors({{{"a.jpg"}, DescriptorMatrix::Ones(1, 2)}, {}, {}}, folder_ / "half.npy");
  WriteFile(folder_ / "model.h5", "not HDF5");
  WriteFile(folder_ / "sparse/cameras.bin", std::string(8, '\0'));
  WriteFile(folder_ / "sparse/images.bin", "\x01");
  WriteFile(folder_ / "sparse/points3D.bin", std::string(8, '\0'));
  const std::vector<BadInput> inputs = {
      {"missing folder", {"extract", "@model.pth", "@none", "-o", "@out"}, 1, "none: no such file or folder"},
      {"empty folder", {"extract", "@model.pth", "@empty", "-o", "@out"}, 1, "no photo (.jpg, "},
      {"only bad photos",
       {"extract", "@model.pth", "@bad", "-o", "@out"},
       1,
       "none of the 1 photos could be read"},
      {"missing model", {"extract", "@none.pth", "@photos", "-o", "@out"}, 1, "none.pth: cannot be opened"},
      {"cut model",
       {"extract", "@cut.pth", "@photos", "-o", "@out"},
       1,
       "cut.pth: the zip directory is missing"},
      {"text as a model", {"info", "@text.pth"}, 1, "text.pth: not a PyTorch file"},
      {"model that runs code", {"info", "@evil.pth"}, 1, "holds a os.system object, not a state dictionary"},
      {"unknown format",
       {"convert", "@model.pth", "@out.pth", "--format", "tiff"},
       2,
       "unknown format 'tiff' of a model; known are boq, checkpoint, cosplace, "},
      {"network without that form",
       {"convert", "@model.pth", "@out.pth", "--format", "cosplace"},
       2,
       "cannot be written in the format"},
      {"weights of another trunk",
       {"convert", "@model.pth", "@out.pth", "--architecture", "resnet18"},
       2,
       "model.pth: holds a squeezenet1_1 with the head cirtorch; asked for is a resnet18"},
      {"missing tensors",
       {"convert", "@model.pth", "@out.pth", "--head", "cirtorch:fc_whitening=true"},
       1,
       "lacks 2 tensors: 'whiten.weight' (512 x 512), 'whiten.bias' (512)"},
      {"whitening that is not there",
       {"extract", "@model.pth", "@photos", "-o", "@out", "--whiten", "paris"},
       2,
       "no whitening 'paris'"},
      {"value out of range",
       {"extract", "@model.pth", "@photos", "-o", "@out", "--size", "7"},
       1,
       "too small for the network"},
      {"size that is not a number",
       {"extract", "@model.pth", "@photos", "-o", "@out", "--size", "big"},
       2,
       "--size: 'image_size' wants a whole number, not 'big'"},
      {"scales that are not numbers",
       {"extract", "@model.pth", "@photos", "-o", "@out", "--scales", "1,half"},
       2,
       "scales: 'half' in '1,half' is not a number"},
      {"unknown device",
       {"extract", "@model.pth", "@photos", "-o", "@out", "--device", "tpu7"},
       2,
       "unknown device 'tpu7'"},
      {"unknown key",
       {"train", "@typo.toml", "-o", "@out"},
       2,
       "typo.toml:2:1: unknown key 'model.architectur'; did you "
       "mean 'model.architecture'?"},
      {"wrong type",
       {"train", "@type.toml", "-o", "@out"},
       2,
       "type.toml:1:10: 'epochs' wants a whole number"},
      {"out of range",
       {"train", "@range.toml", "-o", "@out"},
       2,
       "range.toml:1:10: 'epochs' = -1 must be in"},
      {"no TOML", {"train", "@syntax.toml", "-o", "@out"}, 2, "syntax.toml:1:10: "},
      {"missing configuration", {"train", "@none.toml", "-o", "@out"}, 1, "none.toml: cannot be opened"},
      {"--set without a value",
       {"train", "@train.toml", "-o", "@out", "--set", "epochs"},
       2,
       "is not key=value"},
      {"pickle that is not a training set",
       {"tuples", "@evil.pkl", "-o", "@out.db"},
       1,
       "evil.pkl: pickle at offset 0: names the global 'os.system'"},
      {"pickle among scenes", {"tuples", "@evil.pkl", "@photos", "-o", "@out.db"}, 2, "name no other scenes"},
      {"training set into a model",
       {"convert", "@set.db", "@out.pth"},
       2,
       "is converted from .db to .pkl (cirtorch's) or back"},
      {"licence of a training set",
       {"convert", "@set.db", "@out.pkl", "--licence", "CC0-1.0"},
       2,
       "out.pkl cannot hold it"},
      {"licence of bare weights",
       {"convert", "@model.pth", "@out.pth", "--format", "weights", "--licence", "CC0-1.0"},
       2,
       "of the format weights cannot hold it"},
      {"no word of the EXIF orientation",
       {"convert", "@model.pth", "@out.pth", "--exif-orientation", "maybe"},
       2,
       "apply or ignore, not 'maybe'"},
      {"no scenes", {"tuples", "@photos", "-o", "@out.db"}, 1, "no COLMAP model in it or below it"},
      {"truncated sparse model",
       {"tuples", "@sparse", "-o", "@out.db", "--photos", "@photos"},
       1,
       "images.bin: header"},
      {"missing photos", {"reconstruct", "@none", "-o", "@out"}, 1, "none: no such folder"},
      {"folder without photos", {"reconstruct", "@empty", "-o", "@out"}, 1, "no photo"},
      {"no COLMAP",
       {"reconstruct", "@photos", "-o", "@out", "--colmap", "@no-such-program"},
       1,
       "install COLMAP or name its program"},
      {"program that is not COLMAP",
       {"reconstruct", "@photos", "-o", "@out", "--colmap", "true"},
       1,
       "does not look like COLMAP"},
      {"missing training set",
       {"whiten", "@model.pth", "--tuples", "@none.db", "-o", "@out.pth"},
       1,
       "no such file"},
      {"benchmark without classes", {"evaluate", "@model.pth", "--data", "@empty"}, 1, "no query"},
      {"unknown benchmark",
       {"evaluate", "@model.pth", "--data", "@photos", "--benchmark", "oxford"},
       2,
       "benchmark 'oxford' is not one of oxford5k, paris6k, "},
      {"the same descriptors twice",
       {"merge", "@half.npy", "@half.npy", "-o", "@out"},
       1,
       "half.npy: 'a.jpg' is in"},
      {"another format than the name's",
       {"merge", "@half.npy", "-o", "@out.npy", "--format", "h5"},
       2,
       "the format is h5, but the name ends in .npy"},
      {"HDF5 that is none", {"merge", "@model.h5", "-o", "@out"}, 1, "model.h5: not an HDF5 file"},
      {"no output named", {"extract", "@model.pth", "@photos"}, 2, "--output is required"},
  };
  const std::vector<std::string> before = FilesBelow(folder_.path());
  for (const BadInput& input : inputs) {
    std::vector<std::string> arguments = input.arguments;
    for (std::string& argument : arguments) {
      if (argument[0] == '@') argument = Path(argument.substr(1));
    }
    const Output output = Vantage(arguments);
    EXPECT_EQ(output.code, input.code) << input.what << ": " << output.text;
    EXPECT_THAT(output.text, HasSubstr(input.message)) << input.what;
    EXPECT_EQ(FilesBelow(folder_.path()), before) << input.what;
  }
}

TEST_F(Commands, ConvertGoesThereAndBack) {
  ASSERT_EQ(Vantage({"convert", Path("model.pth"), Path("weights.pth"), "--format", "weights"}).code, 0);
  ASSERT_EQ(Vantage({"convert", Path("weights.pth"), Path("again.pth"), "--architecture", "squeezenet1_1",
                     "--licence", "CC0-1.0", "--exif-orientation", "ignore"})
                .code,
            0);
  const json facts = VantageJson({"info", Path("again.pth")});
  EXPECT_EQ(facts["apply_exif_orientation"], false);
  EXPECT_EQ(facts["licence"], "CC0-1.0");
  EXPECT_EQ(VantageJson({"info", Path("weights.pth")})["kind"], "trunk weights of squeezenet1_1");
  ASSERT_EQ(Vantage({"convert", Path("model.pth"), Path("m.safetensors")}).code, 0);
  ASSERT_EQ(Vantage({"convert", Path("m.safetensors"), Path("back.pth")}).code, 0);
  EXPECT_EQ(Sha256OfFile(folder_ / "back.pth"), Sha256OfFile(folder_ / "model.pth"));
  const json safe = VantageJson({"info", Path("m.safetensors"), "--tensors"});
  EXPECT_EQ(safe["all_tensors"].size(), 51U);
  EXPECT_EQ(safe["weights_sha256"], VantageJson({"info", Path("model.pth")})["weights_sha256"]);
  ASSERT_EQ(Vantage({"convert", Path("model.pth"), Path("white.pth"), "--head",
                     "cirtorch:fc_whitening=true,output_dimension=64", "--allow-missing", "whiten."})
                .code,
            0);
  EXPECT_EQ(VantageJson({"info", Path("white.pth")})["dimension"], 64);
  const auto map = [&](const std::string& model) {
    return VantageJson({"evaluate", Path(model), "--data", Path("photos"), "--size", "64"})["map"];
  };
  EXPECT_EQ(map("again.pth"), map("model.pth"));
  WriteColmapModel({}, folder_ / "binary", ModelFormat::kBinary);
  ASSERT_EQ(Vantage({"convert", Path("binary"), Path("text"), "--format", "text"}).code, 0);
  EXPECT_EQ(VantageJson({"info", Path("text")})["images"], 0);
}

// What is written describes photos as the model does, and is recognised as the authors' file.
TEST_F(Commands, ConvertWritesNetworksAsTheirAuthorsDo) {
  const SaladHeadOptions salad{.clusters = 4, .cluster_dimension = 6, .token_dimension = 5, .hidden = 8};
  SaladHeadOptions megaloc = salad;
  megaloc.output_dimension = 7;
  const BoqHeadOptions boq{.projection = 64, .queries = 3, .blocks = 1, .rows = 2};
  const std::map<std::string, std::pair<HeadChoice, std::string>> formats = {
      {"megaloc", {megaloc, "MegaLoc weights"}},
      {"salad", {salad, "SALAD weights"}},
      {"boq", {boq, "BoQ weights"}}};
  const auto describe = [&](const std::string& model) {
    VantageJson(
        {"extract", Path(model), Path("photos"), "-o", Path("out"), "--preprocessing", "square=56,bilinear"});
    return ReadDescriptors(folder_ / "out").descriptors.values;
  };
  for (const auto& [format, head_and_kind] : formats) {
    const auto& [head, kind] = head_and_kind;
    const nn::ModelParts model{nn::DescriptorNet({"dinov2_vits14:blocks=1", head})};
    model.net.Visit([](const std::string& name, const at::Tensor& tensor, nn::TensorRole) {
      FillByFormula(name, tensor);
    });
    nn::WriteModel(model, folder_ / "place.pth");
    ASSERT_EQ(Vantage({"convert", Path("place.pth"), Path("as.pth"), "--format", format}).code, 0) << format;
    EXPECT_EQ(VantageJson({"info", Path("as.pth")})["kind"], kind);
    EXPECT_EQ(describe("as.pth"), describe("place.pth")) << format;
  }
}

TEST_F(Commands, ReportMinesWithAModelAndGoesOnWhereItCannot) {
  const std::vector<std::string> report = {"report", Path("set.db"), "-o", Path("page.html")};
  const json plain = VantageJson(report);
  EXPECT_EQ(plain["queries"], 10);
  EXPECT_EQ(plain["photos"], 20);
  EXPECT_EQ(plain["negatives"], false);
  EXPECT_EQ(plain["bytes"], std::filesystem::file_size(folder_ / "page.html"));
  std::vector<std::string> mined = report;
  mined.insert(mined.end(), {"--model", Path("model.pth"), "--show-negatives", "1"});
  EXPECT_EQ(VantageJson(mined)["negatives"], true);
  EXPECT_THAT(ReadFile(folder_ / "page.html"), HasSubstr("10 negatives · median"));
  // If all photos are damaged, the page states it; without photos there is no page.
  for (const TrainingPhoto& photo : ReadTrainingSet(folder_ / "set.db").photos) {
    WriteFile(folder_ / photo.path, "no photo");
  }
  EXPECT_EQ(VantageJson(mined)["unreadable"].size(), 20U);
  EXPECT_THAT(ReadFile(folder_ / "page.html"),
              HasSubstr("No negatives in the split train: mining found no tuple"));
  std::filesystem::rename(folder_ / "photos", folder_ / "gone");
  EXPECT_THAT(Vantage(report).text,
              HasSubstr("none of its 20 photos was found, as " + Path("photos/scene0/0.jpg")));
  std::filesystem::rename(folder_ / "gone", folder_ / "photos");
  mined.insert(mined.end(), {"--variant", "n3"});
  EXPECT_EQ(Vantage(mined).code, 2);
}

TEST_F(Commands, ReportTellsARunFromATrainingSet) {
  WriteFile(folder_ / "run/metrics.csv", "epoch,val_loss\n0,0.5\n1,0.25\n");
  const json summary = VantageJson({"report", Path("run"), "-o", Path("run.html")});
  EXPECT_EQ(summary["epochs"], 2);
  EXPECT_EQ(summary["notes"].size(), 3U);  // no steps, configuration and examples
  EXPECT_THAT(ReadFile(folder_ / "run.html"), HasSubstr("The best epoch is 1."));
  EXPECT_EQ(Vantage({"report", Path("run"), "-o", Path("run.html"), "--model", Path("model.pth")}).code, 2);
  WriteFile(folder_ / "run/metrics.csv", "epoch,val_loss\n0,?\n");
  EXPECT_THAT(Vantage({"report", Path("run"), "-o", Path("run.html")}).text, HasSubstr("metrics.csv:2: "));
}

// A pickle with photos in cirtorch's layout next to it, one of which is missing.
TEST_F(Commands, CirtorchsTrainingSetIsTrainedOnAndWrittenBack) {
  VantageJson({"convert", Path("set.db"), Path("data/sample.pkl")});
  const json pickle = VantageJson({"info", Path("data/sample.pkl")});
  EXPECT_EQ(pickle["kind"], "training set of cirtorch");
  EXPECT_EQ(pickle["train"],
            json({{"scenes", 3}, {"photos", 12}, {"queries", 6}, {"candidates_per_query", 1.0}}));
  const TrainingSet set = ReadTrainingSet(folder_ / "set.db");
  const json imported = VantageJson({"tuples", Path("data/sample.pkl"), "-o", Path("imported.db")});
  EXPECT_EQ(imported["val"]["queries"], 4);
  EXPECT_EQ(imported["missing_photos"], 0);
  const TrainingSet read = ReadTrainingSet(folder_ / "imported.db");
  ASSERT_EQ(read.photos.size(), set.photos.size());
  for (size_t i = 0; i < set.photos.size(); ++i) {
    EXPECT_THAT(read.photos[i].path, ::testing::StartsWith("data/ims/"));
    EXPECT_EQ(Sha256OfFile(folder_ / read.photos[i].path), Sha256OfFile(folder_ / set.photos[i].path));
  }

  std::filesystem::remove(folder_ / read.photos[1].path);
  const Output trained = Vantage({"train", Path("train.toml"), "-o", Path("run"), "--set", "epochs=1",
                                  "--set", "data.training_set=" + Path("imported.db")});
  EXPECT_EQ(trained.code, 0) << trained.text;
  EXPECT_THAT(trained.text, HasSubstr(read.photos[1].path));
  EXPECT_TRUE(std::filesystem::exists(folder_ / "run/best.pth"));

  const Output again = Vantage({"convert", Path("imported.db"), Path("data/again.pkl")});
  EXPECT_EQ(again.code, 0) << again.text;
  EXPECT_THAT(again.text, HasSubstr("1 photos are missing"));
  EXPECT_EQ(ReadFile(folder_ / "data/again.pkl"), ReadFile(folder_ / "data/sample.pkl"));
  VantageJson({"convert", Path("data/again.pkl"), Path("back.db")});
  EXPECT_EQ(Sha256OfFile(folder_ / "back.db"), Sha256OfFile(folder_ / "imported.db"));
  std::filesystem::create_directory(folder_ /
                                    "elsewhere");  // as deep, so that the links still lead to the photos
  std::filesystem::rename(folder_ / "data/ims", folder_ / "elsewhere/ims");
  EXPECT_THAT(Vantage({"convert", Path("data/again.pkl"), Path("none.db")}).text,
              HasSubstr("again.pkl: none of its 20 photos is there"));
  EXPECT_EQ(VantageJson({"tuples", Path("data/again.pkl"), "--photos", Path("elsewhere/ims"), "-o",
                         Path("moved.db")})["train"]["photos"],
            12);
}

TEST_F(Commands, EveryRecipeIsAConfiguration) {
  int recipes = 0;
  for (const auto& file : std::filesystem::directory_iterator(VANTAGE_CONFIGS)) {
    if (!file.is_regular_file()) continue;  // studies
    const Output printed = Vantage({"train", file.path().string(), "--print-config"});
    EXPECT_EQ(printed.code, 0) << file.path() << ": " << printed.text;
    ++recipes;
  }
  EXPECT_GE(recipes, 7);
}

TEST_F(Commands, DryRunTellsWhatARunWouldBe) {
  const json report = VantageJson({"train", Path("train.toml"), "--dry-run"});
  EXPECT_GT(report["tuples_of_epoch"], 0);
  EXPECT_GT(report["seconds_of_epoch"], 0);
  EXPECT_TRUE(report["failed"].empty());
  const Output text = Vantage({"train", Path("train.toml"), "--dry-run"});
  EXPECT_THAT(text.text, HasSubstr("descriptors of 512 dimensions"));
  const Output nowhere = Vantage({"train", Path("train.toml")});
  EXPECT_EQ(nowhere.code, 2);
  EXPECT_THAT(nowhere.text, HasSubstr("-o: a run needs a folder"));
}

TEST_F(Commands, PrintedConfigurationIsAConfiguration) {
  const Output printed = Vantage({"train", Path("train.toml"), "-o", Path("none"), "--print-config"});
  EXPECT_EQ(printed.code, 0);
  EXPECT_THAT(printed.text, HasSubstr("# Negatives a query (in [1, 100])\nnegatives = 2"));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "none"));
  WriteFile(folder_ / "printed.toml", printed.text);
  EXPECT_EQ(Vantage({"train", Path("printed.toml"), "-o", Path("none"), "--print-config"}).text,
            printed.text);
}

}  // namespace
}  // namespace vantage

// SPDX-License-Identifier: BSD-3-Clause
#include <nlohmann/json.hpp>

#include "command/run_vantage.h"
#include "nn/model_file.h"
#include "testing/files.h"
#include "testing/photos.h"
#include "util/file.h"
#include "util/subprocess.h"
#include "vantage/descriptors.h"

namespace vantage {
namespace {

using ::testing::HasSubstr;
using vantage::testing::MakeFormulaModel;
using vantage::testing::Output;
using vantage::testing::TemporaryFolder;
using vantage::testing::Vantage;
using vantage::testing::VantageJson;
using vantage::testing::WritePhotosAndSet;

// A model has several whitenings; --whiten selects one by name.
TEST(Whitening, IsTheOneThatIsNamed) {
  const TemporaryFolder folder;
  const auto path = [&](const std::string& name) { return (folder / name).string(); };
  WritePhotosAndSet(folder.path(), 5, 4, 2);
  nn::ModelParts model = MakeFormulaModel();
  model.preprocessing = LongestSide(64);
  nn::WriteModel(model, folder / "model.pth");
  const auto whiten = [&](const std::string& from, const std::string& to, const std::string& name,
                          const std::string& shrinkage) {
    VantageJson({"whiten", path(from), "--tuples", path("set.db"), "-o", path(to), "--name", name,
                 "--shrinkage", shrinkage});
  };
  whiten("model.pth", "one.pth", "one", "0.1");
  whiten("model.pth", "two.pth", "two", "0.9");
  whiten("one.pth", "both.safetensors", "two", "0.9");
  const auto describe = [&](const std::string& from, const std::string& whitening) {
    VantageJson({"extract", path(from), path("photos"), "-o", path("out"), "--whiten", whitening});
    return ReadDescriptors(folder / "out").descriptors.values;
  };
  const DescriptorMatrix one = describe("both.safetensors", "one");
  const DescriptorMatrix two = describe("both.safetensors", "two");
  EXPECT_EQ(one, describe("one.pth", "one"));
  EXPECT_LT((two - describe("two.pth", "two")).cwiseAbs().maxCoeff(), 1e-4);  // learned twice
  EXPECT_GT((one - two).cwiseAbs().maxCoeff(), 1e-2);
  EXPECT_EQ(describe("both.safetensors", "none"), describe("model.pth", "none"));
}

// The shrinkage is chosen unless it is given; the model states how.
TEST(Whitening, IsShrunkByWhatIsBestForScenesThatAreLeftOut) {
  const TemporaryFolder folder;
  const auto path = [&](const std::string& name) { return (folder / name).string(); };
  WritePhotosAndSet(folder.path(), 3, 4, 1);
  nn::ModelParts model = MakeFormulaModel();
  model.preprocessing = LongestSide(64);
  nn::WriteModel(model, folder / "model.pth");
  const auto whiten = [&](std::vector<std::string> more) {
    more.insert(more.begin(),
                {"whiten", path("model.pth"), "--tuples", path("set.db"), "-o", path("out.pth")});
    return VantageJson(more)["shrinkage"];
  };
  const nlohmann::json chosen = whiten({"--scales", "1,0.7"});
  for (const char* scales : {"ss", "ms"}) {
    EXPECT_EQ(chosen[scales]["measured"], true);
    EXPECT_EQ(chosen[scales]["scenes"], 3);
    EXPECT_GE(chosen[scales]["curve"].size(), 7U);
  }
  const nlohmann::json origin = nlohmann::json::parse(nn::ReadModel(folder / "out.pth").origin);
  EXPECT_EQ(origin["whitening"]["shrinkage"], chosen);
  EXPECT_EQ(origin["whitening"]["pairs_per_query"], 10);
  EXPECT_EQ(whiten({"--shrinkage", "0.6"}), 0.6);
  EXPECT_EQ(whiten({"--method", "pca", "--dim", "4"}), nullptr);

  const Output text =
      Vantage({"whiten", path("model.pth"), "--tuples", path("set.db"), "-o", path("out.pth")});
  EXPECT_THAT(text.text, HasSubstr("by leaving scenes out: mAP "));
  const Output wrong = Vantage({"whiten", path("model.pth"), "--tuples", path("set.db"), "-o",
                                path("out.pth"), "--shrinkage", "much"});
  EXPECT_EQ(wrong.code, 2);
  EXPECT_THAT(wrong.text, HasSubstr("shrinkage: 'much' is neither auto nor a number in [0, 1]"));
}

TEST(Whitening, ShowsItsChoiceOnAPage) {
  const TemporaryFolder folder;
  const auto path = [&](const std::string& name) { return (folder / name).string(); };
  WritePhotosAndSet(folder.path(), 3, 4, 1);
  nn::ModelParts model = MakeFormulaModel();
  model.preprocessing = LongestSide(64);
  nn::WriteModel(model, folder / "model.pth");
  const std::vector<std::string> whiten = {"whiten", path("model.pth"), "--tuples", path("set.db"),
                                           "-o",     path("<out>.pth"), "--report", path("page.html")};
  VantageJson(whiten);
  const std::string page = ReadFile(folder / "page.html");
  EXPECT_THAT(page, HasSubstr("<h1>&lt;out&gt;.pth</h1>"));
  EXPECT_THAT(page, HasSubstr("mAP by shrinkage"));
  EXPECT_THAT(page, HasSubstr("without whitening"));
  std::vector<std::string> named = whiten;
  named.insert(named.end(), {"--shrinkage", "0.5"});
  EXPECT_EQ(Vantage(named).code, 2);
  EXPECT_EQ(ReadFile(folder / "page.html"), page);
}

// Whitening and evaluation keep the descriptors of an interrupted call until they are done.
TEST(Whitening, KilledTasksThatDescribePhotosGoOn) {
  const TemporaryFolder folder;
  const auto path = [&](const std::string& name) { return (folder / name).string(); };
  WritePhotosAndSet(folder.path(), 5, 8, 2);
  nn::ModelParts model = MakeFormulaModel();
  model.preprocessing = LongestSide(64);
  nn::WriteModel(model, folder / "model.pth");
  const auto kill_and_go_on = [&](const std::string& task, const std::string& store) {
    WriteFile(folder / "kill.sh",
              "cd '" + folder.path().string() + "'; '" VANTAGE_PROGRAM "' " + task +
                  " > first 2>&1 & pid=$!\nwhile [ $(stat -c %s " + store +
                  " 2> /dev/null || echo 0) -lt 9000 ]; do :; done; kill -KILL $pid; wait $pid 2> /dev/null\n"
                  "ls " +
                  store + " || exit 1\n'" VANTAGE_PROGRAM "' " + task + "; ls " + store + "\n");
    const std::string text = CaptureCommand({"bash", path("kill.sh")}).second;
    EXPECT_THAT(text, HasSubstr("photos were described before")) << task;
    EXPECT_THAT(text, HasSubstr("cannot access")) << text;  // the store of descriptors, removed at the end
  };
  kill_and_go_on("whiten model.pth --tuples set.db -o white.pth --size 300 --threads 1", "white.pth.partial");
  EXPECT_EQ(nn::ReadModel(folder / "white.pth").default_whitening, "learned");
  kill_and_go_on("evaluate model.pth --data photos --save saved --size 300 --threads 1", "saved.partial");
  EXPECT_EQ(ReadDescriptors(folder / "saved").descriptors.size(), 40);
}

TEST(Whitening, OfOneSceneWarnsThatNothingWasMeasured) {
  const TemporaryFolder folder;
  WritePhotosAndSet(folder.path(), 1, 6, 0);
  nn::ModelParts model = MakeFormulaModel();
  model.preprocessing = LongestSide(64);
  nn::WriteModel(model, folder / "model.pth");
  const Output output = Vantage({"whiten", (folder / "model.pth").string(), "--tuples",
                                 (folder / "set.db").string(), "-o", (folder / "out.pth").string()});
  EXPECT_EQ(output.code, 0);
  EXPECT_THAT(output.text, HasSubstr("shrinkage 0.7, not measured: fewer than two scenes have pairs"));
}

}  // namespace
}  // namespace vantage

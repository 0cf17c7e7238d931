// SPDX-License-Identifier: BSD-3-Clause
#include <cstdlib>
#include <filesystem>

#include "command/run_vantage.h"
#include "testing/exif.h"
#include "testing/files.h"
#include "testing/models.h"
#include "testing/photos.h"
#include "util/file.h"
#include "util/string.h"
#include "util/subprocess.h"
#include "vantage/colmap.h"
#include "vantage/descriptors.h"

namespace vantage {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using vantage::testing::MakePhoto;
using vantage::testing::Output;
using vantage::testing::Vantage;
using vantage::testing::VantageJson;
using vantage::testing::WithPosition;

class PairsCommand : public ::testing::Test {
 protected:
  std::string Path(const std::string& name) const { return (folder_ / name).string(); }

  // Descriptors along an arc: each photo's nearest is the one before it.
  void WriteArc(const std::string& file, const std::vector<std::string>& names) const {
    DescriptorFile arc;
    arc.descriptors.names = names;
    arc.descriptors.values.resize(static_cast<Eigen::Index>(names.size()), 2);
    for (Eigen::Index i = 0; i < arc.descriptors.size(); ++i) {
      const double angle = 0.1 * static_cast<double>(i) + 0.01 * static_cast<double>(i * i);
      arc.descriptors.values.row(i) << static_cast<float>(std::cos(angle)),
          static_cast<float>(std::sin(angle));
    }
    WriteDescriptors(arc, folder_ / file);
  }

  std::vector<std::string> Lines() const { return SplitText(Trim(ReadFile(folder_ / "pairs.txt")), '\n'); }
  json Pairs(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), "pairs");
    arguments.insert(arguments.end(), {"-o", Path("pairs.txt")});
    return VantageJson(arguments);
  }
  std::string ErrorOfPairs(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), "pairs");
    arguments.insert(arguments.end(), {"-o", Path("pairs.txt")});
    const Output output = Vantage(arguments);
    EXPECT_NE(output.code, 0);
    return output.text;
  }

  vantage::testing::TemporaryFolder folder_;
};

TEST_F(PairsCommand, SourcesAreJoinedAndCounted) {
  WriteArc("d.npy", {"f1.jpg", "f2.jpg", "f10.jpg", "g/1.jpg", "g/2.jpg"});
  WriteFile(folder_ / "seeds.txt", "g/2.jpg f1.jpg\nf2.jpg f1.jpg\nf1.jpg unknown.jpg\nf1.jpg f1.jpg\n");
  WriteFile(folder_ / "where.csv", "f1.jpg,48,11\ng/1.jpg,48,11.001\nelse.jpg,1,1\nf2.jpg,49,11\n");
  const std::vector<std::string> arguments = {
      Path("d.npy"),  "-k",  "1",           "--sequential",   "1", "--also", Path("seeds.txt"),
      "--gps-radius", "100", "--positions", Path("where.csv")};
  const json result = Pairs(arguments);
  EXPECT_THAT(Lines(), ElementsAre("f1.jpg f2.jpg", "f1.jpg g/1.jpg", "f1.jpg g/2.jpg", "f2.jpg f10.jpg",
                                   "f10.jpg g/1.jpg", "g/1.jpg g/2.jpg"));
  EXPECT_EQ(result["pairs"], 6);
  std::vector<std::string> counts;
  for (const json& source : result["sources"])
    counts.push_back(StrCat(fs::path(source["name"].get<std::string>()).filename().string(), " ",
                            source["pairs"], " ", source["added"]));
  EXPECT_THAT(counts, ElementsAre("neighbors 4 4", "sequential 3 0", "positions 1 1", "seeds.txt 2 1"));
  EXPECT_EQ(result["also_left_out"], 1);
  EXPECT_EQ(result["without_position"], 2);
  EXPECT_EQ(result["unknown_positions"], 1);
}

TEST_F(PairsCommand, NamesThatAListCannotHoldAreLeftOutAndCounted) {
  WriteArc("d.npy", {"a.jpg", "b c.jpg", "d.jpg", "e\n.jpg", "#f.jpg", "g.jpg"});
  const std::vector<std::string> arguments = {"pairs", Path("d.npy"), "-k", "10", "-o", Path("pairs.txt")};
  const json result = VantageJson(arguments);
  EXPECT_THAT(Lines(), ElementsAre("a.jpg d.jpg", "a.jpg g.jpg", "d.jpg g.jpg"));
  EXPECT_EQ(result["pairs"], 3);
  EXPECT_EQ(result["unlisted_pairs"], 12);
  EXPECT_EQ(result["unlisted_names"], (json{"#f.jpg", "b c.jpg", "e\n.jpg"}));
  EXPECT_THAT(Vantage(arguments).text, HasSubstr("vantage reconstruct --pairs-from matches such photos"));
}

TEST_F(PairsCommand, QueriesAreChosenByPrefixAndTheDatabaseByModelAndList) {
  WriteArc("all.h5", {"db/1.jpg", "db/2.jpg", "db/3.jpg", "query/1.jpg", "query/2.jpg"});
  Pairs({Path("all.h5"), "--query-prefix", "query/", "-k", "1"});
  EXPECT_THAT(Lines(), ElementsAre("query/1.jpg db/3.jpg", "query/2.jpg db/3.jpg"));

  Reconstruction model = vantage::testing::MakeRandomModel(2, 20, 1);
  model.images.at(ImageId{1}).name = "db/1.jpg";
  model.images.at(ImageId{2}).name = "db/not-described.jpg";
  WriteColmapModel(model, folder_ / "model", ModelFormat::kBinary);
  const json of_model =
      Pairs({Path("all.h5"), "--query-prefix", "query/", "--database-model", Path("model"), "-k", "5"});
  EXPECT_THAT(Lines(), ElementsAre("query/1.jpg db/1.jpg", "query/2.jpg db/1.jpg"));
  EXPECT_EQ(of_model["without_descriptor"], json{"db/not-described.jpg"});

  // Lists of hloc have a camera after the name. Without a choice of queries, all photos are.
  WriteFile(folder_ / "list.txt", "db/1.jpg PINHOLE 640 480 500 500 320 240\ndb/2.jpg\n");
  Pairs({Path("all.h5"), "--database-list", Path("list.txt"), "-k", "1"});
  EXPECT_THAT(Lines(), ElementsAre("db/1.jpg db/2.jpg", "db/3.jpg db/2.jpg", "query/1.jpg db/2.jpg",
                                   "query/2.jpg db/2.jpg"));
  // Seeds and positions keep to queries and database too.
  WriteFile(folder_ / "seeds.txt", "db/1.jpg query/2.jpg\ndb/3.jpg query/1.jpg\ndb/1.jpg db/2.jpg\n");
  const json joined = Pairs({Path("all.h5"), "--query-prefix", "query/", "--database-list", Path("list.txt"),
                             "-k", "1", "--also", Path("seeds.txt")});
  EXPECT_THAT(Lines(), ElementsAre("query/1.jpg db/2.jpg", "query/2.jpg db/2.jpg", "query/2.jpg db/1.jpg"));
  EXPECT_EQ(joined["also_left_out"], 2);
  EXPECT_THAT(ErrorOfPairs({Path("all.h5"), "--query-prefix", "none/"}),
              HasSubstr("--query-prefix: no name begins with none/"));
  WriteFile(folder_ / "list.txt", "other.jpg\n");
  EXPECT_THAT(ErrorOfPairs({Path("all.h5"), "--database-list", Path("list.txt")}),
              HasSubstr("no descriptor of any of these photos: other.jpg"));
}

TEST_F(PairsCommand, OptionsThatContradictEachOtherAreRefused) {
  WriteArc("d.npy", {"a.jpg", "b.jpg"});
  EXPECT_THAT(ErrorOfPairs({Path("d.npy"), "--gps-radius", "5"}), HasSubstr("--gps-radius: needs --photos"));
  EXPECT_THAT(ErrorOfPairs({Path("d.npy"), "--query-prefix", "a", "--mutual"}),
              HasSubstr("not with queries"));
  EXPECT_THAT(ErrorOfPairs({Path("d.npy"), "--model", "m.pth"}), HasSubstr("are for a folder of photos"));
  WriteFile(folder_ / "where.csv", "c.jpg,1,2\n");
  EXPECT_THAT(ErrorOfPairs({Path("d.npy"), "--gps-radius", "5", "--positions", Path("where.csv")}),
              HasSubstr("none of the 2 photos has a position"));
  EXPECT_THAT(ErrorOfPairs({Path("d.npy"), "--gps-radius", "5", "--photos", Path("")}),
              HasSubstr("a.jpg: no such photo"));
  EXPECT_FALSE(fs::exists(folder_ / "pairs.txt"));
}

// How hloc reads a list, and names its matches.
constexpr const char* kHlocReader = R"(
import collections, json, sys
retrieval = collections.defaultdict(list)
for line in open(sys.argv[1]).read().rstrip('\n').split('\n'):
    query, photo = line.split()
    retrieval[query].append(photo)
key = lambda a, b: '/'.join((a.replace('/', '-'), b.replace('/', '-')))
pairs = [(q, r) for q, photos in retrieval.items() for r in photos]
keys = {key(a, b) for a, b in pairs}
assert len(keys) == len(pairs)
assert not any(key(b, a) in keys for a, b in pairs)
print(json.dumps(retrieval))
)";

TEST_F(PairsCommand, ListsReadAsHlocReadsThem) {
  if (CaptureCommand({"python3", "--version"}).first != 0) GTEST_SKIP() << "needs python3";
  WriteArc("all.npy", {"db/1.jpg", "db/2 x.jpg", "db/3.jpg", "query/1.jpg", "query/2.jpg"});
  Pairs({Path("all.npy"), "--query-prefix", "query/", "-k", "3"});
  const auto [code, output] = CaptureCommand({"python3", "-c", kHlocReader, Path("pairs.txt")});
  ASSERT_EQ(code, 0) << output;
  EXPECT_EQ(json::parse(output),
            (json{{"query/1.jpg", {"db/3.jpg", "db/1.jpg"}}, {"query/2.jpg", {"db/3.jpg", "db/1.jpg"}}}));
  Pairs({Path("all.npy"), "-k", "3", "--sequential", "2"});
  EXPECT_EQ(CaptureCommand({"python3", "-c", kHlocReader, Path("pairs.txt")}).first, 0);
}

// Photos of two things, each at its own place.
class PairsOfPhotos : public PairsCommand {
 protected:
  PairsOfPhotos() {
    for (int thing = 0; thing < 2; ++thing) {
      for (int view = 0; view < 3; ++view) {
        const std::string jpeg = EncodeJpeg(MakePhoto(thing, view, 160, 120), 90);
        WriteFile(folder_ / "photos" / StrCat("thing", thing, "/", view, ".jpg"),
                  view == 2 ? jpeg : WithPosition(jpeg, 40 + thing, -3.5 - 0.0001 * view));
      }
    }
    WriteFile(folder_ / "photos/damaged.jpg", "\xff\xd8\xff");
  }
};

TEST_F(PairsOfPhotos, AreDescribedByTheInstalledWeights) {
  const std::vector<std::string> arguments = {"pairs", Path("photos"),    "-k",           "2", "--size", "96",
                                              "-o",    Path("pairs.txt"), "--gps-radius", "50"};
  const Output output = Vantage(arguments);
  if (output.text.find("is not installed") != std::string::npos)
    GTEST_SKIP() << "needs build/weights/efficientnet_lite0.pth: run scripts/setup";
  ASSERT_EQ(output.code, 0) << output.text;
  EXPECT_THAT(output.text,
              HasSubstr("efficientnet_lite0.pth, weights of ImageNet; --model names another model"));
  EXPECT_THAT(output.text, HasSubstr("1 photos skipped:"));
  EXPECT_THAT(output.text, HasSubstr("2 photos have no position"));
  EXPECT_THAT(Lines(), ::testing::IsSupersetOf({"thing0/0.jpg thing0/1.jpg", "thing1/0.jpg thing1/1.jpg"}));
  EXPECT_THAT(vantage::testing::FilesBelow(folder_.path()),
              ::testing::Not(::testing::Contains(HasSubstr("partial"))));

  const json kept = Pairs({Path("photos"), "-k", "2", "--size", "96", "--descriptors", Path("kept")});
  const std::string described = ReadFile(folder_ / "pairs.txt");
  EXPECT_EQ(kept["failed"].size(), 1U);
  Pairs({Path("kept.npy"), "-k", "2"});
  EXPECT_EQ(ReadFile(folder_ / "pairs.txt"), described);
  EXPECT_THAT(ErrorOfPairs({Path("photos"), "--model", Path("none.pth")}), HasSubstr("none.pth"));
}

}  // namespace
}  // namespace vantage

// SPDX-License-Identifier: BSD-3-Clause
#include <filesystem>
#include <limits>
#include <map>

#include "command/run_vantage.h"
#include "serialize/npy.h"
#include "testing/files.h"
#include "testing/models.h"
#include "testing/photos.h"
#include "util/file.h"
#include "util/random.h"
#include "util/string.h"
#include "util/subprocess.h"
#include "vantage/colmap.h"
#include "vantage/descriptors.h"

namespace vantage {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using ::testing::HasSubstr;
using vantage::testing::MakePhoto;
using vantage::testing::Output;
using vantage::testing::SharedFolder;
using vantage::testing::TemporaryFolder;
using vantage::testing::Vantage;
using vantage::testing::VantageJson;

class Searching : public ::testing::Test {
 protected:
  std::string Path(const std::string& name) const { return (folder_ / name).string(); }

  // Descriptors of a few groups, whose photos are alike.
  void WriteGroups(const std::string& path, const std::vector<std::string>& names, int per_group,
                   uint64_t seed, const std::string& model = "aa") const {
    RandomStream random(seed, "command search test");
    DescriptorFile file;
    file.provenance.model_sha256 = model;
    file.descriptors.names = names;
    file.descriptors.values.resize(static_cast<Eigen::Index>(names.size()), 16);
    for (Eigen::Index i = 0; i < file.descriptors.size(); ++i) {
      RandomStream group(static_cast<uint64_t>(i / per_group), "command search test groups");
      for (Eigen::Index j = 0; j < 16; ++j) {
        file.descriptors.values(i, j) = static_cast<float>(group.Normal() + 1.2 * random.Normal());
      }
    }
    NormalizeRows(file.descriptors.values);
    WriteDescriptors(file, folder_ / path);
  }

  // A benchmark of class folders, whose photos need not be read, and its descriptors.
  void WriteBenchmark() const {
    std::vector<std::string> names;
    for (const char* group : {"a", "b", "c"}) {
      for (int i = 0; i < 5; ++i) {
        names.push_back(StrCat(group, "/", i, ".jpg"));
        WriteFile(folder_ / "data" / names.back(), "");
      }
    }
    WriteGroups("one.npy", names, 5, 1);
    WriteGroups("two.npy", names, 5, 2);
    std::vector<std::string> others;
    for (int i = 0; i < 40; ++i) others.push_back(StrCat("other/", i, ".jpg"));
    WriteGroups("others.npy", others, 1, 3);
  }

  TemporaryFolder folder_;
};

TEST_F(Searching, EvaluateComparesTwoRunsQueryByQuery) {
  WriteBenchmark();
  const json one =
      VantageJson({"evaluate", Path("one.npy"), "--data", Path("data"), "--per-query", Path("one.csv")});
  const json two =
      VantageJson({"evaluate", Path("two.npy"), "--data", Path("data"), "--compare", Path("one.csv")});
  const json& comparison = two["comparison"]["all"];
  EXPECT_EQ(comparison["queries"], 15);
  EXPECT_NEAR(comparison["mean_difference"].get<double>(),
              two["map"].get<double>() - one["map"].get<double>(), 1e-12);
  EXPECT_LE(one["tasks"]["all"]["interval"][0], one["map"]);
  EXPECT_GE(one["tasks"]["all"]["interval"][1], one["map"]);
  const Output text =
      Vantage({"evaluate", Path("two.npy"), "--data", Path("data"), "--compare", Path("one.csv")});
  EXPECT_THAT(text.text, HasSubstr("of 15"));
}

TEST_F(Searching, DistractorsOnDiskCountAsIfTheyWereInTheDatabase) {
  WriteBenchmark();
  ASSERT_EQ(Vantage({"merge", Path("one.npy"), Path("others.npy"), "-o", Path("all.npy")}).code, 0);
  const json merged =
      VantageJson({"evaluate", Path("all.npy"), "--data", Path("data"), "--distractors", Path("all.npy")});
  const json beside =
      VantageJson({"evaluate", Path("one.npy"), "--data", Path("data"), "--distractors", Path("others.npy")});
  EXPECT_EQ(beside["map"], merged["map"]);
  EXPECT_EQ(beside["photos"], 55);
  const json unasked = VantageJson({"evaluate", Path("all.npy"), "--data", Path("data")});
  EXPECT_EQ(unasked["photos"], 15);
  EXPECT_EQ(unasked["left_out"], 40);
  EXPECT_LT(beside["map"], VantageJson({"evaluate", Path("one.npy"), "--data", Path("data")})["map"]);
  WriteGroups("foreign.npy", {"x.jpg"}, 1, 3, "bb");
  EXPECT_THAT(
      Vantage({"evaluate", Path("one.npy"), "--data", Path("data"), "--distractors", Path("foreign.npy")})
          .text,
      HasSubstr("their models differ ("));
}

TEST_F(Searching, AFigureOfAnIncompleteBenchmarkNeedsPartial) {
  VANTAGE_REQUIRE_SHARED("groundtruth/gnd_oxford5k.pkl");
  const std::vector<std::string> names = {"all_souls_000013.jpg", "all_souls_000001.jpg",
                                          "all_souls_000002.jpg"};
  WriteGroups("database.npy", names, 3, 1);
  WriteGroups("queries.npy", {"all_souls_000013"}, 1, 1);
  std::vector<std::string> arguments = {
      "evaluate",    Path("database.npy"), "--queries", Path("queries.npy"),
      "--benchmark", "oxford5k",           "--data",    (SharedFolder() / "groundtruth").string()};
  const Output refused = Vantage(arguments);
  EXPECT_EQ(refused.code, 1);
  EXPECT_THAT(refused.text, HasSubstr("oxford5k: 5060 photos are missing: all_souls_000000, "));
  arguments.emplace_back("--partial");
  EXPECT_THAT(Vantage(arguments).text, HasSubstr("oxford5k (partial)"));
  const json result = VantageJson(arguments);
  EXPECT_EQ(result["partial"], true);
  EXPECT_EQ(result["queries"], 1);
  EXPECT_EQ(result["photos"], 3);
}

TEST_F(Searching, HolidaysResultsHaveTheOfficialMap) {
  VANTAGE_REQUIRE_SHARED("groundtruth/holidays");
  const auto folder = SharedFolder() / "groundtruth/holidays";
  const json result = VantageJson({"evaluate", (folder / "result_top10.txt").string(), "--benchmark",
                                   "holidays", "--data", folder.string()});
  EXPECT_NEAR(result["map"].get<double>(), 0.6892340, 5e-8);
}

TEST_F(Searching, SearchWritesRankedLists) {
  WriteBenchmark();
  const json own = VantageJson({"search", Path("one.npy"), "-k", "3", "-o", Path("ranks.npy")});
  EXPECT_EQ(own["queries"], 15);
  EXPECT_EQ(own["k"], 3);
  const serialize::NpyArray ranks = serialize::ReadNpy(folder_ / "ranks.npy");
  EXPECT_THAT(ranks.shape, ::testing::ElementsAre(3, 15));
  const std::vector<int64_t> rows = ranks.As<int64_t>();
  for (size_t i = 0; i < rows.size(); ++i) EXPECT_NE(rows[i], static_cast<int64_t>(i % 15));  // not itself

  const json all = VantageJson({"search", Path("one.npy"), "--queries", Path("two.npy"), "-k", "100",
                                "--stage", "alpha_qe", "--stage", "diffusion", "-o", Path("ranks.csv")});
  EXPECT_EQ(all["k"], 15);  // of 15 photos
  EXPECT_THAT(ReadFile(folder_ / "ranks.csv"), HasSubstr("query,rank,name,score\na/0.jpg,0,"));
  WriteGroups("foreign.npy", {"x.jpg"}, 1, 3, "bb");
  EXPECT_THAT(
      Vantage({"search", Path("one.npy"), "--queries", Path("foreign.npy"), "-o", Path("r.csv")}).text,
      HasSubstr("their models differ ("));
  EXPECT_EQ(Vantage({"search", Path("one.npy"), "-o", Path("r.json")}).code, 2);
  EXPECT_EQ(Vantage({"search", Path("one.npy"), "-k", "0", "-o", Path("r.csv")}).code, 2);
}

TEST_F(Searching, NoTaskReplacesItsInputOrAFileOfAnotherKind) {
  WriteBenchmark();
  WriteFile(folder_ / "data/queries.json", "[]");
  const std::string database = Path("one.npy");
  const std::string before = ReadFile(database);
  const auto refused = [&](std::vector<std::string> arguments, const char* reason) {
    const Output output = Vantage(arguments);
    EXPECT_EQ(output.code, 2) << output.text;
    EXPECT_THAT(output.text, HasSubstr(reason));
  };
  refused({"search", database, "-k", "1", "-o", database}, "is read as");
  refused({"pairs", database, "-k", "1", "-o", database}, "is read as");
  refused({"merge", database, "-o", Path("one")}, "is read as");
  refused({"search", database, "-k", "1", "-o", Path("ranks")}, "ranked lists end in");
  refused({"merge", database, "-o", Path("data/queries")}, "is not the names of descriptors");
  refused({"pairs", database, "-k", "1", "-o", Path("one.json")}, "is not a text");
  EXPECT_EQ(ReadFile(database), before);
  EXPECT_EQ(ReadFile(folder_ / "data/queries.json"), "[]");
  EXPECT_EQ(Vantage({"pairs", database, "-k", "1", "-o", Path("one.json"), "--overwrite"}).code, 0);
}

TEST_F(Searching, AnIndexIsBuiltOnceAndTellsItsRecall) {
  WriteBenchmark();
  const std::vector<std::string> search = {
      "search", Path("others.npy"), "--queries", Path("one.npy"), "-k", "5", "--index", "hnsw",
      "-o",     Path("ranks.csv")};
  const auto with = [&](std::vector<std::string> more) {
    more.insert(more.begin(), search.begin(), search.end());
    return more;
  };
  const json built = VantageJson(with({"--index-file", Path("others.faiss")}));
  EXPECT_EQ(built["index"]["kind"], "hnsw");
  EXPECT_EQ(built["index"]["reused"], false);
  EXPECT_GE(built["index"]["recall"], 0.9);
  EXPECT_EQ(built["k"], 5);
  const std::string ranks = ReadFile(folder_ / "ranks.csv");
  const json reused = VantageJson(with({"--index-file", Path("others.faiss"), "--recall-queries", "0"}));
  EXPECT_EQ(reused["index"]["reused"], true);
  EXPECT_TRUE(reused["index"]["recall"].is_null());
  EXPECT_EQ(ReadFile(folder_ / "ranks.csv"), ranks);
  EXPECT_THAT(Vantage(with({"--stage", "alpha_qe"})).text, HasSubstr("recall@5 "));
  EXPECT_EQ(Vantage(with({"--stage", "diffusion"})).code, 2);
  WriteGroups("others.npy", {"x.jpg", "y.jpg"}, 1, 3);
  EXPECT_THAT(Vantage(with({"--index-file", Path("others.faiss")})).text,
              HasSubstr("others.faiss: was built from other descriptors"));
}

TEST_F(Searching, WhatCannotEndWellIsSaidBeforeTheWork) {
  WriteBenchmark();
  WriteGroups("spaces.npy", {"a b.jpg", "c.jpg"}, 1, 1);
  const auto refused = [&](std::vector<std::string> arguments, const char* reason) {
    const Output output = Vantage(arguments);
    EXPECT_EQ(output.code, 2) << output.text;
    EXPECT_THAT(output.text, HasSubstr(reason));
  };
  const std::string index = Path("i.faiss");
  refused({"search", Path("others.npy"), "--index", "ivf-flat", "--index-file", index, "-o", Path("r.npy")},
          "an index may find fewer than -k");
  refused({"search", Path("others.npy"), "--index", "hnsw", "--stage", "diffusion", "--index-file", index,
           "-o", Path("r.csv")},
          "the stage 'diffusion' needs the whole database; leave out the index");
  EXPECT_FALSE(fs::exists(index));
  refused({"search", Path("spaces.npy"), "-o", Path("r.txt")}, "'a b.jpg' has white space");
  EXPECT_THAT(
      Vantage({"evaluate", Path("one.npy"), "--data", Path("data"), "--compare", Path("none.json")}).text,
      HasSubstr("none.json: cannot be opened"));
  EXPECT_THAT(
      Vantage({"evaluate", Path("one.npy"), "--data", Path("data"), "--distractors", Path("none.npy")}).text,
      HasSubstr("none.npy: cannot be opened"));
}

TEST_F(Searching, RerankPutsPhotosOfOneThingFirst) {
  std::vector<std::string> names;
  for (int thing = 0; thing < 2; ++thing) {
    for (int view = 0; view < 3; ++view) {
      names.push_back(StrCat("thing", thing, "/view", view, ".jpg"));
      WriteFile(folder_ / "photos" / names.back(), EncodeJpeg(MakePhoto(thing, view, 320, 240), 90));
    }
  }
  WriteGroups("database.npy", names, 1, 1);  // the descriptors do not depend on the photos
  const std::vector<std::string> search = {"search",  Path("database.npy"), "-k", "2",
                                           "--stage", "local:top=5",        "-o", Path("ranks.npy")};
  const auto with = [&](std::vector<std::string> more) {
    more.insert(more.begin(), search.begin(), search.end());
    return more;
  };
  VantageJson(with({"--photos", Path("photos")}));
  const std::vector<int64_t> own = serialize::ReadNpy(folder_ / "ranks.npy").As<int64_t>();
  ASSERT_EQ(own.size(), 12U);  // 2 of each of 6
  for (size_t i = 0; i < own.size(); ++i) EXPECT_EQ(own[i] / 3, static_cast<int64_t>(i % 6 / 3)) << i;

  fs::rename(folder_ / "photos" / "thing0", folder_ / "asked");
  WriteGroups("queries.npy", {"view0.jpg"}, 1, 2);
  fs::copy(folder_ / "asked", folder_ / "photos" / "thing0");
  VantageJson(
      with({"--queries", Path("queries.npy"), "--photos", Path("photos"), "--query-photos", Path("asked")}));
  const std::vector<int64_t> found = serialize::ReadNpy(folder_ / "ranks.npy").As<int64_t>();
  ASSERT_EQ(found.size(), 2U);
  EXPECT_LT(found[0], 3);
  EXPECT_LT(found[1], 3);
  EXPECT_THAT(Vantage(with({"--photos", Path("asked")})).text, HasSubstr("thing0/view0.jpg: no such photo"));
  EXPECT_EQ(Vantage(search).code, 2);
}

TEST_F(Searching, ColmapMatchesThePairs) {
  if (CaptureCommand({"colmap", "help"}).first == 127)
    GTEST_SKIP() << "needs the program colmap: run scripts/setup";
  std::vector<std::string> names;
  for (int view = 0; view < 6; ++view) {
    names.push_back(StrCat("view", view, ".jpg"));
    WriteFile(folder_ / "photos" / names.back(), EncodeJpeg(MakePhoto(view / 3, view % 3, 320, 240), 90));
  }
  WriteGroups("database.npy", names, 3, 1);
  const json result = VantageJson(
      {"pairs", Path("database.npy"), "-k", "2", "--mutual", "--sequential", "1", "-o", Path("pairs.txt")});
  EXPECT_GE(result["pairs"], 5);
  EXPECT_LE(result["pairs"], 11);
  const std::vector<std::pair<std::string, std::string>> headless = {{"QT_QPA_PLATFORM", "offscreen"}};
  const auto [extracted, extraction] =
      CaptureCommand({"colmap", "feature_extractor", "--database_path", Path("database.db"), "--image_path",
                      Path("photos"), "--SiftExtraction.use_gpu", "0", "--SiftExtraction.num_threads", "1"},
                     headless);
  ASSERT_EQ(extracted, 0) << extraction;
  const auto [matched, matching] =
      CaptureCommand({"colmap", "matches_importer", "--database_path", Path("database.db"),
                      "--match_list_path", Path("pairs.txt"), "--match_type", "pairs",
                      "--SiftMatching.use_gpu", "0", "--SiftMatching.num_threads", "1"},
                     headless);
  ASSERT_EQ(matched, 0) << matching;
  EXPECT_EQ(SummarizeColmapDatabase(folder_ / "database.db").matched_pairs, result["pairs"]);
}

TEST_F(Searching, PairsOfQueriesAreHlocs) {
  WriteGroups("database.npy", {"db/1.jpg", "db/2.jpg", "db/3.jpg"}, 1, 1);
  WriteGroups("queries.npy", {"query/1.jpg", "query/2.jpg"}, 1, 2);
  VantageJson(
      {"pairs", Path("database.npy"), "--queries", Path("queries.npy"), "-k", "2", "-o", Path("pairs.txt")});
  const std::vector<std::string> lines = SplitText(Trim(ReadFile(folder_ / "pairs.txt")), '\n');
  ASSERT_EQ(lines.size(), 4U);
  for (size_t i = 0; i < 4; ++i) {
    EXPECT_THAT(lines[i], ::testing::StartsWith(StrCat("query/", i / 2 + 1, ".jpg db/")));
  }
  EXPECT_EQ(Vantage({"pairs", Path("database.npy"), "--queries", Path("queries.npy"), "--mutual", "-o",
                     Path("pairs.txt")})
                .code,
            2);
}

TEST_F(Searching, ResultsAreSavedAndShownBesideAnotherRuns) {
  WriteBenchmark();
  const json one = VantageJson(
      {"evaluate", Path("one.npy"), "--data", Path("data"), "--save-results", Path("results.json")});
  const json two = VantageJson({"evaluate", Path("two.npy"), "--data", Path("data"), "--compare",
                                Path("results.json"), "--report", Path("page.html")});
  EXPECT_NEAR(two["comparison"]["all"]["mean_difference"].get<double>(),
              two["map"].get<double>() - one["map"].get<double>(), 1e-12);
  const std::string page = ReadFile(folder_ / "page.html");
  EXPECT_THAT(page, HasSubstr("id=\"comparison\""));
  EXPECT_THAT(page, HasSubstr("results.json"));
  WriteFile(folder_ / "broken.json", "{}");
  EXPECT_THAT(
      Vantage({"evaluate", Path("two.npy"), "--data", Path("data"), "--compare", Path("broken.json")}).text,
      HasSubstr("broken.json: not a file of --save-results"));
}

TEST_F(Searching, EvaluateRefusesDescriptorsThatDoNotFit) {
  WriteBenchmark();
  DescriptorFile file = ReadDescriptors(folder_ / "one.npy");
  file.descriptors.values.conservativeResize(Eigen::NoChange, 8);
  WriteDescriptors(file, folder_ / "short.npy");
  const auto error = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "evaluate");
    arguments.insert(arguments.end(), {"--data", Path("data")});
    const Output output = Vantage(arguments);
    EXPECT_EQ(output.code, 1) << output.text;
    return output.text;
  };
  EXPECT_THAT(error({Path("one.npy"), "--queries", Path("short.npy")}),
              HasSubstr("short.npy: descriptors of 8 dimensions, those of"));
  EXPECT_THAT(error({Path("one.npy"), "--distractors", Path("short.npy")}), HasSubstr("of 16 dimensions"));
  file.provenance.model_sha256 = "bb";
  WriteDescriptors(file, folder_ / "foreign.npy");
  EXPECT_THAT(error({Path("one.npy"), "--queries", Path("foreign.npy")}), HasSubstr("their models differ ("));
  file.descriptors.names[3] = "elsewhere.jpg";
  WriteDescriptors(file, folder_ / "renamed.npy");
  const json renamed = VantageJson({"evaluate", Path("renamed.npy"), "--data", Path("data")});
  EXPECT_EQ(renamed["failed"].size(), 1U);
  EXPECT_EQ(renamed["left_out"], 1);
  DescriptorFile infinite = ReadDescriptors(folder_ / "one.npy");
  infinite.descriptors.values(14, 15) = std::numeric_limits<float>::quiet_NaN();
  WriteDescriptors(infinite, folder_ / "one.npy");
  const std::string bytes = ReadFile(folder_ / "one.npy");
  EXPECT_THAT(error({Path("one.npy")}), HasSubstr("one.npy: row 14 holds a value that is not finite"));
  WriteFile(folder_ / "one.npy", bytes.substr(0, bytes.size() - 1));
  EXPECT_THAT(error({Path("one.npy")}), HasSubstr("before the array does"));
}

TEST_F(Searching, PairsAreMeasuredByASparseModel) {
  const Reconstruction model = vantage::testing::MakeRandomModel(12, 60, 7);
  WriteColmapModel(model, folder_ / "models/scene", ModelFormat::kBinary);
  std::vector<std::string> names;
  for (int i = 0; i < 12; ++i) names.push_back(StrCat(i, ".jpg"));
  WriteGroups("database.npy", names, 3, 1);
  const int64_t least = 30;
  const size_t covisible = CovisiblePairs(model, least).size();
  ASSERT_GT(covisible, 0U);
  ASSERT_LT(covisible, 66U);
  WriteFile(folder_ / "other.txt", "0.jpg 1.jpg\n");
  const json result =
      VantageJson({"pairs", Path("database.npy"), "--covisible", Path("models/scene"), "--min-shared-points",
                   std::to_string(least), "-k", "11", "--against", Path("other.txt")});
  EXPECT_EQ(result["exhaustive"], 66);
  const json& recall = result["recall"];
  ASSERT_EQ(recall.size(), 6U);  // k = 1, 2, 5, 10, 11, and the other's pairs
  for (const json& row : recall) EXPECT_EQ(row["covisible"], covisible);
  EXPECT_LT(recall[0]["recall"], 1);
  EXPECT_EQ(recall[4]["name"], "k = 11");
  EXPECT_EQ(recall[4]["recall"], 1);
  EXPECT_EQ(recall[4]["saved"], 0);
  EXPECT_EQ(recall[5]["pairs"], 1);
  EXPECT_FALSE(std::filesystem::exists(folder_ / "pairs.txt"));
  EXPECT_EQ(Vantage({"pairs", Path("database.npy")}).code, 2);
  EXPECT_THAT(Vantage({"pairs", Path("database.npy"), "--covisible", Path("models/scene"),
                       "--min-shared-points", "100000"})
                  .text,
              HasSubstr("no two photos that have a descriptor share 100000 points"));
}

TEST_F(Searching, PhotosOfAModelWithoutDescriptorAreCounted) {
  WriteColmapModel(vantage::testing::MakeRandomModel(12, 60, 7), folder_ / "models/scene",
                   ModelFormat::kBinary);
  std::vector<std::string> names;
  for (int i = 0; i < 11; ++i) names.push_back(StrCat(i, ".jpg"));
  WriteGroups("few.npy", names, 3, 1);
  WriteFile(folder_ / "models/scene/other.txt", "0.jpg 1.jpg\n0.jpg 11.jpg\n");
  const std::vector<std::string> arguments = {"pairs",       Path("few.npy"),
                                              "--covisible", Path("models/scene"),
                                              "--against",   Path("models/scene/other.txt")};
  const json result = VantageJson(arguments);
  EXPECT_EQ(result["model_photos"], 12);
  EXPECT_EQ(result["without_descriptor"], json::array({"11.jpg"}));
  EXPECT_EQ(result["exhaustive"], 55);
  EXPECT_EQ(result["recall"].back()["left_out"], 1);
  EXPECT_EQ(result["recall"].back()["pairs"], 1);
  const std::string text = Vantage(arguments).text;
  EXPECT_THAT(text, HasSubstr("1 of the models' 12 photos have no descriptor"));
  EXPECT_THAT(text, HasSubstr("other.txt: 1 pairs of photos without a descriptor are left out"));
  WriteGroups("none.npy", {"elsewhere/0.jpg"}, 1, 1);
  EXPECT_THAT(Vantage({"pairs", Path("none.npy"), "--covisible", Path("models/scene")}).text,
              HasSubstr("none.npy: no descriptor of any photo of"));
}

TEST_F(Searching, EachCommandComparesTheWholeProvenance) {
  WriteBenchmark();
  DescriptorFile file = ReadDescriptors(folder_ / "one.npy");
  file.provenance.whitening = "sfm";
  file.provenance.preprocessing = "longest=362";
  WriteDescriptors(file, folder_ / "database.npy");
  file.provenance.preprocessing = "longest=1024";
  WriteDescriptors(file, folder_ / "large.npy");
  file.provenance.whitening = "none";
  WriteDescriptors(file, folder_ / "plain.npy");
  const std::string database = Path("database.npy");
  const auto commands = [&](const std::string& other) {
    return std::vector<std::vector<std::string>>{
        {"search", database, "--queries", Path(other), "-o", Path("r.csv")},
        {"pairs", database, "--queries", Path(other), "-o", Path("p.txt")},
        {"evaluate", database, "--queries", Path(other), "--data", Path("data")},
        {"evaluate", database, "--distractors", Path(other), "--data", Path("data")}};
  };
  for (const auto& command : commands("large.npy")) {
    const Output output = Vantage(command);
    EXPECT_EQ(output.code, 0) << output.text;
    const std::string warning =
        "costs accuracy: their preparations of photos differ (longest=1024 and longest=362)";
    const size_t at = output.text.find(warning);
    EXPECT_NE(at, std::string::npos) << output.text;
    EXPECT_EQ(output.text.find(warning, at + 1), std::string::npos) << "once";
  }
  for (const auto& command : commands("plain.npy")) {
    const Output output = Vantage(command);
    EXPECT_EQ(output.code, 1);
    EXPECT_THAT(output.text, HasSubstr("their whitenings differ (none and sfm)"));
  }
  const auto with_index = [&](const std::string& name) {
    return Vantage(
        {"search", Path(name), "--index", "flat", "--index-file", Path("i.faiss"), "-o", Path("r.csv")});
  };
  EXPECT_EQ(with_index("database.npy").code, 0);
  EXPECT_THAT(with_index("large.npy").text,
              HasSubstr("their preparations of photos differ (longest=362 and longest=1024)"));
  EXPECT_THAT(with_index("plain.npy").text, HasSubstr("their whitenings differ (sfm and none)"));
  EXPECT_EQ(with_index("plain.npy").code, 1);
}

TEST_F(Searching, ExpansionDoesNotCountTheQuery) {
  WriteBenchmark();
  const auto map = [&](const char* neighbors) {
    return VantageJson({"evaluate", Path("one.npy"), "--data", Path("data"), "--stage",
                        StrCat("aqe:neighbors=", neighbors)})["map"];
  };
  EXPECT_NE(map("1"), VantageJson({"evaluate", Path("one.npy"), "--data", Path("data")})["map"]);
}

}  // namespace
}  // namespace vantage

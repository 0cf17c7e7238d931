// SPDX-License-Identifier: BSD-3-Clause
#include "vantage/evaluation.h"

#include "testing/files.h"
#include "util/file.h"

namespace vantage::evaluation {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using vantage::testing::ErrorOf;
using vantage::testing::SharedFolder;
using vantage::testing::TemporaryFolder;

TEST(ReadClassFolders, LeavesTheQueryOutOfItsOwnRanking) {
  const TemporaryFolder folder;
  for (const char* name : {"a/1.jpg", "a/2.jpg", "b/1.jpg", "b/2.png", "b/3.jpg", "loose.jpg"}) {
    WriteFile(folder / name, "");
  }
  const Benchmark benchmark = ReadClassFolders(folder.path());
  EXPECT_EQ(benchmark.photos.size(), 5U);  // loose photos do not become distractors
  ASSERT_EQ(benchmark.queries.size(), 5U);
  EXPECT_THAT(benchmark.queries[3].relevance.positives, ElementsAre(2, 4));
  EXPECT_THAT(benchmark.queries[3].relevance.junk, ElementsAre(3));
  EXPECT_EQ(ReadClassFolders(folder.path(), 2).queries.size(), 3U);
}

TEST(ReadClassFolders, WithoutClassesIsAnError) {
  const TemporaryFolder folder;
  WriteFile(folder / "a.jpg", "");
  EXPECT_THAT(ErrorOf([&] { ReadClassFolders(folder.path()); }), HasSubstr("no query"));
  EXPECT_THAT(ErrorOf([&] { ReadClassFolders(folder / "none"); }), HasSubstr("no such folder"));
}

TEST(ReadBoxedQueries, ReadsTheRealOnes) {
  VANTAGE_REQUIRE_SHARED("photos/paris/queries.json");
  Benchmark benchmark = ReadBoxedQueries(SharedFolder() / "photos/paris");
  EXPECT_EQ(benchmark.photos.size(), 250U);
  ASSERT_EQ(benchmark.queries.size(), 12U);
  EXPECT_EQ(benchmark.queries[0].relevance.positives.size(), 39U);
  EXPECT_EQ(benchmark.queries[0].box->left, 6.25);
  AddDistractors(benchmark, SharedFolder() / "photos/distractors");
  EXPECT_GT(benchmark.photos.size(), 700U);
}

TEST(ReadBoxedQueries, DamageIsNamed) {
  const TemporaryFolder folder;
  WriteFile(folder / "a.jpg", "");
  const auto error = [&](const std::string& json) {
    WriteFile(folder / "queries.json", json);
    return ErrorOf([&] { ReadBoxedQueries(folder.path()); });
  };
  EXPECT_THAT(error("[{"), HasSubstr("queries.json: not valid JSON"));
  EXPECT_THAT(error(R"([{"query": "b", "ok": []}])"), HasSubstr("names the photo 'b', which is not there"));
  EXPECT_THAT(error(R"([{"query": "a", "ok": ["c"]}])"),
              HasSubstr("names the photo 'c', which is not in the database"));
  EXPECT_THAT(error(R"([{"query": "a", "ok": ["a"], "bbx": [1, 2]}])"),
              HasSubstr("not a list of four numbers"));
  EXPECT_THAT(error(R"([{"query": "a"}])"), HasSubstr("queries.json: "));
  EXPECT_THAT(error(R"([{"query": "a", "ok": ["a"], "bbx": [5, 2, 3, 9]}])"), HasSubstr("holds nothing"));
  EXPECT_THAT(error(R"([{"query": "a", "ok": ["a", "a.jpg"]}])"), HasSubstr("name the photo 'a.jpg' twice"));
  EXPECT_THAT(error(R"([{"query": "a", "ok": ["a"], "junk": ["a"]}])"),
              HasSubstr("name the photo 'a' twice"));
  WriteFile(folder / "images.json", R"({"imlist": ["a", "a.jpg"]})");
  EXPECT_THAT(error(R"([{"query": "a", "ok": ["a"]}])"),
              HasSubstr("the database has the photo 'a.jpg' twice"));
  WriteFile(folder / "images.json", R"({"imlist": ["a"]})");
  EXPECT_THAT(error("[]"), HasSubstr("no query"));
}

TEST(ReadBoxedQueries, NamesWithDotsAreThePhotosOfThatName) {
  const TemporaryFolder folder;
  for (const char* name : {"img.jpg", "img.v1.jpg", "2019.01.jpg", "q.jpg"}) WriteFile(folder / name, "");
  WriteFile(folder / "queries.json", R"([{"query": "2019.01", "ok": ["img.v1"], "junk": ["q"]}])");
  const Benchmark benchmark = ReadBoxedQueries(folder.path());
  EXPECT_EQ(benchmark.queries[0].photo, folder / "2019.01.jpg");
  ASSERT_EQ(benchmark.queries[0].relevance.positives.size(), 1U);
  EXPECT_EQ(benchmark.photos[static_cast<size_t>(benchmark.queries[0].relevance.positives[0])],
            folder / "img.v1.jpg");
  WriteFile(folder / "queries.json", R"([{"query": "q", "ok": ["img.v2"]}])");
  EXPECT_THAT(ErrorOf([&] { ReadBoxedQueries(folder.path()); }), HasSubstr("names the photo 'img.v2'"));
}

TEST(ReadBoxedQueries, EqualNamesWithTwoEndingsAreTwoPhotos) {
  const TemporaryFolder folder;
  for (const char* name : {"a.jpg", "a.png", "q.jpg"}) WriteFile(folder / name, "");
  WriteFile(folder / "queries.json", R"([{"query": "q", "ok": ["a.png"], "junk": ["a.jpg"]}])");
  const Benchmark benchmark = ReadBoxedQueries(folder.path());
  EXPECT_EQ(benchmark.photos.size(), 3U);
  EXPECT_THAT(benchmark.queries[0].relevance.positives, ElementsAre(1));
  WriteFile(folder / "queries.json", R"([{"query": "q", "ok": ["a"]}])");
  EXPECT_THAT(ErrorOf([&] { ReadBoxedQueries(folder.path()); }),
              ::testing::AllOf(HasSubstr("'a' is ambiguous"), HasSubstr("a.jpg"), HasSubstr("a.png")));
}

TEST(ReadBoxedQueries, AQueryIsNeverItsOwnWrongAnswer) {
  const TemporaryFolder folder;
  for (const char* name : {"a.jpg", "b.jpg", "q.jpg"}) WriteFile(folder / name, "");
  WriteFile(folder / "queries.json", R"([{"query": "q", "ok": ["a"]}, {"query": "q.jpg", "ok": ["a", "q"]},
                                         {"query": "./q.jpg", "ok": ["a"], "junk": ["b", "q"]}])");
  const Benchmark benchmark = ReadBoxedQueries(folder.path());
  EXPECT_THAT(benchmark.queries[0].relevance.junk, ElementsAre(2));
  EXPECT_THAT(benchmark.queries[1].relevance.junk, ElementsAre());
  EXPECT_THAT(benchmark.queries[1].relevance.positives, ElementsAre(0, 2));
  EXPECT_THAT(benchmark.queries[2].relevance.junk, ElementsAre(1, 2));
  DescriptorMatrix database(3, 2);
  database << 0.8F, 0.6F, 0, 1, 1, 0;
  const DescriptorMatrix queries = database(std::vector<int>{2, 2, 2}, Eigen::all);
  const Evaluation evaluation = EvaluateBenchmark({benchmark, {queries, database, {}}}, folder.path(), "");
  EXPECT_THAT(MainFigure(evaluation.results).values, ElementsAre(1, 1, 1));
}

TEST(ReadBoxedQueries, IsNamedByItsFolderWithAndWithoutASlash) {
  const TemporaryFolder folder;
  for (const char* name : {"landmarks/x/a.jpg", "landmarks/x/b.jpg"}) WriteFile(folder / name, "");
  EXPECT_EQ(ReadClassFolders(folder / "landmarks").name, "landmarks");
  EXPECT_EQ(ReadClassFolders(folder / "landmarks/").name, "landmarks");
  WriteFile(folder / "landmarks/queries.json", R"([{"query": "a", "ok": ["b"]}])");
  EXPECT_EQ(ReadBoxedQueries(folder / "landmarks/").name, "landmarks");
}

TEST(EvaluateBenchmark, RanksByInnerProduct) {
  const TemporaryFolder folder;
  for (const char* name : {"a/1.jpg", "a/2.jpg", "b/1.jpg", "b/2.jpg"}) WriteFile(folder / name, "");
  const Benchmark benchmark = ReadClassFolders(folder.path());
  DescriptorMatrix database(4, 2);
  database << 1, 0, 0.8F, 0.6F, 0, 1, 0.6F, 0.8F;
  const EvaluationResults results =
      EvaluateBenchmark({benchmark, {database, database, {}}}, folder.path(), "d.npy").results;
  EXPECT_EQ(results.source, "d.npy");
  // a/2 finds b/2 before a/1, b/2 finds a/2 before b/1.
  EXPECT_THAT(MainFigure(results).values, ElementsAre(1.0, 0.25, 1.0, 0.25));
  EXPECT_EQ(FigureOfTask(results, "", "precision_at_1").mean, 0.5);
  EXPECT_THAT(ErrorOf([&] {
                EvaluateBenchmark({benchmark, {database, DescriptorMatrix(1, 2), {}}}, folder.path(), "");
              }),
              HasSubstr("1 database descriptors for"));
}

TEST(ReadBoxedQueries, SaysInPlainWordsWhatItsJsonLacks) {
  const testing::TemporaryFolder folder;
  WriteFile(folder / "a.jpg", "");
  for (const char* text :
       {"{}", "[{}]", R"([{"query": 3}])", R"([{"query": "a.jpg", "ok": [], "bbx": "all"}])", "[3]"}) {
    WriteFile(folder / "queries.json", text);
    const std::string error = testing::ErrorOf([&] { ReadBoxedQueries(folder.path()); });
    EXPECT_THAT(error, ::testing::HasSubstr("queries.json: ")) << text;
    EXPECT_THAT(error, ::testing::Not(::testing::HasSubstr("json.exception"))) << text;
  }
  EXPECT_THAT(testing::ErrorOf([&] { ReadClassFolders(folder / std::string(300, 'x')); }),
              ::testing::HasSubstr("too long"));
}

}  // namespace
}  // namespace vantage::evaluation

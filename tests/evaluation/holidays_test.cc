// SPDX-License-Identifier: BSD-3-Clause
#include "vantage/evaluation.h"

#include "evaluation/judged.h"
#include "testing/files.h"
#include "util/file.h"
#include "vantage/search.h"

namespace vantage::evaluation {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using vantage::testing::ErrorOf;
using vantage::testing::SharedFolder;
using vantage::testing::TemporaryFolder;

const std::vector<std::string> kNames = {"100000.jpg", "100001.jpg", "100100.jpg", "100101.jpg",
                                         "100102.jpg"};

TEST(Holidays, TheRealResultsHaveTheMapThatInriasProgramPrints) {
  VANTAGE_REQUIRE_SHARED("groundtruth/holidays");
  const auto folder = SharedFolder() / "groundtruth/holidays";
  const auto rankings = ReadHolidaysResults(folder / "result_top10.txt");
  const auto names = ReadHolidaysList(folder / "holidays_images.dat");
  EXPECT_EQ(names.size(), 1491U);
  const TaskFigure scores = MainFigure(JudgeHolidaysResults(rankings, names, "result_top10.txt"));
  EXPECT_EQ(scores.values.size(), 500U);
  EXPECT_NEAR(scores.mean, 0.6892340, 5e-8);  // printed with seven digits
  EXPECT_EQ(ReadHolidaysResults(folder / "result_top10.txt").size(), rankings.size());
}

TEST(Holidays, ResultsAndRankingsAreJudgedAlike) {
  const PhotoFinder photos({"100000.jpg", "100001.jpg", "100100.jpg", "100101.jpg", "100102.jpg"});
  const Benchmark benchmark = MakeHolidays(kNames, photos);
  EXPECT_TRUE(benchmark.missing.empty());
  ASSERT_EQ(benchmark.queries.size(), 2U);
  EXPECT_THAT(benchmark.queries[1].relevance.positives, ElementsAre(3, 4));
  EXPECT_THAT(benchmark.queries[1].relevance.junk, ElementsAre(2));
  const std::vector<std::vector<int64_t>> rankings = {{2, 0, 1, 3, 4}, {3, 2, 0, 4, 1}};
  const EvaluationResults by_rows = JudgeRankings(benchmark, "", {rankings, {}}, 0);
  RankedLists lists{{kNames[0], kNames[2]}, {}};
  for (const auto& ranking : rankings) {
    std::vector<Neighbor>& neighbors = lists.neighbors.emplace_back();
    for (const int64_t row : ranking) neighbors.push_back({row, 0});
  }
  const TemporaryFolder folder;
  WriteRankedLists(lists, kNames, folder / "result.txt");
  const EvaluationResults results =
      JudgeHolidaysResults(ReadHolidaysResults(folder / "result.txt"), kNames, "r", 2);
  EXPECT_EQ(Means(results), Means(by_rows));
  ASSERT_EQ(results.queries[1].first.size(), 2U);  // the query itself is not among them
  EXPECT_EQ(results.queries[1].first[0].name, "100101.jpg");
  EXPECT_EQ(results.queries[1].first[0].kind, ResultKind::kPositive);
  EXPECT_EQ(results.queries[1].first[1].name, "100000.jpg");
  EXPECT_EQ(Values(results, "average_precision"), Values(by_rows, "average_precision"));
}

TEST(Holidays, MissingPhotosAreNamedOrCounted) {
  const PhotoFinder photos({"x/100000.jpg", "x/100100.jpg", "x/100102.jpg", "x/other.jpg"});
  const Benchmark by_list = MakeHolidays(kNames, photos);
  EXPECT_THAT(by_list.missing, ElementsAre("100001.jpg", "100101.jpg"));
  EXPECT_TRUE(by_list.queries[0].relevance.positives.empty());
  const Benchmark without_list = MakeHolidays({}, photos);
  EXPECT_EQ(without_list.photos.size(), 3U);
  EXPECT_THAT(without_list.missing, ElementsAre(HasSubstr("1488 of 1491 photos")));
  EXPECT_THAT(ErrorOf([] { MakeHolidays({}, PhotoFinder({"a.jpg"})); }), HasSubstr("no photo 1GGG00.jpg"));
}

TEST(Holidays, DamageIsNamed) {
  const TemporaryFolder folder;
  const auto list_error = [&](const std::string& text) {
    WriteFile(folder / "list.dat", text);
    return ErrorOf([&] { ReadHolidaysList(folder / "list.dat"); });
  };
  EXPECT_THAT(list_error("100000.jpg\nx.jpg\n"), HasSubstr("list.dat:2: 'x.jpg' is not a photo of Holidays"));
  EXPECT_THAT(list_error("100000.jpg\n100000.jpg\n"), HasSubstr("appears twice"));
  EXPECT_THAT(list_error(""), HasSubstr("names no photo"));
  const auto result_error = [&](const std::string& text) {
    WriteFile(folder / "result.txt", text);
    return ErrorOf([&] { JudgeHolidaysResults(ReadHolidaysResults(folder / "result.txt"), kNames, "r"); });
  };
  EXPECT_THAT(result_error("100000.jpg 0\n"), HasSubstr("result.txt:1: rank 0 has no photo"));
  EXPECT_THAT(result_error("100000.jpg x 100001.jpg\n"), HasSubstr("result.txt:1: rank"));
  EXPECT_THAT(result_error("100000.jpg -1 100001.jpg\n"), HasSubstr("result.txt:1: rank -1"));
  EXPECT_THAT(result_error("\n"), HasSubstr("no ranked list"));
  EXPECT_THAT(result_error("100000.jpg 0 100001.jpg\n"), HasSubstr("no list of '100100'"));
  EXPECT_THAT(result_error("100000.jpg\n100000.jpg\n"), HasSubstr("two lists"));
  EXPECT_THAT(result_error("100000.jpg 0 109999.jpg\n100100.jpg\n"),
              HasSubstr("is not a photo of the benchmark"));
  EXPECT_THAT(result_error("100000.jpg 0 100001.jpg 1 100001.jpg\n100100.jpg\n"), HasSubstr("is twice"));
}

TEST(Turns, AreReadForPhotosByName) {
  const PhotoFinder photos({"x/100000.jpg", "x/100001.jpg", "x/100100.jpg", "x/100101.jpg", "x/100102.jpg"});
  Benchmark benchmark = MakeHolidays(kNames, photos);
  const TemporaryFolder folder;
  const auto read = [&](const std::string& text) {
    WriteFile(folder / "turns.txt", text);
    ReadTurns(benchmark, folder / "turns.txt");
  };
  read("100001.jpg 90\n\n100100 -90\nx/100102.jpg\t180\n100000.jpg 0\n");
  EXPECT_THAT(benchmark.turns, ElementsAre(0, 90, 270, 0, 180));
  EXPECT_THAT(ErrorOf([&] { read("100001.jpg 90\n100001.jpg 90\n"); }),
              HasSubstr("turns.txt:2: '100001.jpg' appears twice"));
  EXPECT_THAT(ErrorOf([&] { read("100001.jpg 45\n"); }), HasSubstr("turns.txt:1: a turn by 45 degrees"));
  EXPECT_THAT(ErrorOf([&] { read("100001.jpg x\n"); }), HasSubstr("turns.txt:1: degrees"));
  EXPECT_THAT(ErrorOf([&] { read("100001.jpg\n"); }), HasSubstr("turns.txt:1: not 'NAME DEGREES'"));
  EXPECT_THAT(ErrorOf([&] { read("109900.jpg 90\n"); }),
              HasSubstr("'109900.jpg' is not a photo of the benchmark"));
  benchmark.queries[0].box = Box{0, 0, 1, 1};
  EXPECT_THAT(ErrorOf([&] { read("100000.jpg 90\n"); }), HasSubstr("is a query with a box"));
  benchmark.missing = {"109900.jpg"};
  read("109900.jpg 90\n");  // a missing photo, which is reported elsewhere
  EXPECT_THAT(benchmark.turns, ElementsAre(0, 0, 0, 0, 0));
}

}  // namespace
}  // namespace vantage::evaluation

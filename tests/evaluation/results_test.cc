// SPDX-License-Identifier: BSD-3-Clause
#include "vantage/evaluation.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "evaluation/judged.h"
#include "testing/files.h"
#include "util/file.h"
#include "util/string.h"

namespace vantage::evaluation {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using vantage::testing::ErrorOf;
using vantage::testing::TemporaryFolder;

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

const std::vector<QueryResult> kQueries = {{"E", "a.jpg", 3, {1.0 / 3, 0.2}},
                                           {"E", "b, \"c\".jpg", 0, {kNaN, kNaN}},
                                           {"H", "a.jpg", 2, {0.5, 0.5}},
                                           {"H", "a.jpg", 1, {1, 0.25}}};

EvaluationResults RunOf(std::vector<QueryResult> queries) {
  return {.benchmark = "b",
          .tasks = {"E", "H"},
          .main_task = "E",
          .figures = {AveragePrecisionFigure(), PrecisionFigure(5)},
          .queries = std::move(queries)};
}

TEST(QueryResults, ComeBackBitByBit) {
  const std::string text = FormatQueryResults(RunOf(kQueries));
  EXPECT_TRUE(text.starts_with("task,query,positives,average_precision,precision_at_5\n"));
  const EvaluationResults back = ParseQueryResults(text, "run.csv");
  ASSERT_EQ(back.queries.size(), 4U);
  EXPECT_THAT(back.tasks, ElementsAre("E", "H"));
  for (size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(back.queries[i].task, kQueries[i].task);
    EXPECT_EQ(back.queries[i].query, kQueries[i].query);
    EXPECT_EQ(back.queries[i].positives, kQueries[i].positives);
  }
  for (const size_t i : {0, 2, 3}) EXPECT_EQ(back.queries[i].figures, kQueries[i].figures);
  EXPECT_TRUE(std::isnan(back.queries[1].figures[0]));
  EXPECT_EQ(FormatQueryResults(back), text);
  EXPECT_THAT(ErrorOf([] { ParseQueryResults("a,b\n", "run.csv"); }), HasSubstr("not a file of --per-query"));
  EXPECT_THAT(ErrorOf([] { ParseQueryResults("task,query,positives\n", "run.csv"); }),
              HasSubstr("does not begin with task,query,positives and a figure"));
  EXPECT_THAT(ErrorOf([&] { ParseQueryResults(text + "E,a\n", "run.csv"); }),
              HasSubstr("run.csv:6: 2 values for 5 columns"));
  EXPECT_THAT(ErrorOf([&] { ParseQueryResults(text + "E,a,x,0.5,1\n", "run.csv"); }),
              HasSubstr("run.csv:6: positives"));
  EXPECT_THAT(ErrorOf([&] { ParseQueryResults(text + "E,a,1,0.5,7\n", "run.csv"); }),
              HasSubstr("run.csv:6: precision_at_5 of 7"));
}

TEST(CompareRuns, MatchesQueriesByName) {
  const EvaluationResults run = RunOf(kQueries);
  EvaluationResults other = RunOf({kQueries[3], kQueries[0], kQueries[1], kQueries[2]});
  other.queries[1].figures[0] = 0.5;
  const auto compare = [&] { return CompareRuns(run, "old.csv", other, {}); };
  EXPECT_THAT(ErrorOf(compare), HasSubstr("old.csv: the query 'a.jpg' has 2 positives there and 1 here"));
  // Boxes of one photo are identified by their order.
  std::rotate(other.queries.begin(), other.queries.begin() + 1, other.queries.end());
  const auto comparisons = compare();
  ASSERT_EQ(comparisons.size(), 4U);
  EXPECT_EQ(comparisons[0].task, "E");
  EXPECT_EQ(comparisons[0].figure.name, "average_precision");
  EXPECT_NEAR(comparisons[0].comparison.mean_difference, 0.5 - 1.0 / 3, 1e-15);
  EXPECT_EQ(comparisons[2].comparison.mean_difference, 0);
  other.queries[0].query = "d.jpg";
  EXPECT_THAT(ErrorOf(compare), HasSubstr("has no query 'd.jpg'"));
  other.queries.pop_back();
  EXPECT_THAT(ErrorOf(compare), HasSubstr("has no"));
}

TEST(CompareRuns, TakesTheFiguresThatBothRunsHave) {
  EvaluationResults run = RunOf(kQueries);
  const EvaluationResults other = RunOf(kQueries);
  std::swap(run.figures[0], run.figures[1]);  // found by name, not by place
  for (QueryResult& query : run.queries) {
    std::swap(query.figures[0], query.figures[1]);
    query.figures[0] /= 2;
  }
  const auto both = CompareRuns(run, "old.csv", other, {});
  ASSERT_EQ(both.size(), 4U);
  EXPECT_EQ(both[0].comparison.mean_difference, 0);
  EXPECT_EQ(both[1].figure.name, "precision_at_5");
  EXPECT_NEAR(both[1].comparison.mean_difference, 0.1, 1e-15);
  run.figures[1].name = "another";
  const auto one = CompareRuns(run, "old.csv", other, {});
  ASSERT_EQ(one.size(), 2U);
  EXPECT_EQ(one[0].figure.name, "precision_at_5");
  run.figures[0].name = "a third";
  EXPECT_THAT(ErrorOf([&] { CompareRuns(run, "old.csv", other, {}); }),
              HasSubstr("old.csv: has none of this run's figures: average_precision, precision_at_5"));
}

TEST(PairQueries, KeepsTheSecondRunsOrder) {
  const std::vector<QueryResult> other = {kQueries[3], kQueries[1], kQueries[0], kQueries[2]};
  const std::vector<QueryResult> here = {kQueries[2], kQueries[3], kQueries[0], kQueries[1]};
  EXPECT_THAT(ErrorOf([&] { PairQueries(other, "o", here); }), HasSubstr("1 positives there and 2 here"));
  const std::vector<QueryPair> pairs = PairQueries(kQueries, "o", here);
  ASSERT_EQ(pairs.size(), 4U);
  for (size_t i = 0; i < 4; ++i) EXPECT_EQ(pairs[i].second, &here[i]);
  EXPECT_EQ(pairs[0].first, &kQueries[2]);
  EXPECT_EQ(pairs[3].first, &kQueries[1]);
}

TEST(InterpolatedPrecision, IsTheHighestAtEachRecallOrBeyond) {
  // Precision 1/2 at recall 1/4, 2/3 at 2/4, 3/6 at 3/4; the fourth positive was not found.
  EXPECT_THAT(InterpolatedPrecision({1, 2, 5}, 4, 5), ElementsAre(2.0 / 3, 2.0 / 3, 2.0 / 3, 0.5, 0));
  EXPECT_THAT(InterpolatedPrecision({1, 2, 5}, 4, 3), ElementsAre(2.0 / 3, 2.0 / 3, 0));
  EXPECT_THAT(InterpolatedPrecision({}, 1, 2), ElementsAre(0, 0));
  EXPECT_THAT(InterpolatedPrecision({0, 1, 2}, 3, 4), ElementsAre(1, 1, 1, 1));
  EXPECT_THAT(ErrorOf([] { InterpolatedPrecision({}, 0, 5); }), HasSubstr("of 0 positives"));
}

// Three photos and two queries, the first a part of the photo 0 and the second the photo 2 itself.
struct TwoTasks {
  TwoTasks() {
    benchmark.name = "a benchmark";
    benchmark.photos = {"data/a/0.jpg", "data/a/1.jpg", "data/b/2.jpg", "elsewhere/3.jpg"};
    benchmark.tasks = {"E", "H"};
    benchmark.missing = {"4.jpg"};
    benchmark.queries.push_back(
        {"data/a/0.jpg", Box{1.5, 2, 30, 40}, {{1}, {}}, 0, {{{1}, {0}}, {{}, {0, 1}}}});
    benchmark.queries.push_back(
        {"data/b/2.jpg", std::nullopt, {{0, 3}, {2}}, 2, {{{0}, {2, 3}}, {{0, 3}, {2}}}});
    rankings.rows = {{2, 0, 1, 3}, {2, 3, 1, 0}};
    rankings.scores = {{0.75F, 0.5F, 0.25F, 0}, {1, 0.5F, 0.25F, 0.125F}};
  }
  Benchmark benchmark;
  DatabaseRankings rankings;
};

TEST(JudgeRankings, KeepsWhatThePageShows) {
  const TwoTasks judged;
  const EvaluationResults results = JudgeRankings(judged.benchmark, "data", judged.rankings, 3);
  EXPECT_EQ(results.benchmark, "a benchmark");
  EXPECT_EQ(results.photos, 4);
  ASSERT_EQ(results.queries.size(), 4U);
  const QueryResult& boxed = results.queries[0];
  EXPECT_EQ(boxed.task, "E");
  EXPECT_EQ(boxed.query, "a/0.jpg");
  EXPECT_EQ(boxed.box->left, 1.5);
  EXPECT_THAT(boxed.positive_ranks, ElementsAre(1));
  ASSERT_EQ(boxed.first.size(), 3U);  // its own photo, junk, is not among them
  EXPECT_EQ(boxed.first[0].name, "b/2.jpg");
  EXPECT_EQ(boxed.first[0].kind, ResultKind::kNegative);
  EXPECT_EQ(boxed.first[1].kind, ResultKind::kPositive);
  EXPECT_EQ(boxed.first[1].score, 0.25);
  const QueryResult& whole = results.queries[1];
  EXPECT_EQ(whole.first[0].name, "elsewhere/3.jpg");
  EXPECT_EQ(whole.first[0].kind, ResultKind::kJunk);
  EXPECT_THAT(whole.positive_ranks, ElementsAre(1));
  EXPECT_TRUE(std::isnan(results.queries[2].figures[0]));
  EXPECT_EQ(results.queries[2].positives, 0);
  EXPECT_THAT(results.queries[3].positive_ranks, ElementsAre(0, 2));

  // The figures are those of the rankings, with distractors too.
  const std::vector<std::vector<int64_t>> above = {{0, 1, 1, 5}, {0, 3, 3, 4}};
  const EvaluationResults beside = JudgeRankings(judged.benchmark, "data", judged.rankings, 3, above);
  for (size_t task = 0; task < 2; ++task) {
    const EvaluationResults expected =
        Judged(judged.rankings.rows, TaskRelevances(judged.benchmark, task), LandmarkJudging(), above);
    EXPECT_EQ(Means(beside, judged.benchmark.tasks[task]), Means(expected));
  }
  EXPECT_THAT(MeanInterpolatedPrecision(results, "H", 3), ElementsAre(1, 1, 2.0 / 3));
}

TEST(Results, ComeBackFromTheirFile) {
  const TwoTasks judged;
  EvaluationResults results = JudgeRankings(judged.benchmark, "data", judged.rankings, 3);
  results.source = "model.pth";
  results.queries[0].first[0].score = kNaN;
  const TemporaryFolder folder;
  const std::string text = FormatResults(results);
  WriteFile(folder / "run.json", text);
  const EvaluationResults back = ReadResults(folder / "run.json");
  EXPECT_EQ(FormatResults(back), text);
  EXPECT_TRUE(back.has_all_ranks);
  EXPECT_EQ(back.main_task, "E");
  EXPECT_THAT(back.missing, ElementsAre("4.jpg"));
  EXPECT_EQ(back.queries[0].box->bottom, 40);
  EXPECT_TRUE(std::isnan(back.queries[0].first[0].score));
  for (const TaskFigure& figure : FiguresOfTask(back, "H")) {
    EXPECT_EQ(figure.mean, FigureOfTask(results, "H", figure.figure.name).mean);
  }

  // A table keeps only the figures.
  WriteFile(folder / "run.csv", FormatQueryResults(results));
  const EvaluationResults table = ReadResults(folder / "run.csv");
  EXPECT_FALSE(table.has_all_ranks);
  EXPECT_THAT(table.tasks, ElementsAre("E", "H"));
  EXPECT_EQ(Means(table, "E"), Means(back, "E"));
  EXPECT_THAT(MeanInterpolatedPrecision(table, "E", 3), IsEmpty());
}

TEST(Results, DamageIsNamed) {
  const TwoTasks judged;
  const TemporaryFolder folder;
  const std::string text = FormatResults(JudgeRankings(judged.benchmark, "data", judged.rankings, 3));
  const auto error = [&](const std::string& damaged) {
    WriteFile(folder / "run.json", damaged);
    return ErrorOf([&] { ReadResults(folder / "run.json"); });
  };
  const auto replaced = [&](const std::string& from, const std::string& to) {
    std::string damaged = text;
    const size_t at = damaged.find(from);
    EXPECT_NE(at, damaged.npos) << from;
    return error(damaged.replace(at, from.size(), to));
  };
  for (size_t size = 1; size + 2 < text.size(); size += 23) {
    EXPECT_THAT(error(text.substr(0, size)), HasSubstr("run.json: not valid JSON")) << size;
  }
  EXPECT_THAT(error("{}"), HasSubstr("not a file of --save-results"));
  EXPECT_THAT(replaced("\"vantage_results\": 2", "\"vantage_results\": 1"),
              HasSubstr("results of version 1"));
  EXPECT_THAT(replaced("\"positive\"", "\"good\""),
              HasSubstr("queries[0]: kind 'good' is not positive, negative or junk"));
  EXPECT_THAT(replaced("\"task\": \"E\"", "\"task\": \"X\""), HasSubstr("queries[0]: the task 'X'"));
  EXPECT_THAT(replaced("\"positives\": 1", "\"positives\": 0"), HasSubstr("queries[0]: "));
  EXPECT_THAT(replaced("\"average_precision\": 0.25", "\"average_precision\": 2"),
              HasSubstr("queries[0]: average_precision of 2 for 1 positives"));
  EXPECT_THAT(replaced("\"photos\": 4", "\"photos\": \"4\""), HasSubstr("run.json: "));
}

TEST(PhotosOf, AreWhereTheBenchmarksPhotosAre) {
  const TemporaryFolder folder;
  Benchmark benchmark;
  benchmark.photos = {folder / "a.jpg", "b.jpg"};  // paths by folder, and names of descriptor files
  benchmark.queries.push_back({folder / "a.jpg", std::nullopt, {}, 0, {}});
  benchmark.queries.push_back({"b.jpg", Box{0, 0, 1, 1}, {}, 1, {}});
  WriteFile(folder / "a.jpg", "");
  WriteFile(folder / "b.jpg", "");
  const SearchPhotos photos = PhotosOf(benchmark, folder.path());
  EXPECT_EQ(photos.query(0), folder / "a.jpg");
  EXPECT_EQ(photos.query(1), folder / "b.jpg");
  EXPECT_FALSE(photos.box(0));
  EXPECT_TRUE(photos.box(1));
  EXPECT_EQ(photos.database(0), folder / "a.jpg");
  EXPECT_EQ(photos.database(1), folder / "b.jpg");
  // A part of a photo is not the photo.
  EXPECT_THAT(OwnRowsOf(benchmark), ElementsAre(0, std::nullopt));
}

}  // namespace
}  // namespace vantage::evaluation

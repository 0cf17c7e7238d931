// SPDX-License-Identifier: BSD-3-Clause
#include "vantage/evaluation.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "evaluation/judged.h"
#include "serialize/npy.h"
#include "testing/files.h"
#include "util/file.h"
#include "util/string.h"

namespace vantage::evaluation {
namespace {

using nlohmann::json;
using vantage::testing::ErrorOf;
using vantage::testing::SharedFolder;

std::vector<std::vector<int64_t>> ReferenceRankings(const std::string& benchmark) {
  const serialize::NpyArray array =
      serialize::ReadNpy(SharedFolder() / ("reference/evaluation/" + benchmark + "_ranks_u16.npy"));
  const std::vector<int64_t> ranks = array.As<int64_t>();  // database x queries
  std::vector<std::vector<int64_t>> rankings(static_cast<size_t>(array.shape[1]));
  for (size_t i = 0; i < ranks.size(); ++i) rankings[i % rankings.size()].push_back(ranks[i]);
  return rankings;
}

void ExpectScores(const EvaluationResults& results, const json& expected) {
  const TaskFigure scores = MainFigure(results);
  EXPECT_NEAR(scores.mean, expected.at("map").get<double>(), 1e-12);
  const auto aps = expected.at("aps").get<std::vector<double>>();
  ASSERT_EQ(scores.values.size(), aps.size());
  for (size_t q = 0; q < aps.size(); ++q) EXPECT_NEAR(scores.values[q], aps[q], 1e-12) << q;
}

class OfficialGroundTruth : public ::testing::TestWithParam<std::string> {};

TEST_P(OfficialGroundTruth, ClassicScoresAreTheReferences) {
  VANTAGE_REQUIRE_SHARED("reference/evaluation");
  const auto truth = ReadPickledGroundTruth(SharedFolder() / ("groundtruth/gnd_" + GetParam() + ".pkl"));
  ASSERT_EQ(truth.queries.size(), 55U);
  std::vector<Relevance> relevances;
  for (const auto& query : truth.queries) relevances.push_back({query.ok, query.junk});
  const json expected =
      json::parse(ReadFile(SharedFolder() / ("reference/evaluation/" + GetParam() + "_expected.json")));
  ExpectScores(Judged(ReferenceRankings(GetParam()), relevances), expected);
}

TEST_P(OfficialGroundTruth, RevisitedScoresAreTheReferences) {
  VANTAGE_REQUIRE_SHARED("reference/evaluation");
  const auto folder = SharedFolder() / "reference/evaluation";
  const json split = json::parse(ReadFile(folder / (GetParam() + "_easy-hard-split.json")));
  const json expected = json::parse(ReadFile(folder / (GetParam() + "_expected.json"))).at("revisited");
  const auto rankings = ReferenceRankings(GetParam());
  for (const auto& [name, task] : std::map<std::string, RevisitedTask>{
           {"E", RevisitedTask::kEasy}, {"M", RevisitedTask::kMedium}, {"H", RevisitedTask::kHard}}) {
    std::vector<Relevance> relevances;
    for (const json& query : split) {
      relevances.push_back(
          RevisitedRelevance({{}, {}, query.at("easy"), query.at("hard"), query.at("junk")}, task));
    }
    const EvaluationResults scores = Judged(rankings, relevances);
    ExpectScores(scores, expected.at(name));
    for (const int k : {1, 5, 10}) {
      EXPECT_NEAR(Mean(scores, StrCat("precision_at_", k)),
                  expected.at(name).at("mpr").at(std::to_string(k)).get<double>(), 1e-12);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, OfficialGroundTruth, ::testing::Values("oxford5k", "paris6k"),
                         [](const auto& param_info) { return param_info.param; });

TEST(AveragePrecision, IsOneForAPerfectRankingAndZeroWithoutResults) {
  EXPECT_EQ(AveragePrecision({0, 1, 2}, 3), 1.0);
  EXPECT_EQ(AveragePrecision({}, 3), 0.0);
}

TEST(AveragePrecision, IsTheTrapezoidAreaWorkedByHand) {
  // Found at ranks 1 and 3 of two positives: (0 + 1/2)/2 * 1/2 + (1/3 + 2/4)/2 * 1/2.
  EXPECT_NEAR(AveragePrecision({1, 3}, 2), 0.125 + (1.0 / 3 + 0.5) / 4, 1e-15);
}

TEST(PositiveRanks, CountAsIfTheJunkWereNotThere) {
  EXPECT_THAT(PositiveRanks({7, 3, 9, 1, 4}, {{3, 4}, {7, 1}}), ::testing::ElementsAre(0, 2));
}

TEST(PositiveRanks, CountDistractorsThatStandAbove) {
  EXPECT_THAT(PositiveRanks({7, 3, 9}, {{3, 9}, {7}}, std::vector<int64_t>{0, 2, 5}),
              ::testing::ElementsAre(2, 6));
  EXPECT_THAT(ErrorOf([] {
                PositiveRanks({7, 3}, {}, std::vector<int64_t>{0});
              }),
              ::testing::HasSubstr("1 counts of distractors for a ranking of 2"));
}

TEST(Figures, RecallIsTheShareOfQueriesWithAPositiveAmongTheFirst) {
  const EvaluationResults results =
      Judged({{0, 1, 2, 3, 4, 5}, {1, 0, 2, 3, 4, 5}}, {{{0}, {}}, {{3, 5}, {}}});
  EXPECT_EQ(Mean(results, "recall_at_1"), 0.5);
  EXPECT_EQ(Mean(results, "recall_at_5"), 1.0);
  EXPECT_THAT(ErrorOf([&] { Mean(results, "recall_at_7"); }),
              ::testing::HasSubstr("no figure 'recall_at_7'; there are average_precision, "));
}

TEST(Figures, OfQueriesWithoutPositivesAreAsTheProtocolSays) {
  const std::vector<std::vector<int64_t>> rankings = {{0, 1}, {1, 0}};
  const std::vector<Relevance> relevances = {{{}, {}}, {{1}, {}}};
  const EvaluationResults dropped = Judged(rankings, relevances);
  EXPECT_TRUE(std::isnan(Values(dropped, "average_precision")[0]));
  EXPECT_EQ(Mean(dropped, "average_precision"), 1.0);
  EXPECT_EQ(Mean(dropped, "precision_at_10"), 1.0);  // cut at the rank of the last positive
  EXPECT_EQ(CountWithoutPositives(dropped, "").Text(), "1 queries have no positives and do not count\n");

  Judging judging = LandmarkJudging();
  judging.has_misses = true;
  const EvaluationResults missed = Judged(rankings, relevances, judging);
  EXPECT_EQ(Values(missed, "average_precision")[0], 0);
  EXPECT_EQ(Mean(missed, "recall_at_1"), 0.5);
  EXPECT_EQ(MainFigure(missed).Counted(), 2);
  EXPECT_EQ(CountWithoutPositives(missed, "").Text(), "1 queries have no positives and count as misses\n");
  EXPECT_THAT(ErrorOf([] { Judged({{0}}, {}); }), ::testing::HasSubstr("1 rankings for 0 queries"));
}

TEST(Figures, OfAQueryThatIsLeftOutDoNotCountWhereOthersAreMissed) {
  Benchmark benchmark;
  benchmark.judging.has_misses = true;
  benchmark.queries.resize(2);
  for (BenchmarkQuery& query : benchmark.queries) query.relevance.positives = {0};
  LeaveOut(benchmark.queries[0]);
  const EvaluationResults results = JudgeRankings(benchmark, "", {{{0}, {0}}, {}}, 0);
  EXPECT_TRUE(std::isnan(MainFigure(results).values[0]));
  EXPECT_EQ(MainFigure(results).mean, 1);
  EXPECT_EQ(CountWithoutPositives(results, "").left_out, 1);
  EXPECT_EQ(CountWithoutPositives(results, "").misses, 0);
}

}  // namespace
}  // namespace vantage::evaluation

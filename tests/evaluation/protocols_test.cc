// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <cctype>
#include <numeric>
#include <set>

#include "evaluation/judged.h"
#include "testing/files.h"
#include "util/file.h"
#include "util/random.h"
#include "util/string.h"

namespace vantage::evaluation {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using vantage::testing::ErrorOf;
using vantage::testing::TemporaryFolder;

constexpr int64_t kPhotos = 60;

DescriptorMatrix RandomRows(int64_t rows, uint64_t seed) {
  RandomStream random(seed, "protocols test");
  DescriptorMatrix values(rows, 5);
  for (Eigen::Index i = 0; i < values.size(); ++i) values.data()[i] = static_cast<float>(random.Normal());
  NormalizeRows(values);
  return values;
}

// A benchmark of random descriptors with the protocol's judging. The last query has no positive.
DescribedBenchmark RandomBenchmark(const Protocol& protocol) {
  RandomStream random(4, "protocols test relevance");
  DescribedBenchmark input;
  Benchmark& benchmark = input.benchmark;
  benchmark.name = "made up";
  benchmark.judging = protocol.judging;
  for (int64_t row = 0; row < kPhotos; ++row) benchmark.photos.emplace_back(StrCat(row, ".jpg"));
  for (int64_t q = 0; q < 12; ++q) {
    BenchmarkQuery& query = benchmark.queries.emplace_back();
    query.photo = StrCat("q", q, ".jpg");
    for (int64_t row = 0; row < kPhotos; ++row) {
      const uint64_t kind = random.Below(8);
      if (kind == 0 && q < 11) query.relevance.positives.push_back(row);
      if (kind == 1) query.relevance.junk.push_back(row);
    }
  }
  input.described = {RandomRows(12, 1), RandomRows(kPhotos, 2), {}};
  return input;
}

class EveryProtocol : public ::testing::TestWithParam<Protocol> {};

TEST_P(EveryProtocol, HasAHelpAndFiguresWithNamesOfTheirOwn) {
  const Protocol& protocol = GetParam();
  EXPECT_FALSE(protocol.help.empty());
  EXPECT_TRUE(std::all_of(protocol.name.begin(), protocol.name.end(),
                          [](char c) { return std::islower(c) || std::isdigit(c) || c == '-'; }));
  EXPECT_EQ(ChooseProtocol(Protocols(), protocol.name, "").name, protocol.name);
  ASSERT_FALSE(protocol.judging.figures.empty());
  EXPECT_TRUE(protocol.judging.figures[0].in_tables);
  std::set<std::string> names;
  for (const Figure& figure : protocol.judging.figures) {
    EXPECT_TRUE(names.insert(figure.name).second) << figure.name;
    EXPECT_FALSE(figure.label.empty() || figure.mean_label.empty() || figure.mean_name.empty());
    EXPECT_THAT(figure.name, Not(HasSubstr(",")));
  }
}

TEST_P(EveryProtocol, FiguresAreOneAtBestAndZeroAtWorst) {
  for (const Figure& figure : GetParam().judging.figures) {
    EXPECT_EQ(figure.judge({{0, 1, 2}, 3}), 1) << figure.name;
    EXPECT_EQ(figure.judge({{}, 3}), 0) << figure.name;
  }
}

TEST_P(EveryProtocol, FiguresNeverFallWhenAPositiveRises) {
  RandomStream random(6, "protocols test figures");
  for (int round = 0; round < 200; ++round) {
    std::set<int64_t> ranks;
    for (int i = 0; i < 5; ++i) ranks.insert(static_cast<int64_t>(random.Below(25)));
    const FoundPositives before{{ranks.begin(), ranks.end()}, 6};
    const auto place = static_cast<size_t>(random.Below(before.ranks.size()));
    FoundPositives after = before;
    if (after.ranks[place] == 0 || ranks.count(after.ranks[place] - 1) == 1) continue;
    --after.ranks[place];
    for (const Figure& figure : GetParam().judging.figures) {
      EXPECT_GE(figure.judge(after), figure.judge(before)) << figure.name;
      EXPECT_GE(figure.judge(before), 0) << figure.name;
      EXPECT_LE(figure.judge(after), 1) << figure.name;
    }
  }
}

TEST_P(EveryProtocol, WhatItWantsOfARankingGivesTheFiguresOfAll) {
  const DescribedBenchmark input = RandomBenchmark(GetParam());
  const EvaluationResults wanted = EvaluateBenchmark(input, "", "", {.shown = 3}).results;
  const EvaluationResults all =
      JudgeRankings(input.benchmark, "", RankDatabase(input.described.queries, input.described.database), 3);
  ASSERT_EQ(wanted.queries.size(), all.queries.size());
  for (size_t q = 0; q < all.queries.size(); ++q) {
    EXPECT_EQ(wanted.queries[q].positive_ranks, all.queries[q].positive_ranks);
    EXPECT_EQ(wanted.queries[q].first.size(), 3U);
    EXPECT_EQ(wanted.queries[q].first[2].name, all.queries[q].first[2].name);
    if (q + 1 == all.queries.size()) continue;  // may not count
    EXPECT_EQ(wanted.queries[q].figures, all.queries[q].figures);
  }
}

TEST_P(EveryProtocol, QueriesWithoutPositivesAreCounted) {
  const EvaluationResults results = EvaluateBenchmark(RandomBenchmark(GetParam()), "", "").results;
  const QueriesWithoutPositives count = CountWithoutPositives(results, "");
  EXPECT_EQ(count.left_out, GetParam().judging.has_misses ? 0 : 1);
  EXPECT_EQ(count.misses, GetParam().judging.has_misses ? 1 : 0);
  EXPECT_EQ(MainFigure(results).Counted(), 12 - count.left_out);
  EXPECT_THAT(count.Text(), HasSubstr("1 queries have no positives"));
}

TEST_P(EveryProtocol, ResultsComeBackFromTheirFilesAndDoNotDifferFromThemselves) {
  const EvaluationResults results = EvaluateBenchmark(RandomBenchmark(GetParam()), "", "").results;
  const TemporaryFolder folder;
  WriteFile(folder / "run.json", FormatResults(results));
  WriteFile(folder / "run.csv", FormatQueryResults(results));
  for (const char* name : {"run.json", "run.csv"}) {
    const EvaluationResults back = ReadResults(folder / name);
    const std::vector<TaskComparison> comparisons = CompareRuns(back, name, results, {.resamples = 100});
    EXPECT_EQ(comparisons.size(), back.figures.size());
    for (const TaskComparison& compared : comparisons) {
      EXPECT_EQ(FigureOfTask(back, "", compared.figure.name).mean,
                FigureOfTask(results, "", compared.figure.name).mean);
      EXPECT_EQ(compared.comparison.better + compared.comparison.worse, 0);
    }
  }
}

TEST_P(EveryProtocol, AFolderThatDoesNotHoldItIsAnError) {
  const TemporaryFolder folder;
  const auto error = [&](const std::string& name) {
    return ErrorOf([&] { ReadBenchmark(GetParam(), {.folder = folder / name}); });
  };
  std::filesystem::create_directory(folder / "empty");
  EXPECT_NE(error("empty"), "");
  EXPECT_THAT(error("none"), HasSubstr("none"));
  EXPECT_THAT(ErrorOf([&] { ReadBenchmark(GetParam(), {.folder = folder / "empty", .query_every = 0}); }),
              HasSubstr("every 0-th photo"));
}

INSTANTIATE_TEST_SUITE_P(All, EveryProtocol, ::testing::ValuesIn(Protocols()), [](const auto& param_info) {
  std::string name = param_info.param.name;
  std::erase(name, '-');
  return name;
});

TEST(ChooseProtocol, TakesWhatTheFolderHolds) {
  const TemporaryFolder folder;
  EXPECT_EQ(ChooseProtocol(Protocols(), "", folder.path()).name, "folder");
  WriteFile(folder / "queries.json", "[]");
  EXPECT_EQ(ChooseProtocol(Protocols(), "", folder.path()).name, "queries");
  EXPECT_EQ(ChooseProtocol(Protocols(), "holidays", folder.path()).name, "holidays");
  EXPECT_THAT(ErrorOf([&] { ChooseProtocol(Protocols(), "oxford", folder.path()); }),
              ::testing::AllOf(HasSubstr("benchmark 'oxford' is not one of oxford5k, paris6k, "),
                               ::testing::EndsWith(", queries, folder")));
}

// A protocol added by a program: two photos per query, right if their names have the same first letter.
Protocol FirstLetters() {
  Judging judging{{RecallFigure(1), RecallFigure(2)}, 2, true};
  auto upper = std::make_shared<bool>(false);
  return {.name = "first-letters",
          .help = "names that start with the same letter",
          .read =
              [upper](const BenchmarkSource& source) {
                Benchmark benchmark;
                benchmark.name = *upper ? "UPPER" : "lower";
                benchmark.photos = FindPhotosIn(source.folder).photos();
                return benchmark;
              },
          .file = "letters.txt",
          .judging = judging,
          .recognises = [](const auto& folder) { return std::filesystem::exists(folder / "letters.txt"); },
          .declare =
              [upper](OptionsDescription& description) {
                description.Add("upper", *upper, "Whether the name is in capitals");
              }};
}

TEST(RegisterProtocol, AddsARowWithOptionsOfItsOwn) {
  RegisterProtocol(FirstLetters);
  EXPECT_THAT(ErrorOf([] { RegisterProtocol(FirstLetters); }), HasSubstr("'first-letters' already"));
  EXPECT_THAT(ErrorOf([] { RegisterProtocol([] { return Protocol(); }); }), HasSubstr("needs a name"));
  const TemporaryFolder folder;
  WriteFile(folder / "letters.txt", "");
  const std::vector<Protocol> protocols = Protocols();
  const Protocol protocol = ChooseProtocol(protocols, "", folder.path());
  EXPECT_EQ(protocol.name, "first-letters");
  OptionsDescription description;
  protocol.declare(description);
  SetOption(description, "upper", "true", "test");
  EXPECT_EQ(ReadBenchmark(ChooseProtocol(protocols, "first-letters", ""), {.folder = folder.path()}).name,
            "UPPER");
  EXPECT_THAT(ErrorOf([&] { ChooseProtocol(protocols, "folder", folder.path()); }),
              HasSubstr("upper: is an option of the benchmark first-letters, not of folder"));
  const Benchmark another = ReadBenchmark(ChooseProtocol(Protocols(), "first-letters", ""), {folder.path()});
  EXPECT_EQ(another.name, "lower");
  EXPECT_EQ(another.judging.figures[1].name, "recall_at_2");
}

TEST(WantedCount, IsTheFirstWithTheJunkAmongThemAndTheResultsShown) {
  DescribedBenchmark input = RandomBenchmark(FirstLetters());
  int64_t junk = 0;
  for (const BenchmarkQuery& query : input.benchmark.queries) {
    junk = std::max(junk, std::ssize(query.relevance.junk));
  }
  EXPECT_EQ(WantedCount(input.benchmark, 0), 2 + junk);
  EXPECT_EQ(WantedCount(input.benchmark, 50), 51);  // the query's own photo is not shown
  input.benchmark.judging.first = 0;
  EXPECT_EQ(WantedCount(input.benchmark, 0), std::nullopt);
  input.benchmark.judging.first = 2;

  // No more photos are ranked, whatever a stage asks for.
  for (const SearchOptions& search : {SearchOptions(), SearchOptions{{SuperGlobalOptions{.top = 30}}}}) {
    const DatabaseRankings few = RankDatabase(input.described.queries, input.described.database,
                                              {.search = search, .count = 2 + junk});
    EXPECT_EQ(std::ssize(few.rows[0]), 2 + junk);
  }
}

TEST(JudgeRankings, OfTheFirstAloneTellsNoCurve) {
  const DescribedBenchmark input = RandomBenchmark(FirstLetters());
  const EvaluationResults results = EvaluateBenchmark(input, "", "").results;
  EXPECT_FALSE(results.has_all_ranks);
  EXPECT_TRUE(MeanInterpolatedPrecision(results, "", 11).empty());
  for (const QueryResult& query : results.queries) {
    for (const int64_t rank : query.positive_ranks) EXPECT_LT(rank, 2);
  }
  // Junk ranks above the positives; figures are computed without it.
  const EvaluationResults all =
      JudgeRankings(input.benchmark, "", RankDatabase(input.described.queries, input.described.database), 0);
  EXPECT_EQ(Means(results), Means(all));
  EXPECT_GT(MainFigure(results).mean, 0);
  EXPECT_LT(MainFigure(results).mean, 1);
}

}  // namespace
}  // namespace vantage::evaluation

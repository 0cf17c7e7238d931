// SPDX-License-Identifier: BSD-3-Clause
#include "vantage/evaluation.h"

#include "evaluation/judged.h"
#include "testing/files.h"
#include "util/random.h"

namespace vantage::evaluation {
namespace {

using vantage::testing::ErrorOf;
using vantage::testing::TemporaryFolder;

// Small whole numbers, so that sums are exact and many scores are equal.
DescriptorMatrix WholeNumbers(int64_t rows, int64_t cols, uint64_t seed) {
  RandomStream random(seed, "ranking test");
  DescriptorMatrix values(rows, cols);
  for (Eigen::Index i = 0; i < values.size(); ++i) {
    values.data()[i] = static_cast<float>(random.Below(5)) - 2;
  }
  return values;
}

TEST(CountDistractorsAbove, GivesTheScoresOfTheWholeDatabase) {
  const DescriptorMatrix queries = WholeNumbers(7, 6, 1);
  const DescriptorMatrix database = WholeNumbers(40, 6, 2);
  const DescriptorMatrix distractors = WholeNumbers(5000, 6, 3);
  DescriptorFile file{{{}, distractors}, {}, {}};
  for (int i = 0; i < 5000; ++i) file.descriptors.names.push_back(std::to_string(i));
  const TemporaryFolder folder;
  DescriptorFormat half;
  half.float16 = true;  // whole numbers stay exact
  WriteDescriptors(file, folder / "distractors", half);

  std::vector<Relevance> relevances;
  for (int64_t q = 0; q < 7; ++q) relevances.push_back({{q, q + 9, q + 20}, {q + 1, q + 30}});
  DescriptorMatrix whole(5040, 6);
  whole << database, distractors;
  const EvaluationResults expected = Judged(RankDatabase(queries, whole).rows, relevances);

  const DatabaseRankings rankings = RankDatabase(queries, database);
  const auto above = CountDistractorsAbove(rankings, queries, DescriptorDatabase(folder / "distractors"));
  const EvaluationResults results = Judged(rankings.rows, relevances, LandmarkJudging(), above);
  EXPECT_EQ(Values(results, "average_precision"), Values(expected, "average_precision"));
  EXPECT_EQ(Means(results), Means(expected));
  const std::string file_name = (folder / "distractors").string();
  const DistractorCounts twice =
      CountDistractorsInFiles(rankings, queries, {file_name, file_name}, {}, "queries");
  EXPECT_EQ(twice.photos, 10000);
  ASSERT_EQ(twice.above.size(), above.size());
  for (size_t q = 0; q < above.size(); ++q) {
    for (size_t i = 0; i < above[q].size(); ++i) EXPECT_EQ(twice.above[q][i], 2 * above[q][i]);
  }
  EXPECT_TRUE(CountDistractorsInFiles(rankings, queries, {}, {}, "queries").above.empty());
  EXPECT_LT(MainFigure(expected).mean, MainFigure(Judged(rankings.rows, relevances)).mean);
  EXPECT_THAT(ErrorOf([&] {
                CountDistractorsAbove(rankings, WholeNumbers(7, 5, 1),
                                      DescriptorDatabase(folder / "distractors"));
              }),
              ::testing::HasSubstr("queries of 5 dimensions in a database of 6"));
}

}  // namespace
}  // namespace vantage::evaluation

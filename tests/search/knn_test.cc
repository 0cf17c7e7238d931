// SPDX-License-Identifier: BSD-3-Clause
#include "vantage/search.h"

#include <algorithm>

#include "testing/files.h"
#include "util/random.h"

namespace vantage::search {
namespace {

using vantage::testing::ErrorOf;

DescriptorMatrix RandomRows(int64_t rows, int64_t columns, uint64_t seed) {
  RandomStream random(seed, "rows");
  DescriptorMatrix matrix(rows, columns);
  for (int64_t i = 0; i < rows; ++i) {
    for (int64_t j = 0; j < columns; ++j) matrix(i, j) = static_cast<float>(random.Normal());
  }
  return matrix;
}

TEST(NearestNeighbors, AgreesWithSortingAllPairs) {
  const DescriptorMatrix queries = RandomRows(300, 16, 1);  // more than one block of queries
  const DescriptorMatrix database = RandomRows(1000, 16, 2);
  const auto found = NearestNeighbors(queries, database, 7);
  ASSERT_EQ(found.size(), 300U);
  for (int64_t q = 0; q < 300; ++q) {
    std::vector<Neighbor> all;
    for (int64_t i = 0; i < 1000; ++i) all.push_back({i, queries.row(q).dot(database.row(i))});
    std::sort(all.begin(), all.end(), [](const Neighbor& a, const Neighbor& b) { return a.score > b.score; });
    ASSERT_EQ(found[static_cast<size_t>(q)].size(), 7U);
    for (size_t k = 0; k < 7; ++k) {
      EXPECT_EQ(found[static_cast<size_t>(q)][k].index, all[k].index);
      EXPECT_NEAR(found[static_cast<size_t>(q)][k].score, all[k].score, 1e-4);
    }
  }
}

TEST(NearestNeighbors, DoesNotDependOnTheThreads) {
  const DescriptorMatrix queries = RandomRows(50, 8, 1);
  const DescriptorMatrix database = RandomRows(500, 8, 2);
  RunContext one;
  one.threads = 1;
  RunContext many;
  many.threads = 5;
  const auto a = NearestNeighbors(queries, database, 20, one);
  const auto b = NearestNeighbors(queries, database, 20, many);
  for (size_t q = 0; q < a.size(); ++q) {
    for (size_t k = 0; k < 20; ++k) EXPECT_EQ(a[q][k].index, b[q][k].index);
  }
}

TEST(NearestNeighbors, EqualScoresComeByIndex) {
  const DescriptorMatrix database = DescriptorMatrix::Ones(5, 3);
  const auto found = NearestNeighbors(DescriptorMatrix::Ones(1, 3), database, 10);
  ASSERT_EQ(found[0].size(), 5U);  // k above N gives all
  for (int64_t i = 0; i < 5; ++i) EXPECT_EQ(found[0][static_cast<size_t>(i)].index, i);
}

// Rows are skipped in groups; the best ones may be anywhere in a group.
TEST(NearestNeighbors, FindsTheFewAmongMany) {
  for (const int64_t rows : {1, 63, 64, 65, 700, 1000}) {
    DescriptorMatrix database = DescriptorMatrix::Zero(rows, 1);
    RandomStream random(static_cast<uint64_t>(rows), "places");
    const std::vector<int64_t> places = random.Sample(rows, 5);
    for (size_t i = 0; i < places.size(); ++i) database(places[i], 0) = 9.0F - static_cast<float>(i);
    const auto found = NearestNeighbors(DescriptorMatrix::Ones(1, 1), database, 5)[0];
    ASSERT_EQ(found.size(), places.size());
    for (size_t i = 0; i < places.size(); ++i) EXPECT_EQ(found[i].index, places[i]) << rows;
  }
}

TEST(NearestNeighbors, EmptyAndWrongInput) {
  EXPECT_TRUE(NearestNeighbors(DescriptorMatrix(0, 3), DescriptorMatrix::Ones(5, 3), 2).empty());
  EXPECT_TRUE(NearestNeighbors(DescriptorMatrix::Ones(1, 3), DescriptorMatrix(0, 3), 2)[0].empty());
  EXPECT_THAT(
      ErrorOf([] { NearestNeighbors(DescriptorMatrix::Ones(1, 3), DescriptorMatrix::Ones(5, 4), 2); }),
      ::testing::HasSubstr("queries of 3 dimensions in a database of 4"));
}

TEST(NearestNeighbors, StopsWhenCancelled) {
  RunContext context;
  context.is_cancelled = [] { return true; };
  EXPECT_THROW(NearestNeighbors(RandomRows(2, 3, 1), RandomRows(5, 3, 2), 2, context), Interrupted);
}

}  // namespace
}  // namespace vantage::search

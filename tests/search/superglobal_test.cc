// SPDX-License-Identifier: BSD-3-Clause
#include "search/stages/superglobal.h"
#include "vantage/search.h"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>

#include "testing/files.h"
#include "util/random.h"

namespace vantage::search {
namespace {

using ::testing::HasSubstr;
using vantage::testing::ErrorOf;
using vantage::testing::TemporaryFolder;

// Unit vectors that are all similar.
DescriptorMatrix Alike(int64_t rows, int64_t columns, uint64_t seed) {
  RandomStream random(seed, "superglobal test");
  DescriptorMatrix values(rows, columns);
  for (Eigen::Index i = 0; i < values.size(); ++i) {
    values.data()[i] = static_cast<float>(random.Uniform(-0.4, 1));
  }
  NormalizeRows(values);
  return values;
}

RowReader RowsOf(const DescriptorMatrix& database) {
  return [&](const std::vector<int64_t>& rows) -> DescriptorMatrix { return database(rows, Eigen::all); };
}

std::vector<size_t> ByValue(const std::vector<double>& values) {
  std::vector<size_t> order;
  for (size_t i = 0; i < values.size(); ++i) order.push_back(i);
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return values[a] > values[b]; });
  return order;
}

// The same in double, one number at a time, following SuperGlobal's code.
std::vector<std::pair<int64_t, double>> ByBruteForce(const Eigen::RowVectorXd& query,
                                                     const Eigen::MatrixXd& database,
                                                     const std::vector<Neighbor>& ranking, size_t count,
                                                     size_t neighbors, double beta) {
  std::vector<Eigen::RowVectorXd> x;
  for (size_t i = 0; i < std::min(count, ranking.size()); ++i) x.emplace_back(database.row(ranking[i].index));
  std::vector<Eigen::RowVectorXd> refined;
  std::vector<double> first;
  for (const Eigen::RowVectorXd& one : x) {
    std::vector<double> similarities;
    for (const Eigen::RowVectorXd& other : x) similarities.push_back(one.dot(other));
    const std::vector<size_t> order = ByValue(similarities);  // itself first
    Eigen::RowVectorXd sum = x[order[0]];
    double weights = 1;
    for (size_t j = 1; j < std::min(neighbors + 1, order.size()); ++j) {
      const double weight = beta * similarities[order[j]];
      sum += weight * x[order[j]];
      weights += weight;
    }
    refined.emplace_back(sum / weights);
    first.push_back(query.dot(refined.back()));
  }
  const std::vector<size_t> order = ByValue(first);
  Eigen::RowVectorXd second = refined[order[0]];
  for (size_t i = 1; i < std::min(neighbors + 1, order.size()); ++i) {
    for (Eigen::Index d = 0; d < second.size(); ++d) second[d] = std::max(second[d], refined[order[i]][d]);
  }
  std::vector<double> scores;
  for (size_t i = 0; i < x.size(); ++i) scores.push_back((first[i] + second.dot(refined[i])) / 2);
  std::vector<std::pair<int64_t, double>> result;
  for (const size_t i : ByValue(scores)) result.emplace_back(ranking[i].index, scores[i]);
  return result;
}

TEST(RerankBySuperGlobal, AgreesWithBruteForce) {
  const DescriptorMatrix database = Alike(60, 24, 1);
  const DescriptorMatrix queries = Alike(7, 24, 2);
  const auto rankings = NearestNeighbors(queries, database, 50);
  for (const int64_t count : {1, 5, 30, 50, 400}) {
    for (const int64_t neighbors : {0, 3, 9}) {
      const auto found = RerankBySuperGlobal(rankings, queries, RowsOf(database), {count, neighbors, 0.15});
      for (size_t q = 0; q < 7; ++q) {
        const auto expected =
            ByBruteForce(queries.row(static_cast<Eigen::Index>(q)).cast<double>(), database.cast<double>(),
                         rankings[q], static_cast<size_t>(count), static_cast<size_t>(neighbors), 0.15);
        ASSERT_EQ(found[q].size(), 50U);
        for (size_t i = 0; i < 50; ++i) {
          if (i < expected.size()) {
            EXPECT_EQ(found[q][i].index, expected[i].first) << count << " " << neighbors << " " << i;
            EXPECT_NEAR(found[q][i].score, expected[i].second, 1e-5);
          } else {
            EXPECT_EQ(found[q][i].index, rankings[q][i].index);
            EXPECT_EQ(found[q][i].score, rankings[q][i].score);
          }
        }
      }
    }
  }
}

// Photos without a descriptor, and photos unlike all others.
TEST(RerankBySuperGlobal, RowsOfZerosAndOppositesStayApart) {
  DescriptorMatrix database = Alike(20, 128, 3);
  database.row(4).setZero();
  database.row(9) = -database.row(8);
  const DescriptorMatrix query = Alike(1, 128, 4);
  const auto found =
      RerankBySuperGlobal(NearestNeighbors(query, database, 20), query, RowsOf(database), {20, 9, 1.0});
  ASSERT_EQ(found[0].size(), 20U);
  for (const Neighbor& neighbor : found[0]) EXPECT_TRUE(std::isfinite(neighbor.score));
  EXPECT_EQ(found[0][19].index, 9);
  EXPECT_EQ(found[0][18].index, 4);
  EXPECT_EQ(found[0][18].score, 0);
  EXPECT_TRUE(RerankBySuperGlobal({{}}, query, RowsOf(database), {20, 9, 0.15})[0].empty());
}

TEST(Search, LooksAsFarAsSuperGlobalWants) {
  const DescriptorMatrix database = Alike(300, 16, 5);
  const DescriptorMatrix queries = Alike(4, 16, 6);
  const SuperGlobalOptions superglobal{.top = 100};
  const SearchOptions options{{superglobal}};
  const auto expected =
      RerankBySuperGlobal(NearestNeighbors(queries, database, 100), queries, RowsOf(database), superglobal);
  const auto found = Search(queries, database, 10, options);
  const TemporaryFolder folder;
  DescriptorFile file{{{}, database}, {}, {}};
  for (int64_t i = 0; i < database.rows(); ++i) file.descriptors.names.push_back(std::to_string(i));
  WriteDescriptors(file, folder / "database.npy");
  const auto on_disk = Search(queries, DescriptorDatabase(folder / "database.npy"), 10, options);
  for (size_t q = 0; q < 4; ++q) {
    ASSERT_EQ(found[q].size(), 10U);
    ASSERT_EQ(on_disk[q].size(), 10U);
    for (size_t i = 0; i < 10; ++i) {
      EXPECT_EQ(found[q][i].index, expected[q][i].index);
      EXPECT_EQ(on_disk[q][i].index, expected[q][i].index);
    }
  }
  EXPECT_THAT(ErrorOf([&] { Search(queries, database, 10, {{SuperGlobalOptions{.beta = 1.5}}}); }),
              HasSubstr("beta"));
}

TEST(RerankBySuperGlobal, StopsWhenCancelledAndRefusesOtherNumbers) {
  const DescriptorMatrix database = Alike(20, 8, 3);
  const auto rankings = NearestNeighbors(database, database, 5);
  RunContext context;
  context.is_cancelled = [] { return true; };
  EXPECT_THROW(RerankBySuperGlobal(rankings, database, RowsOf(database), {5, 2, 0.15}, context), Interrupted);
  EXPECT_THAT(ErrorOf([&] {
                RerankBySuperGlobal(rankings, database.topRows(3), RowsOf(database), {5, 2, 0.15});
              }),
              HasSubstr("20 ranked lists for 3 queries"));
}

}  // namespace
}  // namespace vantage::search

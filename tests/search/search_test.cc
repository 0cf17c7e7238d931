// SPDX-License-Identifier: BSD-3-Clause
#include "vantage/search.h"
#include "search/stages/diffusion.h"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <set>

#include "search/stages/database_augmentation.h"
#include "search/stages/query_expansion.h"
#include "search/stages/superglobal.h"
#include "testing/files.h"
#include "util/random.h"
#include "vantage/run_context.h"

namespace vantage::search {
namespace {

using ::testing::HasSubstr;
using vantage::testing::ErrorOf;
using vantage::testing::TemporaryFolder;

// Unit vectors around a few centres, so that there are neighbourhoods.
DescriptorMatrix Clustered(int64_t rows, int64_t cols, uint64_t seed) {
  RandomStream centres(11, "search test centres");
  DescriptorMatrix centre(4, cols);
  for (Eigen::Index i = 0; i < centre.size(); ++i) centre.data()[i] = static_cast<float>(centres.Normal());
  RandomStream random(seed, "search test");
  DescriptorMatrix values(rows, cols);
  for (Eigen::Index i = 0; i < rows; ++i) {
    for (Eigen::Index j = 0; j < cols; ++j) {
      values(i, j) = centre(i % 4, j) + static_cast<float>(0.8 * random.Normal());
    }
  }
  NormalizeRows(values);
  return values;
}

// All rows by a score in double, best first.
std::vector<int64_t> Sorted(const Eigen::VectorXd& scores) {
  std::vector<int64_t> rows(static_cast<size_t>(scores.size()));
  for (size_t i = 0; i < rows.size(); ++i) rows[i] = static_cast<int64_t>(i);
  std::stable_sort(rows.begin(), rows.end(), [&](int64_t a, int64_t b) { return scores[a] > scores[b]; });
  return rows;
}

Eigen::RowVectorXd ExpandedByBruteForce(const Eigen::RowVectorXd& query, const Eigen::MatrixXd& database,
                                        int64_t count, double alpha, int64_t skip) {
  const Eigen::VectorXd similarities = database * query.transpose();
  Eigen::RowVectorXd sum = query;
  for (const int64_t row : Sorted(similarities)) {
    if (row == skip) continue;
    if (count-- == 0) break;
    sum += std::pow(std::max(0.0, similarities[row]), alpha) * database.row(row);
  }
  return sum / sum.norm();
}

TEST(ExpandQueries, IsTheSumOfTheNearest) {
  const DescriptorMatrix database = Clustered(60, 12, 1);
  const DescriptorMatrix queries = Clustered(5, 12, 2);
  const auto rows = [&](const std::vector<int64_t>& indices) -> DescriptorMatrix {
    return database(indices, Eigen::all);
  };
  for (const std::string kind : {"aqe", "alpha_qe"}) {
    for (const int64_t count : {1, 7, 60, 100}) {
      const NeighborWeight weight = [&](float similarity) {
        return kind == "aqe" ? 1 : PowerWeight(similarity, 2.5);
      };
      const DescriptorMatrix expanded =
          ExpandQueries(queries, NearestNeighbors(queries, database, count), rows, count, weight);
      for (Eigen::Index q = 0; q < 5; ++q) {
        Eigen::RowVectorXd expected = ExpandedByBruteForce(
            queries.row(q).cast<double>(), database.cast<double>(), count, kind == "aqe" ? 0 : 2.5, -1);
        EXPECT_LT((expanded.row(q).cast<double>() - expected).norm(), 1e-5) << kind << count;
      }
    }
  }
}

TEST(AugmentDatabase, AddsTheNearestOthers) {
  const DescriptorMatrix database = Clustered(40, 10, 3);
  const DescriptorMatrix augmented = AugmentDatabase(database, {5, 3.0});
  for (Eigen::Index row = 0; row < 40; ++row) {
    const Eigen::RowVectorXd expected =
        ExpandedByBruteForce(database.row(row).cast<double>(), database.cast<double>(), 5, 3.0, row);
    EXPECT_LT((augmented.row(row).cast<double>() - expected).norm(), 1e-5) << row;
  }
  DescriptorMatrix with_zeros = database;
  with_zeros.row(7).setZero();
  EXPECT_TRUE(AugmentDatabase(with_zeros, {5, 3.0}).row(7).isZero(0));
}

TEST(DiffusionGraph, SolvesWhatADenseSolverSolves) {
  const DescriptorMatrix database = Clustered(50, 12, 4);
  const DescriptorMatrix queries = Clustered(6, 12, 5);
  DiffusionOptions options;
  options.neighbors = 8;
  options.seeds = 4;
  options.beta = 0.95;
  options.tolerance = 1e-12;

  // By hand: mutual neighbours, normalised, solved densely.
  const Eigen::MatrixXd similarities = (database * database.transpose()).cast<double>();
  Eigen::MatrixXd near = Eigen::MatrixXd::Zero(50, 50);
  for (Eigen::Index row = 0; row < 50; ++row) {
    Eigen::VectorXd scores = similarities.row(row).transpose();
    scores[row] = -2;
    const auto order = Sorted(scores);
    for (size_t i = 0; i < 8; ++i) near(row, order[i]) = 1;
  }
  Eigen::MatrixXd weights = Eigen::MatrixXd::Zero(50, 50);
  for (Eigen::Index i = 0; i < 50; ++i) {
    for (Eigen::Index j = 0; j < 50; ++j) {
      if (near(i, j) * near(j, i) > 0) weights(i, j) = std::pow(std::max(0.0, similarities(i, j)), 3);
    }
  }
  const Eigen::VectorXd degrees = weights.rowwise().sum();
  Eigen::MatrixXd normalized = weights;
  for (Eigen::Index i = 0; i < 50; ++i) {
    for (Eigen::Index j = 0; j < 50; ++j) {
      if (weights(i, j) > 0) normalized(i, j) /= std::sqrt(degrees[i] * degrees[j]);
    }
  }
  const DiffusionGraph graph(database, options);
  EXPECT_LT((Eigen::MatrixXd(graph.matrix()) - normalized).norm(), 1e-5);

  const auto nearest = NearestNeighbors(queries, database, 50);
  for (size_t q = 0; q < 6; ++q) {
    Eigen::VectorXd entry = Eigen::VectorXd::Zero(50);
    for (size_t i = 0; i < 4; ++i) {
      entry[nearest[q][i].index] = std::pow(std::max(0.0F, nearest[q][i].score), 3);
    }
    const Eigen::VectorXd expected =
        (Eigen::MatrixXd::Identity(50, 50) - 0.95 * normalized).ldlt().solve(entry);
    const auto ranking = graph.Rank(nearest[q], 50);
    ASSERT_EQ(ranking.size(), 50U);
    for (size_t i = 0; i < 50; ++i) {
      EXPECT_NEAR(ranking[i].score, expected[ranking[i].index], 1e-4 * expected.maxCoeff()) << q << " " << i;
      if (i > 0) {
        EXPECT_GE(ranking[i - 1].score, ranking[i].score);
      }
    }
  }
  EXPECT_EQ(graph.Rank(nearest[0], 3).size(), 3U);
}

TEST(DiffusionGraph, WhatItDoesNotReachComesBySimilarity) {
  DescriptorMatrix database(4, 2);
  database << 1, 0, 0.8F, 0.6F, -1, 0, 0, -1;
  DiffusionOptions options;
  options.neighbors = 1;
  options.seeds = 1;
  const DiffusionGraph graph(database, options);
  const DescriptorMatrix query = database.topRows(1);
  const auto ranking = graph.Rank(NearestNeighbors(query, database, 4)[0], 4);
  ASSERT_EQ(ranking.size(), 4U);
  EXPECT_EQ(ranking[0].index, 0);
  EXPECT_EQ(ranking[1].index, 1);
  EXPECT_EQ(ranking[2].index, 3);
  EXPECT_EQ(ranking[3].index, 2);
  EXPECT_EQ(ranking[3].score, 0);
}

TEST(Search, OnDiskIsTheSameAsInMemory) {
  const DescriptorMatrix database = Clustered(20000, 24, 6);
  const DescriptorMatrix queries = Clustered(9, 24, 7);
  const TemporaryFolder folder;
  DescriptorFile file{{{}, database}, {}, {}};
  for (int64_t i = 0; i < database.rows(); ++i) file.descriptors.names.push_back(std::to_string(i));
  WriteDescriptors(file, folder / "database.npy");
  const DescriptorDatabase on_disk(folder / "database.npy");
  EXPECT_EQ(on_disk.ReadRows({17, 3}), database(std::vector<int>{17, 3}, Eigen::all));
  for (const std::string kind : {"none", "aqe", "alpha_qe"}) {
    SearchOptions options;
    if (kind != "none") options.stages = {StageChoice(kind)};
    const auto expected = Search(queries, database, 30, options);
    const auto found = Search(queries, on_disk, 30, options);
    for (size_t q = 0; q < 9; ++q) {
      ASSERT_EQ(found[q].size(), 30U);
      for (size_t i = 0; i < 30; ++i) {
        EXPECT_NEAR(found[q][i].score, expected[q][i].score, 1e-6);
        EXPECT_NEAR(found[q][i].score,
                    queries.row(static_cast<Eigen::Index>(q)).dot(database.row(found[q][i].index)),
                    kind == "none" ? 1e-5 : 1);
      }
    }
  }
}

TEST(Search, AugmentationAndDiffusionAreTakenTogether) {
  const DescriptorMatrix database = Clustered(80, 12, 8);
  const DescriptorMatrix queries = Clustered(4, 12, 9);
  const DatabaseAugmentationOptions augmentation{.neighbors = 3};
  const DiffusionOptions diffusion{.neighbors = 6};
  const SearchOptions options{{augmentation, AlphaExpansionOptions{}, diffusion}};
  const DescriptorMatrix augmented = AugmentDatabase(database, augmentation);
  const DescriptorMatrix expanded = ExpandQueries(
      queries, NearestNeighbors(queries, augmented, 10),
      [&](const std::vector<int64_t>& rows) -> DescriptorMatrix { return augmented(rows, Eigen::all); }, 10,
      [](float similarity) { return PowerWeight(similarity, 3); });
  const DiffusionGraph graph(augmented, diffusion);
  const auto nearest = NearestNeighbors(expanded, augmented, 80);
  const auto found = Search(queries, database, 80, options);
  for (size_t q = 0; q < 4; ++q) {
    const auto expected = graph.Rank(nearest[q], 80);
    ASSERT_EQ(found[q].size(), expected.size());
    for (size_t i = 0; i < expected.size(); ++i) EXPECT_EQ(found[q][i].index, expected[i].index);
  }
}

// A query in the database, left out of its own list, must get the ranking that it gets from a database
// without it.
class QueryInTheDatabase : public ::testing::Test {
 protected:
  // The rows of `found` without the query's own; rows after it are one less.
  static std::vector<int64_t> Others(const std::vector<Neighbor>& found, int64_t own) {
    std::vector<int64_t> rows;
    for (const Neighbor& neighbor : found) {
      if (neighbor.index != own) rows.push_back(neighbor.index - (neighbor.index > own ? 1 : 0));
    }
    return rows;
  }

  // Searches row 5 in the other rows, and in all rows with its own row named.
  static void ExpectTheSame(const SearchOptions& options) {
    constexpr int64_t kOwn = 5;
    const DescriptorMatrix database = Clustered(60, 12, 10);
    DescriptorMatrix without(59, 12);
    without << database.topRows(kOwn), database.bottomRows(59 - kOwn);
    const DescriptorMatrix query = database.row(kOwn);
    std::vector<int64_t> expected;
    const auto alone = Search(query, without, 59, options);
    for (const Neighbor& neighbor : alone[0]) expected.push_back(neighbor.index);
    const auto found = Search(query, database, 60, options, {}, {.own = {kOwn}});
    EXPECT_EQ(Others(found[0], kOwn), expected);

    const TemporaryFolder folder;
    DescriptorFile file{{{}, database}, {}, {}};
    for (int64_t i = 0; i < 60; ++i) file.descriptors.names.push_back(std::to_string(i));
    WriteDescriptors(file, folder / "database.npy");
    const DescriptorDatabase on_disk(folder / "database.npy");
    const auto read = Search(query, on_disk, 60, options, {}, {.own = {kOwn}});
    EXPECT_EQ(Others(read[0], kOwn), expected);
  }
};

TEST_F(QueryInTheDatabase, IsNotAmongTheNeighborsThatExpandIt) {
  ExpectTheSame({{AverageExpansionOptions{.neighbors = 3}}});
  ExpectTheSame({{AlphaExpansionOptions{.neighbors = 3}}});
  const DescriptorMatrix database = Clustered(60, 12, 10);
  const SearchOptions options{{AverageExpansionOptions{.neighbors = 1}}};
  const auto plain = Search(database.topRows(1), database, 60);
  const auto expanded = Search(database.topRows(1), database, 60, options, {}, {.own = {0}});
  EXPECT_NE(Others(expanded[0], 0), Others(plain[0], 0));  // one neighbour: it was the query itself
}

TEST_F(QueryInTheDatabase, IsNotAmongTheFirstThatSuperGlobalRefines) {
  ExpectTheSame({{SuperGlobalOptions{.top = 20, .neighbors = 3}}});
}

TEST_F(QueryInTheDatabase, IsNoSeedOfDiffusionAndIsRankedFirst) {
  // 0 and 1 are the two ends of a chain; the seed is the query's nearest other.
  DescriptorMatrix database(4, 2);
  for (Eigen::Index i = 0; i < 4; ++i) {
    const double angle = 0.5 * static_cast<double>(i);
    database.row(i) << static_cast<float>(std::cos(angle)), static_cast<float>(std::sin(angle));
  }
  const DiffusionOptions diffusion{.neighbors = 2, .seeds = 1};
  const SearchOptions options{{diffusion}};
  const DescriptorMatrix query = database.topRows(1);
  const auto found = Search(query, database, 4, options, {}, {.own = {0}});
  ASSERT_EQ(found[0].size(), 4U);
  EXPECT_EQ(found[0][0].index, 0);
  EXPECT_NEAR(found[0][0].score, 1, 1e-6);
  const DiffusionGraph graph(database, diffusion);
  const auto expected = graph.Rank({{1, static_cast<float>(std::cos(0.5))}}, 4);
  std::vector<float> others;
  for (const Neighbor& neighbor : expected) {
    if (neighbor.index != 0) others.push_back(neighbor.score);
  }
  for (size_t i = 0; i < 3; ++i) EXPECT_NEAR(found[0][i + 1].score, others[i], 1e-5);
}

TEST(RowsOfSameNames, ComparesNamesNotTheirSpelling) {
  using ::testing::ElementsAre;
  EXPECT_THAT(RowsOfSameNames({"b.jpg", "./a.jpg", "x/../c.jpg", "d.jpg"}, {"a.jpg", "b.jpg", ".//c.jpg"}),
              ElementsAre(1, 0, 2, std::nullopt));
  EXPECT_TRUE(RowsOfSameNames({"a.jpg"}, {"A.jpg", "b/a.jpg"}).empty());
}

// Every stage of the table.
class EveryStage : public ::testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(All, EveryStage, ::testing::ValuesIn(StageFamily::Table().Names()),
                         [](const auto& param_info) { return param_info.param; });

TEST_P(EveryStage, GivesTheBestKWhateverIsAskedFor) {
  const DescriptorMatrix database = Clustered(90, 12, 12);
  const DescriptorMatrix queries = Clustered(3, 12, 13);
  const SearchOptions options{{StageChoice(GetParam())}};
  if (NeedsPhotos(options)) GTEST_SKIP() << "it looks at photos";
  const auto all = Search(queries, database, 90, options);
  for (const int64_t k : {0, 1, 7, 90, 1000}) {
    const auto found = Search(queries, database, k, options);
    for (size_t q = 0; q < 3; ++q) {
      ASSERT_EQ(found[q].size(), static_cast<size_t>(std::min<int64_t>(k, 90)));
      for (size_t i = 0; i < found[q].size(); ++i) EXPECT_EQ(found[q][i].index, all[q][i].index);
    }
  }
}

TEST_P(EveryStage, GivesEachPhotoOnce) {
  const DescriptorMatrix database = Clustered(90, 12, 12);
  const SearchOptions options{{StageChoice(GetParam()), StageChoice(GetParam())}};
  if (NeedsPhotos(options)) GTEST_SKIP() << "it looks at photos";
  OwnRows own;
  for (int64_t q = 0; q < 4; ++q) own.emplace_back(q);
  for (const auto& ranking : Search(database.topRows(4), database, 90, options, {}, {.own = own})) {
    std::set<int64_t> rows;
    for (const Neighbor& neighbor : ranking) rows.insert(neighbor.index);
    EXPECT_EQ(rows.size(), 90U);
  }
}

TEST(Search, WarnsOnceOfRowsThatAreNotOfUnitLength) {
  std::vector<std::string> warnings;
  SetLogSink([&](LogLevel, const std::string& message) { warnings.push_back(message); });
  const TemporaryFolder folder;
  DescriptorFile file{{{"a", "b", "c"}, Clustered(3, 4, 1)}, {}, {}};
  WriteDescriptors(file, folder / "unit.npy", {.float16 = true});
  file.descriptors.values.row(1) *= 3;
  file.descriptors.values.row(2).setZero();
  WriteDescriptors(file, folder / "long.npy");
  for (const char* name : {"unit.npy", "long.npy"}) {
    const DescriptorDatabase database(folder / name);
    Search(Clustered(2, 4, 2), database, 2);
    Search(Clustered(2, 4, 3), database, 2);
  }
  SetLogSink({});
  EXPECT_THAT(warnings,
              ::testing::ElementsAre(HasSubstr("long.npy: 1 of 3 descriptors are not of unit length")));
}

TEST(Search, WrongInputIsNamed) {
  const DescriptorMatrix database = Clustered(8, 5, 1);
  EXPECT_EQ(Search(database, database, 100)[0].size(), 8U);  // k above N gives all
  EXPECT_THAT(ErrorOf([&] { Search(Clustered(2, 4, 1), database, 3); }),
              HasSubstr("queries of 4 dimensions"));
  EXPECT_THAT(ErrorOf([&] { Search(database, database, 3, {{DiffusionOptions{.beta = 1}}}); }),
              HasSubstr("diffusion: 'beta' = 1"));
}

TEST(DescriptorDatabase, DamageIsNamed) {
  const TemporaryFolder folder;
  DescriptorFile file{{{"a", "b", "c"}, Clustered(3, 4, 1)}, {}, {}};
  file.descriptors.values(1, 2) = NAN;
  WriteDescriptors(file, folder / "nan.npy");
  const DescriptorDatabase database(folder / "nan.npy");
  EXPECT_THAT(ErrorOf([&] { Search(Clustered(1, 4, 2), database, 2); }),
              HasSubstr("nan.npy: row 1 holds a value that is not finite ('b')"));
  EXPECT_THAT(ErrorOf([&] { NearestNeighbors(Clustered(1, 5, 2), database, 2); }),
              HasSubstr("queries of 5 dimensions in a database of 4"));
  EXPECT_THAT(ErrorOf([&] { (void)database.Read(2, 2); }), HasSubstr("rows 2 to 4 of 3"));
  std::filesystem::resize_file(folder / "nan.npy", std::filesystem::file_size(folder / "nan.npy") - 1);
  EXPECT_THAT(ErrorOf([&] { DescriptorDatabase cut(folder / "nan.npy"); }), HasSubstr("nan.npy"));
}

TEST(Search, RefusesOptionsThatMeanNothing) {
  const DescriptorMatrix x = DescriptorMatrix::Identity(3, 3);
  const auto rows = [&](const std::vector<int64_t>& indices) -> DescriptorMatrix {
    return x(indices, Eigen::all);
  };
  EXPECT_THAT(ErrorOf([] { StageChoice("median"); }), HasSubstr("unknown stage 'median'"));
  EXPECT_THAT(ErrorOf([&] { AugmentDatabase(x, {.neighbors = -1}); }), HasSubstr("'neighbors' = -1"));
  EXPECT_THAT(ErrorOf([&] { RerankBySuperGlobal({}, x, rows, {.top = -1}); }), HasSubstr("'top' = -1"));
  EXPECT_THAT(ErrorOf([&] { ProposePairs({}, {.k = -1}); }), HasSubstr("'k' = -1"));
}

}  // namespace
}  // namespace vantage::search

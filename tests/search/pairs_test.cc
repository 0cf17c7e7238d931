// SPDX-License-Identifier: BSD-3-Clause
#include "vantage/search.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "testing/files.h"
#include "util/random.h"

namespace vantage::search {
namespace {

using vantage::testing::ErrorOf;

class QueryPairs : public ::testing::Test {
 protected:
  using NamePairs = std::vector<std::pair<std::string, std::string>>;

  // Photos on an arc, named "0", "1", ...: each is nearest to its neighbours.
  static Descriptors Arc(int64_t count) {
    Descriptors photos;
    photos.values.resize(count, 2);
    for (Eigen::Index i = 0; i < count; ++i) {
      const double angle = 0.1 * static_cast<double>(i) + 0.001 * static_cast<double>(i * i);
      photos.values.row(i) << static_cast<float>(std::cos(angle)), static_cast<float>(std::sin(angle));
      photos.names.push_back(std::to_string(i));
    }
    return photos;
  }

  NamePairs Propose(const Descriptors& queries, const PairOptions& options) const {
    WriteDescriptors({Arc(6), {}, {}}, folder_ / "database.npy");
    return ProposeQueryPairs(queries, DescriptorDatabase(folder_ / "database.npy"), options);
  }

  vantage::testing::TemporaryFolder folder_;
};

TEST_F(QueryPairs, NeverPairAPhotoWithItself) {
  Descriptors queries = SelectRows(Arc(6), {0, 3});
  queries.names[1] = "./3";  // another spelling
  EXPECT_EQ(Propose(queries, {.k = 2}), (NamePairs{{"0", "1"}, {"0", "2"}, {"./3", "2"}, {"./3", "4"}}));
}

TEST_F(QueryPairs, HoldTwoPhotosOnceThatAreQueriesAndInTheDatabase) {
  EXPECT_EQ(Propose(Arc(6), {.k = 1}),
            (NamePairs{{"0", "1"}, {"2", "1"}, {"3", "2"}, {"4", "3"}, {"5", "4"}}));
  EXPECT_EQ(Propose(Arc(6), {.k = 10}).size(), 15U);
  Descriptors others = Arc(2);  // the same descriptors, other photos
  others.names = {"x", "y"};
  EXPECT_EQ(Propose(others, {.k = 1}), (NamePairs{{"x", "0"}, {"y", "1"}}));
}

TEST_F(QueryPairs, KeepToTheOptions) {
  EXPECT_TRUE(Propose(Arc(1), {.k = 3, .min_score = 0.9999}).empty());
  EXPECT_THAT(ErrorOf([&] { Propose(Arc(1), {.mutual = true}); }), ::testing::HasSubstr("--mutual"));
  Descriptors zeros = Arc(1);
  zeros.values.setZero();
  EXPECT_TRUE(Propose(zeros, {.k = 3}).empty());
}

TEST(NeighborPairs, AgreeWithBruteForce) {
  RandomStream random(3, "pairs");
  DescriptorMatrix values(23, 6);
  for (Eigen::Index i = 0; i < values.size(); ++i)
    values.data()[i] = static_cast<float>(random.Uniform() - 0.5);
  NormalizeRows(values);
  values.row(4).setZero();
  values.row(9) = values.row(8);
  for (const int64_t k : {1, 3, 22, 50}) {
    std::set<std::pair<int64_t, int64_t>> expected;
    for (int64_t a = 0; a < values.rows(); ++a) {
      if (a == 4) continue;
      std::vector<std::pair<float, int64_t>> others;
      for (int64_t b = 0; b < values.rows(); ++b) {
        if (b != a && b != 4) others.emplace_back(-values.row(a).dot(values.row(b)), b);
      }
      std::sort(others.begin(), others.end());
      for (size_t i = 0; i < std::min<size_t>(others.size(), static_cast<size_t>(k)); ++i) {
        expected.insert(std::minmax(a, others[i].second));
      }
    }
    const auto pairs = NeighborPairs(values, k);
    EXPECT_EQ(pairs.size(), expected.size());
    EXPECT_TRUE(std::equal(pairs.begin(), pairs.end(), expected.begin(), expected.end())) << k;
  }
  EXPECT_TRUE(NeighborPairs(DescriptorMatrix(0, 4), 3).empty());
  EXPECT_TRUE(NeighborPairs(DescriptorMatrix::Ones(1, 4), 3).empty());
}

using Pairs = std::vector<std::pair<int64_t, int64_t>>;

// On a line: 0 and 1 are each other's nearest, 2 is nearest to 1, 3 is far.
const Descriptors kPhotos = [] {
  Descriptors photos{{"b/img10.jpg", "b/img9.jpg", "a/img1.jpg", "b/img08.jpg"}, DescriptorMatrix(4, 2)};
  for (int i = 0; i < 4; ++i) {
    const double angle = std::vector<double>{0, 0.1, 0.25, 2}[static_cast<size_t>(i)];
    photos.values.row(i) << static_cast<float>(std::cos(angle)), static_cast<float>(std::sin(angle));
  }
  return photos;
}();

TEST(ProposePairs, MutualNeighboursAreEachOthers) {
  EXPECT_EQ(ProposePairs(kPhotos, {.k = 1}), (Pairs{{0, 1}, {1, 2}, {2, 3}}));
  EXPECT_EQ(ProposePairs(kPhotos, {.k = 1, .mutual = true}), (Pairs{{0, 1}}));
}

TEST(ProposePairs, LeavesOutWhatIsTooDifferent) {
  EXPECT_EQ(ProposePairs(kPhotos, {.k = 3, .min_score = std::cos(0.2)}), (Pairs{{0, 1}, {1, 2}}));
}

TEST(ProposePairs, SequentialPairsFollowEachOtherInTheirFolder) {
  EXPECT_EQ(ProposePairs(kPhotos, {.k = 0, .sequential = 1}), (Pairs{{0, 1}, {1, 3}}));  // 08, 9, 10
  EXPECT_EQ(ProposePairs(kPhotos, {.k = 0, .sequential = 5}), (Pairs{{0, 1}, {0, 3}, {1, 3}}));
  EXPECT_THAT(ErrorOf([] { ProposePairs(kPhotos, {.k = -1}); }), ::testing::HasSubstr("at least 0"));
}

TEST(FormatPairs, NamesWithWhiteSpaceAreRefused) {
  EXPECT_EQ(FormatPairs({{"a.jpg", "b/c.jpg"}}), "a.jpg b/c.jpg\n");
  EXPECT_THAT(ErrorOf([] {
                FormatPairs({{"a.jpg", "b c.jpg"}});
              }),
              ::testing::HasSubstr("cannot hold the name 'b c.jpg'"));
  EXPECT_THAT(ErrorOf([] { FormatPairs({{"#1.jpg", "a.jpg"}}); }), ::testing::HasSubstr("'#1.jpg'"));
}

}  // namespace
}  // namespace vantage::search

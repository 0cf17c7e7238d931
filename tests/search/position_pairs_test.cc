// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <cmath>
#include <set>

#include "search/join_pairs.h"
#include "testing/files.h"
#include "util/random.h"
#include "vantage/search.h"

namespace vantage::search {
namespace {

using ::testing::ElementsAre;

using RowPairs = std::vector<RowPair>;
using Positions = std::vector<std::optional<GeoPosition>>;

TEST(GreatCircleDistance, IsThatOfKnownPlaces) {
  EXPECT_NEAR(GreatCircleDistance({48.8530, 2.3499}, {52.5163, 13.3777}), 875959, 1);  // Paris, Berlin
  EXPECT_NEAR(GreatCircleDistance({0, 179.9995}, {0, -179.9995}), 111.19, 0.01);
  EXPECT_NEAR(GreatCircleDistance({90, 0}, {-90, 77}), 20'015'115, 1);
  EXPECT_NEAR(GreatCircleDistance({50, 8}, {50, 8.00001}), 0.7147, 1e-3);
}

TEST(PairsByPosition, AgreeWithAllDistances) {
  RandomStream random(1, "positions");
  Positions positions;
  for (int i = 0; i < 300; ++i) {
    // A town, both poles and the line where longitude jumps from 180 to -180.
    const double scale = 0.01;
    const GeoPosition centre = std::vector<GeoPosition>{{48, 11}, {90, 0}, {-90, 0}, {10, 180}}[i % 4];
    double latitude = centre.latitude + scale * random.Normal();
    if (std::abs(latitude) > 90) latitude = std::copysign(180, latitude) - latitude;
    double longitude = std::abs(centre.latitude) == 90 ? 360 * random.Uniform() - 180
                                                       : centre.longitude + scale * random.Normal();
    if (longitude > 180) longitude -= 360;
    positions.push_back(i % 10 == 9 ? std::nullopt : std::optional(GeoPosition{latitude, longitude}));
  }
  for (const double radius : {0.001, 50.0, 700.0, 2e6, 3e7}) {
    RowPairs expected;
    for (int64_t a = 0; a < 300; ++a) {
      for (int64_t b = a + 1; b < 300; ++b) {
        const auto& from = positions[static_cast<size_t>(a)];
        const auto& to = positions[static_cast<size_t>(b)];
        if (from && to && GreatCircleDistance(*from, *to) <= radius) expected.emplace_back(a, b);
      }
    }
    EXPECT_EQ(PairsByPosition(positions, radius), expected) << radius;
  }
  EXPECT_EQ(PairsByPosition({GeoPosition{1, 2}, GeoPosition{1, 2}}, 1e-9), (RowPairs{{0, 1}}));
}

TEST(PairUnion, HoldsEachPairOnceAndNoPhotoWithItself) {
  PairUnion all;
  all.Add("neighbors", {{5, 1}, {2, 2}, {1, 5}, {0, 3}});
  all.Add("also", {{3, 0}, {4, 1}, {5, 1}});
  EXPECT_THAT(all.pairs(), ElementsAre(RowPair{5, 1}, RowPair{0, 3}, RowPair{4, 1}));
  ASSERT_EQ(all.sources().size(), 2U);
  EXPECT_EQ(all.sources()[0].pairs, 2);
  EXPECT_EQ(all.sources()[0].added, 2);
  EXPECT_EQ(all.sources()[1].pairs, 3);
  EXPECT_EQ(all.sources()[1].added, 1);
}

TEST(PairUnion, AgreesWithASet) {
  RandomStream random(4, "union");
  PairUnion all;
  std::set<RowPair> expected;
  for (int source = 0; source < 5; ++source) {
    RowPairs pairs;
    for (int i = 0; i < 200; ++i) {
      const auto a = static_cast<int64_t>(random.Below(30));
      const auto b = static_cast<int64_t>(random.Below(30));
      pairs.emplace_back(a, b);
      if (a != b) expected.insert(std::minmax(a, b));
    }
    all.Add("source", pairs);
  }
  std::set<RowPair> found;
  for (const auto& [a, b] : all.pairs()) found.insert(std::minmax(a, b));
  EXPECT_EQ(found.size(), all.pairs().size());
  EXPECT_EQ(found, expected);
}

TEST(ProposePairsByK, IsProposePairsForEachK) {
  RandomStream random(5, "by k");
  Descriptors photos;
  photos.values.resize(40, 4);
  for (Eigen::Index i = 0; i < photos.values.size(); ++i)
    photos.values.data()[i] = static_cast<float>(random.Normal());
  for (int i = 0; i < 40; ++i) photos.names.push_back(std::to_string(i));
  photos.values.row(3).setZero();
  photos.values.middleRows(20, 6).rowwise() = photos.values.row(20);  // equal scores
  for (const bool mutual : {false, true}) {
    const PairOptions options{.mutual = mutual, .min_score = 0.5, .sequential = 2};
    const auto all = ProposePairsByK(photos, {1, 4, 20, 60}, options);
    for (size_t i = 0; i < 4; ++i) {
      PairOptions own = options;
      own.k = std::vector<int64_t>{1, 4, 20, 60}[i];
      EXPECT_EQ(all[i], ProposePairs(photos, own)) << own.k;
    }
  }
}

}  // namespace
}  // namespace vantage::search

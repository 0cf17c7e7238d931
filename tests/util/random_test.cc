// SPDX-License-Identifier: BSD-3-Clause
#include "util/random.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "testing/files.h"

namespace vantage {
namespace {

TEST(RandomStream, DependsOnSeedPurposeAndIndicesOnly) {
  const auto first = [](uint64_t seed, std::string_view purpose, std::initializer_list<uint64_t> indices) {
    return RandomStream(seed, purpose, indices).Next();
  };
  EXPECT_EQ(first(1, "mining", {2, 3}), first(1, "mining", {2, 3}));
  EXPECT_NE(first(1, "mining", {2, 3}), first(2, "mining", {2, 3}));
  EXPECT_NE(first(1, "mining", {2, 3}), first(1, "tuples", {2, 3}));
  EXPECT_NE(first(1, "mining", {2, 3}), first(1, "mining", {3, 2}));
  EXPECT_NE(first(1, "mining", {0}), first(1, "mining", {}));
}

TEST(RandomStream, IsUniform) {
  RandomStream random(7, "test");
  constexpr int kDraws = 200'000;
  std::vector<int> counts(10);
  double sum = 0;
  for (int i = 0; i < kDraws; ++i) {
    const double value = random.Uniform();
    ASSERT_GE(value, 0);
    ASSERT_LT(value, 1);
    sum += value;
    ++counts[random.Below(10)];
  }
  EXPECT_NEAR(sum / kDraws, 0.5, 0.003);
  // Chi-square with 9 degrees of freedom: 27.9 is the 0.1 % quantile.
  double chi_square = 0;
  for (const int count : counts) chi_square += std::pow(count - kDraws / 10.0, 2) / (kDraws / 10.0);
  EXPECT_LT(chi_square, 27.9);
}

TEST(RandomStream, NormalHasUnitVariance) {
  RandomStream random(7, "normal");
  double sum = 0;
  double squares = 0;
  for (int i = 0; i < 100'000; ++i) {
    const double value = random.Normal();
    sum += value;
    squares += value * value;
  }
  EXPECT_NEAR(sum / 100'000, 0, 0.015);
  EXPECT_NEAR(squares / 100'000, 1, 0.02);
}

TEST(RandomStream, SampleIsWithoutRepetition) {
  RandomStream random(7, "sample");
  std::vector<int64_t> sample = random.Sample(50, 20);
  ASSERT_EQ(sample.size(), 20U);
  std::sort(sample.begin(), sample.end());
  EXPECT_EQ(std::unique(sample.begin(), sample.end()), sample.end());
  EXPECT_GE(sample.front(), 0);
  EXPECT_LT(sample.back(), 50);
  EXPECT_EQ(random.Sample(3, 10).size(), 3U);
  EXPECT_TRUE(random.Sample(0, 5).empty());
}

TEST(RandomStream, ShuffleReachesEveryOrder) {
  std::vector<int> seen(6);
  for (uint64_t seed = 0; seed < 600; ++seed) {
    std::vector<int> items = {0, 1, 2};
    RandomStream(seed, "shuffle").Shuffle(items);
    ++seen[static_cast<size_t>(items[0] * 2 + (items[1] > items[2] ? 1 : 0))];
  }
  for (const int count : seen) EXPECT_GT(count, 60);
}

TEST(Fnv1a64, AgreesWithItsAuthorsVectors) {
  // Fowler, Noll, Vo: test suite of the FNV hash.
  EXPECT_EQ(Fnv1a64(""), 0xcbf29ce484222325);
  EXPECT_EQ(Fnv1a64("foobar"), 0x85944171f73967e8);
}

}  // namespace
}  // namespace vantage

// SPDX-License-Identifier: BSD-3-Clause
#include "evaluation/described_photos.h"
#include "vantage/evaluation.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "testing/files.h"
#include "util/file.h"
#include "util/random.h"
#include "util/string.h"

namespace vantage::evaluation {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using vantage::testing::ErrorOf;
using vantage::testing::TemporaryFolder;

Descriptors RandomDescriptors(int count) {
  RandomStream random(5, "pair recall test");
  Descriptors photos;
  photos.values.resize(count, 8);
  for (Eigen::Index i = 0; i < photos.values.size(); ++i) {
    photos.values.data()[i] = static_cast<float>(random.Normal());
  }
  NormalizeRows(photos.values);
  for (int i = 0; i < count; ++i) photos.names.push_back(StrCat("scene/", i, ".jpg"));
  return photos;
}

TEST(PairRecall, CountsPairsOnceInEitherOrder) {
  const PairRecall recall =
      RecallOfPairs({{0, 1}, {1, 0}, {2, 3}, {1, 4}}, {{1, 0}, {3, 2}, {0, 4}, {0, 1}}, 5);
  EXPECT_EQ(recall.pairs, 3);
  EXPECT_EQ(recall.covisible, 3);
  EXPECT_EQ(recall.found, 2);
  EXPECT_EQ(recall.exhaustive, 10);
  EXPECT_DOUBLE_EQ(recall.Recall(), 2.0 / 3);
  EXPECT_DOUBLE_EQ(recall.Precision(), 2.0 / 3);
  EXPECT_DOUBLE_EQ(recall.Saved(), 0.7);
  EXPECT_TRUE(std::isnan(RecallOfPairs({{0, 1}}, {}, 5).Recall()));
}

TEST(RecallByK, RisesToAllAndAgreesWithBruteForce) {
  const Descriptors photos = RandomDescriptors(23);
  RandomStream random(6, "pair recall test covisible");
  std::vector<RowPair> covisible;
  for (int64_t a = 0; a < 23; ++a) {
    for (int64_t b = a + 1; b < 23; ++b) {
      if (random.Below(4) == 0) covisible.emplace_back(b, a);
    }
  }
  PairOptions options;
  options.k = 22;
  const std::vector<RecallAtK> recalls = RecallByK(photos, covisible, options);
  std::vector<int64_t> ks;
  for (const auto& [k, recall] : recalls) {
    ks.push_back(k);
    std::set<RowPair> nearest;
    for (int64_t a = 0; a < 23; ++a) {
      std::vector<std::pair<float, int64_t>> others;
      for (int64_t b = 0; b < 23; ++b) {
        if (b != a) others.emplace_back(-photos.values.row(a).dot(photos.values.row(b)), b);
      }
      std::sort(others.begin(), others.end());
      for (int64_t i = 0; i < k; ++i) nearest.insert(std::minmax(a, others[static_cast<size_t>(i)].second));
    }
    int64_t found = 0;
    for (const auto& [b, a] : covisible) found += static_cast<int64_t>(nearest.count({a, b}));
    EXPECT_EQ(recall.pairs, static_cast<int64_t>(nearest.size())) << k;
    EXPECT_EQ(recall.found, found) << k;
    EXPECT_EQ(recall.covisible, static_cast<int64_t>(covisible.size()));
  }
  EXPECT_THAT(ks, ElementsAre(1, 2, 5, 10, 20, 22));
  EXPECT_EQ(recalls.back().recall.Recall(), 1);
  EXPECT_EQ(recalls.back().recall.Saved(), 0);
}

TEST(DescribedPhotos, AreFoundWithAndWithoutTheirScene) {
  const DescribedPhotos photos(RandomDescriptors(3).names);
  EXPECT_THAT(photos.Rows({{"scene/2.jpg", "scene/0.jpg"}}, ""), ElementsAre(RowPair(0, 2)));
  EXPECT_THAT(photos.Rows({{"1.jpg", "2.jpg"}, {"1.jpg", "7.jpg"}}, "scene"), ElementsAre(RowPair(1, 2)));
  EXPECT_TRUE(photos.Rows({{"1.jpg", "2.jpg"}}, "").empty());
  EXPECT_EQ(photos.Row("2.jpg", "scene"), 2);
  EXPECT_EQ(photos.Row("7.jpg", "scene"), std::nullopt);
}

TEST(ReadNamePairs, ReadsWhatFormatPairsWritesAndNamesTheLine) {
  const TemporaryFolder folder;
  const std::vector<NamePair> pairs = {{"a/1.jpg", "b.jpg"}, {"c.jpg", "a/1.jpg"}};
  WriteFile(folder / "pairs.txt", FormatPairs(pairs) + "\n");
  EXPECT_EQ(ReadNamePairs(folder / "pairs.txt"), pairs);
  WriteFile(folder / "pairs.txt", "a b\na\n");
  EXPECT_THAT(ErrorOf([&] { ReadNamePairs(folder / "pairs.txt"); }), HasSubstr("pairs.txt:2: not two names"));
  WriteFile(folder / "pairs.txt", "a b c\n");
  EXPECT_THAT(ErrorOf([&] { ReadNamePairs(folder / "pairs.txt"); }), HasSubstr("pairs.txt:1: not two names"));
}

}  // namespace
}  // namespace vantage::evaluation

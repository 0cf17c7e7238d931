// SPDX-License-Identifier: BSD-3-Clause
#include "numerics/shrinkage_json.h"
#include "vantage/whitening.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "testing/files.h"
#include "util/random.h"
#include "vantage/error.h"

namespace vantage::numerics {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using vantage::testing::ErrorOf;

// Photos of scenes: a centre, and differences within a scene that are large in the first dimensions, as
// light and viewpoint are. Each photo matches the `matches` after it in its scene.
struct Scenes {
  DescriptorMatrix x;
  MatchingPairs pairs;
  std::vector<int64_t> scenes;

  Scenes(uint64_t seed, int64_t count, int64_t photos, int64_t dimension, int64_t matches = 3,
         double nuisance = 3) {
    RandomStream random(seed, "scenes");
    x.resize(count * photos, dimension);
    for (int64_t scene = 0; scene < count; ++scene) {
      Eigen::VectorXd centre(dimension);
      for (double& value : centre) value = random.Normal();
      for (int64_t i = 0; i < photos; ++i) {
        const int64_t row = scene * photos + i;
        Eigen::VectorXd photo = centre;
        for (int64_t d = 0; d < dimension; ++d)
          photo[d] += (d < dimension / 4 ? nuisance : 0.7) * random.Normal();
        x.row(row) = photo.normalized().transpose().cast<float>();
        scenes.push_back(scene);
        for (int64_t j = 1; j <= matches && i + j < photos; ++j) {
          pairs.queries.push_back(row);
          pairs.positives.push_back(row + j);
        }
      }
    }
  }
};

double PlainAveragePrecision(const Eigen::MatrixXd& values, const Scenes& data, int64_t query) {
  const auto score = [&](int64_t row) { return values.row(query).dot(values.row(row)); };
  std::vector<double> positives;
  for (size_t i = 0; i < data.pairs.queries.size(); ++i) {
    if (data.pairs.queries[i] == query) positives.push_back(score(data.pairs.positives[i]));
  }
  std::vector<std::pair<double, bool>> ranked;
  for (const double positive : positives) ranked.emplace_back(positive, true);
  for (int64_t row = 0; row < values.rows(); ++row) {
    if (data.scenes[static_cast<size_t>(row)] != data.scenes[static_cast<size_t>(query)])
      ranked.emplace_back(score(row), false);
  }
  std::sort(ranked.rbegin(), ranked.rend());
  double sum = 0;
  double right = 0;
  for (size_t rank = 0; rank < ranked.size(); ++rank) {
    if (!ranked[rank].second) continue;
    right += 1;
    sum += right / static_cast<double>(rank + 1);
  }
  return sum / right;
}

// mAP of one scene's queries.
double PlainMap(const Eigen::MatrixXd& values, const Scenes& data, int64_t scene) {
  double sum = 0;
  double queries = 0;
  int64_t last = -1;
  for (const int64_t query : data.pairs.queries) {
    if (query == last || data.scenes[static_cast<size_t>(query)] != scene) continue;
    last = query;
    sum += PlainAveragePrecision(values, data, query);
    queries += 1;
  }
  return sum / queries;
}

// mAP of one scene's queries with a whitening learned without it, by the public functions.
double PlainMapOfLeftOut(const Scenes& data, int64_t out, double shrinkage, const ShrinkageOptions& options) {
  std::vector<int64_t> new_row(data.scenes.size(), -1);
  std::vector<int64_t> kept_scenes;
  DescriptorMatrix kept(data.x.rows(), data.x.cols());
  for (size_t row = 0; row < data.scenes.size(); ++row) {
    if (data.scenes[row] == out) continue;
    new_row[row] = static_cast<int64_t>(kept_scenes.size());
    kept.row(new_row[row]) = data.x.row(static_cast<Eigen::Index>(row));
    kept_scenes.push_back(data.scenes[row]);
  }
  kept.conservativeResize(static_cast<Eigen::Index>(kept_scenes.size()), Eigen::NoChange);
  MatchingPairs pairs;
  for (size_t i = 0; i < data.pairs.queries.size(); ++i) {
    const int64_t query = new_row[static_cast<size_t>(data.pairs.queries[i])];
    if (query < 0) continue;
    pairs.queries.push_back(query);
    pairs.positives.push_back(new_row[static_cast<size_t>(data.pairs.positives[i])]);
  }
  const Whitening whitening = options.is_of_paper ? LearnWhiteningOfPaper(kept, pairs, kept_scenes, shrinkage)
                                                  : LearnWhitening(kept, pairs, shrinkage);
  return PlainMap(ApplyWhitening(whitening, data.x.cast<double>(), options.dimension), data, out);
}

// Up to five scenes are left out one by one.
double PlainCriterion(const Scenes& data, int64_t scenes, double shrinkage, const ShrinkageOptions& options) {
  double sum = 0;
  for (int64_t out = 0; out < scenes; ++out) sum += PlainMapOfLeftOut(data, out, shrinkage, options);
  return sum / static_cast<double>(scenes);
}

struct Variant {
  const char* name;
  ShrinkageOptions options;
};
class Shrinkage : public ::testing::TestWithParam<Variant> {};

TEST_P(Shrinkage, IsMeasuredByWhiteningsThatAreLearnedWithoutTheScene) {
  for (const int64_t dimension : {16, 64}) {  // fewer than the 48 photos, and more
    const Scenes data(1, 4, 12, dimension);
    const ShrinkageChoice choice = ChooseShrinkage(data.x, data.pairs, data.scenes, GetParam().options);
    ASSERT_TRUE(choice.is_measured);
    EXPECT_EQ(choice.folds, 4);
    EXPECT_EQ(choice.scenes, 4);
    EXPECT_EQ(choice.queries, 44);  // the last photo of a scene has no match
    ASSERT_GE(choice.curve.size(), 7U);
    for (const auto& [shrinkage, map] : choice.curve)
      EXPECT_NEAR(map, PlainCriterion(data, 4, shrinkage, GetParam().options), 1e-6) << shrinkage;
    double unwhitened = 0;
    for (int64_t scene = 0; scene < 4; ++scene)
      unwhitened += PlainMap(data.x.cast<double>(), data, scene) / 4;
    EXPECT_NEAR(choice.unwhitened_map, unwhitened, 1e-6);
  }
}

TEST_P(Shrinkage, IsTheNearestToTheUsualThatCannotBeToldFromTheBest) {
  for (const uint64_t seed : {1, 2, 3}) {
    const Scenes data(seed, 5, 12, 16);
    const ShrinkageChoice choice = ChooseShrinkage(data.x, data.pairs, data.scenes, GetParam().options);
    for (const auto& [shrinkage, map] : choice.curve) {
      EXPECT_LE(map, choice.curve.at(choice.best) + 1e-9) << shrinkage;
      if (shrinkage < choice.least_alike || shrinkage > choice.most_alike) continue;
      EXPECT_GE(std::abs(shrinkage - 0.7), std::abs(choice.shrinkage - 0.7)) << shrinkage;
    }
    EXPECT_EQ(choice.curve.at(choice.shrinkage), choice.map);
    EXPECT_EQ(choice.curve.count(0.7), 1U);
    EXPECT_LE(choice.least_alike, std::min(choice.best, choice.shrinkage));
    EXPECT_GE(choice.most_alike, std::max(choice.best, choice.shrinkage));
    // The search in steps is nearly as good as trying all values.
    double best = 0;
    for (int step = 1; step <= 20; ++step)
      best = std::max(best, PlainCriterion(data, 5, step / 20.0, GetParam().options));
    EXPECT_GE(choice.curve.at(choice.best), best - 0.005) << seed;
  }
}

INSTANTIATE_TEST_SUITE_P(All, Shrinkage,
                         ::testing::Values(Variant{"OfCode", {}}, Variant{"OfPaper", {.is_of_paper = true}},
                                           Variant{"OfCodeTruncated", {.dimension = 6}},
                                           Variant{"OfPaperTruncated",
                                                   {.dimension = 6, .is_of_paper = true}}),
                         [](const auto& test) { return test.param.name; });

// mAP of other scenes of the same kind.
double OnOtherScenes(const Scenes& data, double shrinkage) {
  const Scenes others(99, 30, 8, data.x.cols());
  const Eigen::MatrixXd values =
      ApplyWhitening(LearnWhitening(data.x, data.pairs, shrinkage), others.x.cast<double>());
  double sum = 0;
  for (int64_t scene = 0; scene < 30; ++scene) sum += PlainMap(values, others, scene) / 30;
  return sum;
}

TEST(ChooseShrinkage, OfManyScenesIsNearTheBestForOthersOfTheSameKind) {
  for (const int64_t photos : {4, 12}) {  // few pairs, many pairs
    const Scenes data(5, 60, photos, 32);
    const ShrinkageChoice choice = ChooseShrinkage(data.x, data.pairs, data.scenes);
    double best = 0;
    for (int step = 1; step <= 20; ++step) best = std::max(best, OnOtherScenes(data, step / 20.0));
    EXPECT_GE(OnOtherScenes(data, choice.shrinkage), best - 0.03) << photos;
    EXPECT_GT(choice.map, choice.unwhitened_map) << photos;
  }
}

TEST(ChooseShrinkage, IsNotWorseThanNoWhiteningUnlessItSaysSo) {
  for (uint64_t seed = 0; seed < 20; ++seed) {
    const Scenes data(seed, 2 + static_cast<int64_t>(seed % 4), 5, 8, 2, seed % 2 == 0 ? 0.7 : 2);
    const ShrinkageChoice choice = ChooseShrinkage(data.x, data.pairs, data.scenes);
    const bool is_worse = choice.map < choice.unwhitened_map;
    EXPECT_EQ(is_worse, Summary(choice).find("no shrinkage is as good") != std::string::npos) << seed;
    const bool is_sure = choice.map - choice.unwhitened_map > choice.gain_half_width;
    EXPECT_EQ(!is_worse && !is_sure, Summary(choice).find("is not sure") != std::string::npos) << seed;
  }
}

// Half the difference of two gains is their mean's standard error; Student's t has one degree of freedom.
TEST(ChooseShrinkage, OfTwoScenesIsAsUnsureAsTheyDiffer) {
  const Scenes data(8, 2, 10, 16);
  const ShrinkageChoice choice = ChooseShrinkage(data.x, data.pairs, data.scenes);
  EXPECT_TRUE(choice.is_measured);
  EXPECT_EQ(choice.folds, 2);
  const auto gain = [&](int64_t scene) {
    return PlainMapOfLeftOut(data, scene, choice.shrinkage, {}) -
           PlainMap(data.x.cast<double>(), data, scene);
  };
  EXPECT_NEAR(choice.gain_half_width, 12.706 * std::abs(gain(0) - gain(1)) / 2, 1e-4);
  EXPECT_THAT(Summary(choice), HasSubstr("2 scenes)"));
}

TEST(ChooseShrinkage, OfOneSceneIsTheUsualOneAndSaidToBeNotMeasured) {
  const Scenes data(3, 1, 10, 16);
  const ShrinkageChoice choice = ChooseShrinkage(data.x, data.pairs, data.scenes);
  EXPECT_FALSE(choice.is_measured);
  EXPECT_EQ(choice.shrinkage, kUsualShrinkage);
  EXPECT_THAT(Summary(choice), HasSubstr("not measured: fewer than two scenes have pairs"));
  EXPECT_EQ(ToJson(choice), nlohmann::json({{"shrinkage", 0.7}, {"measured", false}}));
}

TEST(ChooseShrinkage, LeavesOutZeroWherePairsAreFewerThanDimensions) {
  const Scenes few(3, 4, 3, 64);
  const ShrinkageChoice choice = ChooseShrinkage(few.x, few.pairs, few.scenes);
  EXPECT_EQ(choice.curve.count(0), 0U);
  EXPECT_GT(choice.shrinkage, 0);
  const Scenes many(3, 4, 40, 8);
  EXPECT_EQ(ChooseShrinkage(many.x, many.pairs, many.scenes).curve.count(0), 1U);
}

TEST(ChooseShrinkage, WithoutDifferencesTakesTheUsualOne) {
  Scenes data(3, 3, 4, 8, 2, 0);
  for (int64_t row = 0; row < data.x.rows(); ++row) data.x.row(row) = data.x.row(row / 4 * 4);
  const ShrinkageChoice choice = ChooseShrinkage(data.x, data.pairs, data.scenes);
  EXPECT_EQ(choice.shrinkage, kUsualShrinkage);
  EXPECT_EQ(choice.map, 1);
  EXPECT_EQ(choice.gain_half_width, 0);
}

TEST(ChooseShrinkage, DrawsQueriesOfAllScenesAndPhotosWhereThereAreMany) {
  const Scenes data(6, 12, 20, 16);
  ShrinkageOptions options;
  options.queries = 30;
  options.photos = 100;
  const ShrinkageChoice choice = ChooseShrinkage(data.x, data.pairs, data.scenes, options);
  EXPECT_EQ(choice.queries, 30);
  EXPECT_EQ(choice.scenes, 12);
  EXPECT_EQ(choice.folds, 5);
  const ShrinkageChoice all = ChooseShrinkage(data.x, data.pairs, data.scenes);
  EXPECT_EQ(all.queries, 12 * 19);
  EXPECT_NEAR(choice.shrinkage, all.shrinkage, 0.4);
  EXPECT_EQ(ToJson(ChooseShrinkage(data.x, data.pairs, data.scenes, options)), ToJson(choice));
}

TEST(ChooseShrinkage, WrongDescriptorsAndPairsAreErrors) {
  Scenes data(3, 3, 4, 8);
  EXPECT_THAT(ErrorOf([&] { ChooseShrinkage(data.x, {}, data.scenes); }), HasSubstr("make no pairs"));
  EXPECT_THAT(ErrorOf([&] {
                ChooseShrinkage(data.x, data.pairs, {1, 2});
              }),
              HasSubstr("2 scenes of 12 descriptors"));
  EXPECT_THAT(ErrorOf([&] { ChooseShrinkage(data.x, data.pairs, data.scenes, {.queries = 1}); }),
              HasSubstr("queries = 1 must be at least 2"));
  EXPECT_THROW(ChooseShrinkage(data.x, data.pairs, data.scenes, {}, {.is_cancelled = [] { return true; }}),
               Interrupted);
  data.x(5, 2) = std::numeric_limits<float>::infinity();
  EXPECT_THAT(ErrorOf([&] { ChooseShrinkage(data.x, data.pairs, data.scenes); }),
              HasSubstr("descriptor 5 is not finite"));
}

TEST(ShrinkageSummary, SaysHowSureItIs) {
  ShrinkageChoice choice{.shrinkage = 0.6,
                         .is_measured = true,
                         .map = 0.863,
                         .unwhitened_map = 0.787,
                         .gain_half_width = 0.021,
                         .best = 0.5,
                         .least_alike = 0.4,
                         .most_alike = 0.9,
                         .folds = 5,
                         .scenes = 14,
                         .queries = 300,
                         .curve = {{0.6, 0.863}}};
  EXPECT_EQ(Summary(choice),
            "shrinkage 0.6 by leaving scenes out: mAP 86.3, 78.7 without whitening (+7.6 ± 2.1, 95 %; 300 "
            "queries of 14 scenes); 0.4 to 0.9 cannot be distinguished from the best, 0.5");
  choice.gain_half_width = 0.1;
  EXPECT_THAT(Summary(choice), HasSubstr("; whether whitening gains is not sure"));
  choice.unwhitened_map = 0.9;
  EXPECT_THAT(Summary(choice), HasSubstr("(-3.7 ± 10.0"));
  EXPECT_THAT(Summary(choice), HasSubstr("no shrinkage is as good as no whitening here"));
  EXPECT_THAT(Summary(choice), Not(HasSubstr("not sure")));
  EXPECT_EQ(ToJson(choice)["curve"], nlohmann::json::parse("[[0.6, 0.863]]"));
}

}  // namespace
}  // namespace vantage::numerics

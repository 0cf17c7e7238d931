// SPDX-License-Identifier: BSD-3-Clause
#include "vantage/matching.h"

#include <algorithm>
#include <cmath>

#include "synthetic/synthetic.h"
#include "testing/files.h"
#include "util/parallel.h"
#include "util/random.h"
#include "vantage/preprocessing.h"

namespace vantage {
namespace {

using vantage::testing::SharedFolder;

std::vector<Image> SyntheticPhotos(int64_t seed, int style, int count) {
  synthetic::SyntheticSceneOptions options;
  options.seed = seed;
  options.style = style;
  options.photos = count;
  options.image_size = 320;
  std::vector<Image> photos;
  for (synthetic::SyntheticPhoto& photo : synthetic::MakeSyntheticScene(options).photos)
    photos.push_back(std::move(photo.image));
  return photos;
}

LocalFeatures Detect(const Image& photo) { return DetectFeatures(photo, {}); }

size_t InlierCount(const LocalFeatures& a, const LocalFeatures& b) {
  return MatchFeatures(a, b, {}).inliers.size();
}

Image Rotated(const Image& image) { return ApplyOrientation(image, 6); }

TEST(DetectFeatures, PhotosWithoutTextureHaveNone) {
  for (const auto& [width, height] : std::vector<std::pair<int, int>>{
           {1, 1}, {1, 4000}, {4000, 1}, {2, 2}, {15, 15}, {16, 16}, {17, 40}, {200, 100}, {5000, 30}}) {
    const Image blank = MakeImage(width, height);
    const LocalFeatures features = Detect(blank);
    EXPECT_EQ(features.size(), 0U) << width << " x " << height;
    EXPECT_EQ(features.width, width);
    EXPECT_EQ(MatchFeatures(features, features, {}).tentative.size(), 0U);
  }
}

TEST(DetectFeatures, NoiseOfAnySizeIsNoError) {
  RandomStream random(1, "noise");
  for (int side = 1; side < 40; side += 3) {
    Image noise = MakeImage(side, 41 - side);
    for (uint8_t& value : noise.pixels) value = static_cast<uint8_t>(random.Below(256));
    const LocalFeatures features = Detect(noise);
    EXPECT_EQ(features.keypoints.size(), features.descriptors.size());
    MatchFeatures(features, features, {});
  }
}

TEST(DetectFeatures, KeepsTheStrongest) {
  const Image photo = SyntheticPhotos(1, 0, 1)[0];
  const LocalFeatures all = Detect(photo);
  ASSERT_GT(all.size(), 100U);
  EXPECT_EQ(DetectFeatures(photo, {.max_features = 50}).size(), 50U);
  for (const Keypoint& keypoint : all.keypoints) {
    EXPECT_GE(keypoint.x, 0);
    EXPECT_LE(keypoint.x, photo.width);
    EXPECT_LE(keypoint.y, photo.height);
  }
}

TEST(DetectFeatures, PlacesAreInPixelsOfThePhotoWhateverTheReduction) {
  // A bright blob: its middle is a feature.
  Image photo = MakeImage(1200, 900);
  for (int y = 0; y < photo.height; ++y) {
    for (int x = 0; x < photo.width; ++x) {
      const double distance = std::hypot(x + 0.5 - 700, y + 0.5 - 400);
      const auto value = static_cast<uint8_t>(20 + 200 * std::exp(-distance * distance / (2 * 30 * 30)));
      std::fill_n(photo.Row(y) + x * 3, 3, value);
    }
  }
  for (const int size : {300, 600, 1200}) {
    const LocalFeatures features = DetectFeatures(photo, {.max_image_size = size});
    double nearest = 1e9;
    for (const Keypoint& keypoint : features.keypoints) {
      nearest = std::min(nearest, std::hypot(keypoint.x - 700.0, keypoint.y - 400.0));
    }
    EXPECT_LT(nearest, 1200.0 / size) << "a pixel of the reduced photo, " << size;
  }
}

TEST(Match, TentativeMatchesAgreeWithTheirDefinition) {
  RandomStream random(2, "descriptors");
  LocalFeatures a;
  LocalFeatures b;
  for (LocalFeatures* features : {&a, &b}) {
    for (int i = 0; i < 60; ++i) {
      SiftDescriptor descriptor;
      for (uint8_t& value : descriptor) value = static_cast<uint8_t>(random.Below(3));
      features->descriptors.push_back(descriptor);
      features->keypoints.push_back({static_cast<float>(i), 0, 1, 0});
    }
  }
  for (int i = 0; i < 20; ++i)
    a.descriptors[static_cast<size_t>(i)] = b.descriptors[static_cast<size_t>(50 - i)];
  const auto distance = [](const SiftDescriptor& x, const SiftDescriptor& y) {
    double sum = 0;
    for (size_t i = 0; i < x.size(); ++i) sum += (double{1} * x[i] - y[i]) * (double{1} * x[i] - y[i]);
    return std::sqrt(sum);
  };
  const auto passes = [&](const SiftDescriptor& from, const LocalFeatures& others, size_t nearest) {
    for (size_t i = 0; i < others.size(); ++i) {
      const double first = distance(from, others.descriptors[nearest]);
      if (i != nearest && first >= 0.95 * distance(from, others.descriptors[i])) return false;
    }
    return true;
  };
  std::vector<FeatureMatch> expected;
  for (size_t i = 0; i < a.size(); ++i) {
    for (size_t j = 0; j < b.size(); ++j) {
      if (passes(a.descriptors[i], b, j) && passes(b.descriptors[j], a, i)) {
        expected.push_back({static_cast<int32_t>(i), static_cast<int32_t>(j)});
      }
    }
  }
  EXPECT_GE(expected.size(), 20U);
  EXPECT_EQ(MatchFeatures(a, b, {.max_ratio = 0.95}).tentative, expected);
}

TEST(Match, ViewsOfOneLandmarkMatchAndOthersDoNot) {
  std::vector<std::vector<LocalFeatures>> scenes;
  for (int scene = 0; scene < 3; ++scene) {
    std::vector<LocalFeatures> features;
    for (const Image& photo : SyntheticPhotos(scene + 1, scene, 5)) features.push_back(Detect(photo));
    scenes.push_back(std::move(features));
  }
  int neighbours = 0;  // on the arc around the landmark
  for (size_t s = 0; s < scenes.size(); ++s) {
    for (size_t i = 0; i < 4; ++i) neighbours += ShowTheSame(scenes[s][i], scenes[s][i + 1], {}) ? 1 : 0;
    for (size_t t = 0; t < s; ++t) {
      for (size_t i = 0; i < 4; ++i)
        EXPECT_FALSE(ShowTheSame(scenes[s][i], scenes[t][i], {})) << s << " " << t;
    }
  }
  EXPECT_GE(neighbours, 6) << "of 12";
}

TEST(Match, ATurnedAndCutCopyMatches) {
  const Image photo = SyntheticPhotos(5, 2, 1)[0];
  const Image part = Crop(photo, {40, 30, 40 + photo.width * 0.6, 30 + photo.height * 0.6});
  const LocalFeatures whole = Detect(photo);
  for (const Image& copy :
       {part, Rotated(photo), Rotated(part), Resize(photo, 200, 200, Interpolation::kLanczos)}) {
    const GeometricMatch match = MatchFeatures(whole, Detect(copy), {});
    EXPECT_GE(match.inliers.size(), 20U);
    EXPECT_GT(match.inliers.size(), match.tentative.size() / 2);
  }
  const LocalFeatures features = Detect(part);
  for (const FeatureMatch& inlier : MatchFeatures(whole, features, {}).inliers) {
    // The tolerance of inliers is 0.012 of the longest side; the rest is SIFT's localisation error at another
    // scale.
    EXPECT_NEAR(whole.keypoints[static_cast<size_t>(inlier.a)].x,
                features.keypoints[static_cast<size_t>(inlier.b)].x + 40, 8);
  }
}

TEST(Match, AWatermarkIsNoMatch) {
  // The same band of another landmark's photo at the bottom of two photos.
  const Image mark = Crop(SyntheticPhotos(7, 3, 1)[0], {40, 100, 280, 124});
  std::vector<LocalFeatures> plain;
  std::vector<LocalFeatures> marked;
  for (const int scene : {1, 2}) {
    Image photo = SyntheticPhotos(scene, scene - 1, 1)[0];
    plain.push_back(Detect(photo));
    for (int y = 0; y < mark.height; ++y) {
      std::copy_n(mark.Row(y), mark.width * 3, photo.Row(photo.height - mark.height + y));
    }
    marked.push_back(Detect(photo));
  }
  const GeometricMatch match = MatchFeatures(marked[0], marked[1], {});
  EXPECT_GE(match.tentative.size(), 10U) << "the band has features";
  EXPECT_EQ(match.geometry, MatchGeometry::kNone);
  EXPECT_EQ(match.inliers.size(), 0U);
  EXPECT_TRUE(ShowTheSame(plain[0], marked[0], {}));
}

TEST(Match, TheSameOnAnyThread) {
  std::vector<Image> photos = SyntheticPhotos(6, 1, 4);
  const auto inliers = [&](int threads) {
    std::vector<LocalFeatures> features(photos.size());
    ParallelFor(4, threads, [&](int64_t i) {
      features[static_cast<size_t>(i)] = Detect(photos[static_cast<size_t>(i)]);
    });
    std::vector<std::vector<FeatureMatch>> found(16);
    ParallelFor(16, threads, [&](int64_t pair) {
      const auto p = static_cast<size_t>(pair);
      found[p] = MatchFeatures(features[p / 4], features[p % 4], {}).inliers;
    });
    return found;
  };
  const auto expected = inliers(1);
  EXPECT_GT(expected[1].size(), 0U);
  for (int run = 0; run < 3; ++run) EXPECT_EQ(inliers(8), expected);
}

TEST(Match, PointsAtOnePlaceAreNoError) {
  LocalFeatures a;
  a.width = a.height = 100;
  RandomStream random(3, "degenerate");
  for (int i = 0; i < 40; ++i) {
    SiftDescriptor descriptor;
    for (uint8_t& value : descriptor) value = static_cast<uint8_t>(random.Below(256));
    a.descriptors.push_back(descriptor);
    a.keypoints.push_back({50, 50, 1, 0});
  }
  MatchFeatures(a, a, {});
  for (int i = 0; i < 40; ++i) a.keypoints[static_cast<size_t>(i)].x = static_cast<float>(i);  // on a line
  MatchFeatures(a, a, {});
  a.width = a.height = 0;
  MatchFeatures(a, a, {});
}

TEST(Match, RealPhotosOfOneLandmark) {
  VANTAGE_REQUIRE_SHARED("photos/sfm/fountain");
  VANTAGE_REQUIRE_SHARED("photos/sfm/castle");
  const auto photos = [](const char* scene) {
    std::vector<LocalFeatures> features;
    std::vector<std::string> names = vantage::testing::FilesBelow(SharedFolder() / "photos/sfm" / scene);
    std::sort(names.begin(), names.end());
    names.resize(3);
    for (const std::string& name : names) {
      features.push_back(Detect(ReadImage(SharedFolder() / "photos/sfm" / scene / name)));
    }
    return features;
  };
  const auto fountain = photos("fountain");
  const auto castle = photos("castle");
  EXPECT_GE(InlierCount(fountain[0], fountain[1]), 50U);
  EXPECT_GE(InlierCount(fountain[1], fountain[2]), 50U);
  for (const LocalFeatures& a : fountain) {
    for (const LocalFeatures& b : castle) EXPECT_FALSE(ShowTheSame(a, b, {}));
  }
}

TEST(Features, RefuseOptionsThatMeanNothing) {
  EXPECT_THAT(testing::ErrorOf([] { DetectFeatures({}, {.max_features = 0}); }),
              ::testing::HasSubstr("'max_features' = 0"));
  EXPECT_THAT(testing::ErrorOf([] { MatchFeatures({}, {}, {.max_ratio = -1}); }),
              ::testing::HasSubstr("'max_ratio' = -1"));
}

}  // namespace
}  // namespace vantage

// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "image/resample.h"
#include "testing/files.h"
#include "util/file.h"
#include "util/random.h"
#include "util/string.h"
#include "vantage/image.h"
#include "vantage/preprocessing.h"

namespace vantage::image {
namespace {

using vantage::testing::ErrorOf;
using vantage::testing::SharedFolder;

Image RandomImage(int width, int height, uint64_t seed) {
  Image image = MakeImage(width, height);
  RandomStream random(seed, "image");
  for (uint8_t& value : image.pixels) value = static_cast<uint8_t>(random.Below(256));
  return image;
}

TEST(Thumbnail, IsPillowsOnRealPhotos) {
  VANTAGE_REQUIRE_SHARED("reference/pillow");
  const auto folder = SharedFolder() / "reference";
  int compared = 0;
  for (const auto& photo : ListFiles(folder / "images", {".jpg"})) {
    for (const int size : {224, 362}) {
      const Image expected = ReadImage(folder / "pillow" / StrCat(photo.stem().string(), "_", size, ".png"));
      const Image thumbnail = Thumbnail(ReadImage(folder / "images" / photo), size);
      ASSERT_EQ(thumbnail.width, expected.width) << photo;
      ASSERT_EQ(thumbnail.height, expected.height) << photo;
      int most = 0;
      int64_t sum = 0;
      for (size_t i = 0; i < expected.pixels.size(); ++i) {
        const int difference = std::abs(thumbnail.pixels[i] - expected.pixels[i]);
        most = std::max(most, difference);
        sum += difference;
      }
      EXPECT_LE(most, 1) << photo << " " << size;
      EXPECT_LE(static_cast<double>(sum) / static_cast<double>(expected.pixels.size()), 0.05)
          << photo << " " << size;
      ++compared;
    }
  }
  EXPECT_EQ(compared, 10);
}

TEST(Thumbnail, NeverEnlarges) {
  const Image image = RandomImage(30, 20, 1);
  EXPECT_EQ(Thumbnail(image, 30).pixels, image.pixels);
  EXPECT_EQ(Thumbnail(image, 100).pixels, image.pixels);
}

TEST(Thumbnail, KeepsTheAspectRatioAndAtLeastOnePixel) {
  const ImageSize wide = ThumbnailSize(10000, 3, 100);
  EXPECT_EQ(wide.width, 100);
  EXPECT_EQ(wide.height, 1);
  for (int width = 1; width < 200; width += 7) {
    for (int height = 1; height < 200; height += 11) {
      const ImageSize size = ThumbnailSize(width, height, 50);
      EXPECT_EQ(std::max(size.width, size.height), std::min(50, std::max(width, height)));
    }
  }
}

TEST(Resize, KeepsAConstantImage) {
  Image image = MakeImage(401, 303);
  std::fill(image.pixels.begin(), image.pixels.end(), uint8_t{137});
  for (const int size : {7, 50, 99, 200, 400}) {
    for (const uint8_t value : Thumbnail(image, size).pixels) ASSERT_EQ(value, 137);
  }
}

// A plain reference: weights in floating point, both directions at once.
Image SlowResize(const Image& image, int width, int height) {
  const auto lanczos = [](double x) {
    if (x == 0) return 1.0;
    if (std::abs(x) >= 3) return 0.0;
    return 3 * std::sin(M_PI * x) * std::sin(M_PI * x / 3) / (M_PI * M_PI * x * x);
  };
  Image out = MakeImage(width, height);
  const double scale_x = std::max(1.0, static_cast<double>(image.width) / width);
  const double scale_y = std::max(1.0, static_cast<double>(image.height) / height);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const double center_x = (x + 0.5) * image.width / width;
      const double center_y = (y + 0.5) * image.height / height;
      double sums[4] = {};
      for (int j = 0; j < image.height; ++j) {
        for (int i = 0; i < image.width; ++i) {
          const double weight =
              lanczos((i + 0.5 - center_x) / scale_x) * lanczos((j + 0.5 - center_y) / scale_y);
          for (int c = 0; c < 3; ++c) sums[c] += weight * image.Row(j)[3 * i + c];
          sums[3] += weight;
        }
      }
      for (int c = 0; c < 3; ++c) {
        out.Row(y)[3 * x + c] = static_cast<uint8_t>(std::clamp(std::round(sums[c] / sums[3]), 0.0, 255.0));
      }
    }
  }
  return out;
}

TEST(Resize, AgreesWithTheSlowTwin) {
  // Smooth input, so that rounding between the passes and the truncated support change at most two levels.
  Image image = MakeImage(60, 45);
  for (int y = 0; y < 45; ++y) {
    for (int x = 0; x < 60; ++x) {
      for (int c = 0; c < 3; ++c) {
        image.Row(y)[3 * x + c] =
            static_cast<uint8_t>(127 + 100 * std::sin(0.2 * x + c) * std::cos(0.15 * y));
      }
    }
  }
  for (const auto& [width, height] : {std::pair{40, 30}, {31, 44}, {60, 20}, {17, 45}, {80, 60}}) {
    const Image fast = Resize(image, width, height, Interpolation::kLanczos);
    const Image slow = SlowResize(image, width, height);
    for (size_t i = 0; i < fast.pixels.size(); ++i) ASSERT_NEAR(fast.pixels[i], slow.pixels[i], 2) << width;
  }
}

// Sizes around the block sizes of the fast kernels, and ratios that enlarge, keep and reduce.
TEST(ResampleKernels, ComputeTheSameBytes) {
  const ResampleKernels* fast = Avx2ResampleKernels();
  if (fast == nullptr) GTEST_SKIP() << "this processor has no AVX2";
  const ResampleKernels& slow = PortableResampleKernels();
  uint64_t seed = 0;
  for (const int width : {1, 2, 3, 10, 11, 31, 64, 101}) {
    for (const int height : {1, 2, 7, 8, 9, 17, 40}) {
      Image image = RandomImage(width, height, ++seed);
      if (seed % 3 == 0) {  // black and white: sums below 0 and above 255
        for (uint8_t& value : image.pixels) value = value < 128 ? 0 : 255;
      }
      for (const int size : {1, 2, 5, 13, 30, 70}) {
        const ResampleWeights across =
            AntialiasedWeights(Interpolation::kLanczos, width, static_cast<float>(width), size);
        const ResampleWeights down =
            AntialiasedWeights(Interpolation::kLanczos, height, static_cast<float>(height) - 0.25F, size);
        ASSERT_EQ(fast->horizontally(image, across).pixels, slow.horizontally(image, across).pixels)
            << width << " x " << height << " to " << size;
        ASSERT_EQ(fast->vertically(image, down).pixels, slow.vertically(image, down).pixels)
            << width << " x " << height << " to " << size;
      }
    }
  }
}

TEST(LanczosWeights, AreTheKernelNormalised) {
  const auto sinc = [](double x) { return x == 0 ? 1.0 : std::sin(M_PI * x) / (M_PI * x); };
  for (const int size : {3, 100, 362, 799, 2000}) {
    const ResampleWeights weights = AntialiasedWeights(Interpolation::kLanczos, 800, 800.0F, size);
    const double scale = 800.0 / size;
    for (int i = 0; i < size; ++i) {
      const auto [first, count] = weights.spans[static_cast<size_t>(i)];
      std::vector<double> expected;
      double sum = 0;
      for (int j = first; j < first + count; ++j) {
        const double x = (j + 0.5 - (i + 0.5) * scale) / std::max(1.0, scale);
        expected.push_back(std::abs(x) < 3 ? sinc(x) * sinc(x / 3) : 0.0);
        sum += expected.back();
      }
      for (int j = 0; j < count; ++j) {
        ASSERT_EQ(weights.Of(i)[j], std::lround(expected[static_cast<size_t>(j)] / sum * (1 << kWeightBits)))
            << size << ", " << i << ", " << j;
      }
    }
  }
}

TEST(Crop, RoundsItsBoxAndFillsWithBlack) {
  const Image image = RandomImage(10, 8, 2);
  const Image inside = Crop(image, {2.4, 1.6, 5.5, 4.5});  // 2..6, 2..4: half to even
  ASSERT_EQ(inside.width, 4);
  ASSERT_EQ(inside.height, 2);
  EXPECT_TRUE(std::equal(inside.Row(1), inside.Row(1) + 12, image.Row(3) + 6));
  const Image beyond = Crop(image, {-2, -1, 4, 3});
  EXPECT_EQ(beyond.Row(0)[9], 0);
  EXPECT_EQ(beyond.Row(1)[6], image.Row(0)[0]);
  EXPECT_THAT(ErrorOf([&] { Crop(image, {3, 3, 3, 5}); }), ::testing::HasSubstr("is empty"));
  EXPECT_THAT(ErrorOf([&] { Crop(image, {20, 3, 30, 5}); }), ::testing::HasSubstr("is outside the image"));
}

TEST(Thumbnail, RefusesAnImageWithoutItsPixels) {
  EXPECT_THAT(vantage::testing::ErrorOf([] {
                Thumbnail({100, 80, std::vector<uint8_t>(5)}, 40);
              }),
              ::testing::HasSubstr("100 x 80 pixels has 5 bytes"));
}

}  // namespace
}  // namespace vantage::image

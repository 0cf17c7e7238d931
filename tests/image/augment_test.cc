// SPDX-License-Identifier: BSD-3-Clause
#include "image/augment.h"
#include "vantage/image.h"

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <map>

#include "testing/files.h"
#include "util/file.h"
#include "util/subprocess.h"

namespace vantage::image {
namespace {

using vantage::testing::TemporaryFolder;

// The value of every pixel encodes its position.
Image PlacesImage(int width, int height) {
  Image image = MakeImage(width, height);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const uint8_t pixel[3] = {static_cast<uint8_t>(x), static_cast<uint8_t>(y),
                                static_cast<uint8_t>(x * 7 + y * 3)};
      std::copy(pixel, pixel + 3, image.Row(y) + 3 * x);
    }
  }
  return image;
}

RandomStream Stream(uint64_t index) { return RandomStream(5, "augmentation", {index}); }

AugmentationOptions Everything() {
  AugmentationOptions options;
  options.square_size = 64;
  options.crop_size = 48;
  options.min_crop_scale = 0.5;
  options.flip_probability = 0.5;
  options.brightness = 0.4;
  options.contrast = 0.4;
  options.saturation = 0.4;
  return options;
}

TEST(Augment, ByDefaultNothingChanges) {
  const Image image = PlacesImage(50, 40);
  RandomStream random = Stream(0);
  EXPECT_EQ(Augment(image, {}, random).pixels, image.pixels);
  EXPECT_EQ(random.Next(), Stream(0).Next());  // nothing was drawn
}

TEST(Augment, TheStreamDecidesWhatComesOut) {
  const Image image = PlacesImage(100, 80);
  std::vector<std::vector<uint8_t>> seen;
  for (uint64_t i = 0; i < 8; ++i) {
    RandomStream a = Stream(i);
    RandomStream b = Stream(i);
    const Image one = Augment(image, Everything(), a);
    EXPECT_EQ(one.width, 48);
    EXPECT_EQ(one.height, 48);
    EXPECT_EQ(Augment(image, Everything(), b).pixels, one.pixels);
    EXPECT_EQ(std::count(seen.begin(), seen.end(), one.pixels), 0);
    seen.push_back(one.pixels);
  }
}

TEST(Augment, ACropIsAPartOfThePhotoAnywhere) {
  const Image image = PlacesImage(20, 10);
  AugmentationOptions options;
  options.crop_size = 8;
  std::map<std::pair<int, int>, int> places;
  for (uint64_t i = 0; i < 2000; ++i) {
    RandomStream random = Stream(i);
    const Image crop = Augment(image, options, random);
    ASSERT_EQ(crop.width, 8);
    ASSERT_EQ(crop.height, 8);
    const int left = crop.pixels[0];
    const int top = crop.pixels[1];
    ASSERT_EQ(crop.pixels, Crop(image, {left * 1.0, top * 1.0, left + 8.0, top + 8.0}).pixels);
    ++places[{left, top}];
  }
  EXPECT_EQ(places.size(), 13U * 3U);
  for (const auto& [place, count] : places) EXPECT_NEAR(count, 2000.0 / 39, 35) << place.first;
}

TEST(Augment, ACropOfAShorterSideIsAllOfIt) {
  AugmentationOptions options;
  options.crop_size = 30;
  RandomStream random = Stream(0);
  const Image crop = Augment(PlacesImage(50, 20), options, random);
  EXPECT_EQ(crop.width, 30);
  EXPECT_EQ(crop.height, 20);
}

TEST(Augment, AResizedCropKeepsTheSizeAndEnlarges) {
  const Image image = PlacesImage(100, 80);
  AugmentationOptions options;
  options.min_crop_scale = 0.5;
  int most = 0;
  int least = 100;
  for (uint64_t i = 0; i < 200; ++i) {
    RandomStream random = Stream(i);
    const Image part = Augment(image, options, random);
    ASSERT_EQ(part.width, 100);
    ASSERT_EQ(part.height, 80);
    const int seen = part.Row(40)[3 * 99] - part.Row(40)[0];  // columns from side to side
    most = std::max(most, seen);
    least = std::min(least, seen);
  }
  EXPECT_GT(most, 94);
  EXPECT_LE(most, 99);
  EXPECT_LT(least, 55);
  EXPECT_GE(least, 47);
}

TEST(Augment, FlipsAsOftenAsAsked) {
  const Image image = PlacesImage(9, 4);
  EXPECT_EQ(FlipHorizontally(FlipHorizontally(image)).pixels, image.pixels);
  EXPECT_EQ(FlipHorizontally(image).Row(2)[0], 8);
  EXPECT_EQ(FlipHorizontally(image).Row(2)[1], 2);
  AugmentationOptions options;
  options.flip_probability = 0.25;
  int flipped = 0;
  for (uint64_t i = 0; i < 2000; ++i) {
    RandomStream random = Stream(i);
    if (Augment(image, options, random).pixels != image.pixels) ++flipped;
  }
  EXPECT_NEAR(flipped, 500, 80);
}

struct ColorCase {
  const char* pillow;  // its ImageEnhance class
  Image (*change)(const Image&, double);
};
void PrintTo(const ColorCase& value, std::ostream* out) { *out << value.pillow; }

class EveryColorChange : public ::testing::TestWithParam<ColorCase> {};
INSTANTIATE_TEST_SUITE_P(All, EveryColorChange,
                         ::testing::Values(ColorCase{"Brightness", ChangeBrightness},
                                           ColorCase{"Contrast", ChangeContrast},
                                           ColorCase{"Color", ChangeSaturation}),
                         [](const auto& param_info) { return std::string(param_info.param.pillow); });

TEST_P(EveryColorChange, FactorOneChangesNothing) {
  const Image image = PlacesImage(60, 50);
  EXPECT_EQ(GetParam().change(image, 1).pixels, image.pixels);
  EXPECT_TRUE(GetParam().change(Image(), 0.5).pixels.empty());
}

TEST_P(EveryColorChange, AgreesWithPillow) {
  const char* python = std::getenv("VANTAGE_PYTHON");  // NOLINT(concurrency-mt-unsafe)
  if (python == nullptr || CaptureCommand({python, "-c", "import PIL"}).first != 0) {
    GTEST_SKIP() << "needs VANTAGE_PYTHON naming a Python with Pillow";
  }
  const TemporaryFolder folder;
  const Image image = PlacesImage(200, 150);
  WriteFile(folder / "in.png", EncodePng(image));
  WriteFile(folder / "change.py",
            "import sys\n"
            "from PIL import Image, ImageEnhance\n"
            "image = Image.open(sys.argv[1] + '/in.png').convert('RGB')\n"
            "for factor in sys.argv[3:]:\n"
            "    change = getattr(ImageEnhance, sys.argv[2])(image)\n"
            "    change.enhance(float(factor)).save(sys.argv[1] + '/' + factor + '.png')\n");
  const auto [code, output] = CaptureCommand({python, (folder / "change.py").string(), folder.path().string(),
                                              GetParam().pillow, "0", "0.37", "1.6"});
  ASSERT_EQ(code, 0) << output;
  for (const auto& [name, factor] : std::map<std::string, double>{{"0", 0}, {"0.37", 0.37}, {"1.6", 1.6}}) {
    EXPECT_EQ(GetParam().change(image, factor).pixels, ReadImage(folder / (name + ".png")).pixels) << name;
  }
}

TEST(Augment, RefusesOptionsThatMeanNothing) {
  RandomStream random(1, "test");
  Image image;
  EXPECT_THAT(testing::ErrorOf([&] { Augment(image, {.square_size = 1 << 20}, random); }),
              ::testing::HasSubstr("'square_size'"));
  EXPECT_THAT(testing::ErrorOf([&] { Augment(image, {.min_crop_scale = 0}, random); }),
              ::testing::HasSubstr("'min_crop_scale' = 0"));
}

}  // namespace
}  // namespace vantage::image

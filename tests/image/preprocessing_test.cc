// SPDX-License-Identifier: BSD-3-Clause
#include "vantage/preprocessing.h"

#include <algorithm>
#include <cstdlib>
#include <string>
#include <vector>

#include "image/smooth_image.h"
#include "testing/files.h"
#include "util/file.h"
#include "util/random.h"
#include "util/string.h"
#include "util/subprocess.h"
#include "vantage/error.h"
#include "vantage/image.h"

namespace vantage::image {
namespace {

using vantage::testing::ErrorOf;
using vantage::testing::TemporaryFolder;
using Kind = PreprocessingStepKind;

Image NoisyPhoto(int width, int height, uint64_t seed) {
  Image image = MakeImage(width, height);
  RandomStream random(seed, "photo");
  for (uint8_t& value : image.pixels) value = static_cast<uint8_t>(random.Below(256));
  return image;
}

ImageSize SizeOf(const std::string& text, ImageSize size) {
  for (const PreprocessingStep& step : ParsePreprocessing(text).steps) size = SizeAfter(step, size);
  return size;
}

// A value that ParsePreprocessing can return.
Preprocessing RandomPreprocessing(RandomStream& random) {
  Preprocessing made;
  bool on_tensor = false;
  for (uint64_t count = random.Below(4); count > 0; --count) {
    PreprocessingStep step;
    step.kind = static_cast<Kind>(random.Below(6));
    step.size = 1 + static_cast<int64_t>(random.Below(1024));
    on_tensor = on_tensor || random.Chance(0.3);
    step.on_tensor = on_tensor;
    if (step.kind != Kind::kCrop) {
      step.interpolation = static_cast<Interpolation>(on_tensor ? 1 + random.Below(2) : random.Below(3));
      step.antialias = step.interpolation == Interpolation::kLanczos || random.Chance(0.5);
      step.enlarges = step.kind != Kind::kSquare && step.kind != Kind::kMultiple && random.Chance(0.5);
    }
    made.steps.push_back(step);
  }
  if (random.Chance(0.5)) {
    Normalization& pixels = made.normalization.emplace();
    for (double& value : pixels.mean) value = random.Uniform(-1, 1);
    for (double& value : pixels.std) value = random.Uniform(0.1, 1);
  }
  return made;
}

TEST(Preprocessing, EveryValueReadsBackFromItsText) {
  RandomStream random(1, "preprocessing");
  for (int i = 0; i < 2000; ++i) {
    const Preprocessing made = RandomPreprocessing(random);
    const std::string text = ToText(made);
    ASSERT_NO_THROW(CheckPreprocessing(made)) << text;
    ASSERT_EQ(ParsePreprocessing(text), made) << text;
    ASSERT_EQ(ToText(ParsePreprocessing(text)), text);
  }
}

TEST(Preprocessing, TextsThatMeanTheSameAreEqual) {
  const std::vector<std::vector<std::string>> alike = {
      {"longest=1024", " longest = 1024 ", "longest=1024,lanczos", "longest=1024,antialias"},
      {"square=322,bicubic,antialias", "square=322,bicubic", "square=322, antialias, bicubic"},
      {"none", " none "},
      {"crop=224,tensor", "crop=224, tensor"},
      {"square=322,bicubic,antialias,tensor + crop=224,tensor", "square=322,bicubic,tensor + crop=224"},
      {"shortest=256,bilinear,antialias,enlarge + crop=224", "shortest=256,enlarge,bilinear+crop=224"}};
  for (const std::vector<std::string>& texts : alike) {
    for (const std::string& text : texts) {
      EXPECT_EQ(ParsePreprocessing(text), ParsePreprocessing(texts[0])) << text;
      EXPECT_EQ(ToText(ParsePreprocessing(text)), texts[0]);
    }
  }
  EXPECT_NE(ParsePreprocessing(alike[0][0]), ParsePreprocessing(alike[1][0]));
  EXPECT_EQ(ToText(LongestSide(1024)), "longest=1024");
}

TEST(Preprocessing, ErrorsNameThePartThatIsWrong) {
  const auto error = [](const std::string& text) { return ErrorOf([&] { ParsePreprocessing(text); }); };
  using ::testing::HasSubstr;
  EXPECT_THAT(error("longst=1024"), HasSubstr("no step 'longst'; did you mean 'longest'?"));
  EXPECT_THAT(error(""), HasSubstr("'none' keeps photos"));
  EXPECT_THAT(error("longest"), HasSubstr("longest takes a whole number of pixels first, not ''"));
  EXPECT_THAT(error("square=bicubic,322"), HasSubstr("not 'bicubic,322'"));
  EXPECT_THAT(error("square=0"), HasSubstr("square=0: sizes are in [1, 16384]"));
  EXPECT_THAT(error("longest=99999999999999999999"), HasSubstr("whole number"));
  EXPECT_THAT(error("square=322,bicubik"), HasSubstr("'bicubik' after square; did you mean 'bicubic'?"));
  EXPECT_THAT(error("square=322,enlarge"), HasSubstr("'enlarge' after square"));
  EXPECT_THAT(error("crop=224,bilinear"), HasSubstr("'bilinear' after crop; known are tensor"));
  EXPECT_THAT(error("square=322,tensor"), HasSubstr("bilinear or bicubic, not lanczos"));
  EXPECT_THAT(error("square=322,no-antialias"), HasSubstr("lanczos always antialiases"));
  EXPECT_THAT(error("multiple=14,bilinear,tensor + longest=100"), HasSubstr("follows one on the tensor"));
  EXPECT_THAT(error("mean=0.5,0.5,0.5"), HasSubstr("mean and std go together"));
  EXPECT_THAT(error("mean=0.5,0.5 + std=1,1,1"), HasSubstr("mean takes three numbers, not '0.5,0.5'"));
  EXPECT_THAT(error("mean=0,0,0 + std=1,0,1"), HasSubstr("a standard deviation of 0"));
  EXPECT_THROW(CheckPreprocessing(LongestSide(-5)), UsageError);
}

TEST(Preprocessing, DamagedTextsAreRefusedOrRead) {
  const std::string whole = "shortest=256,bicubic,enlarge + crop=224 + mean=0.5,0.4,0.3 + std=1,1,1";
  RandomStream random(2, "damage");
  for (int i = 0; i < 3000; ++i) {
    std::string text = whole;
    for (uint64_t edits = 1 + random.Below(3); edits > 0; --edits)
      text[random.Below(text.size())] = static_cast<char>(random.Below(256));
    try {
      const Preprocessing read = ParsePreprocessing(text);
      CheckPreprocessing(read);
      EXPECT_EQ(ParsePreprocessing(ToText(read)), read) << text;
    } catch (const UsageError&) {
    }
  }
}

TEST(Preprocessing, LongestSideGivesTheThumbnailsBytes) {
  for (const auto& [width, height] : {std::pair{300, 200}, {97, 311}, {64, 64}, {30, 20}, {1000, 3}}) {
    const Image photo = NoisyPhoto(width, height, 3);
    for (const int size : {20, 64, 300}) {
      const Image reduced = ApplyPhotoSteps(photo, LongestSide(size));
      const Image expected = Thumbnail(photo, size);
      ASSERT_EQ(reduced.width, expected.width);
      ASSERT_EQ(reduced.pixels, expected.pixels) << width << " x " << height << " to " << size;
    }
  }
}

TEST(Preprocessing, SizesFollowTheRules) {
  EXPECT_EQ(SizeOf("longest=100", {400, 300}), (ImageSize{100, 75}));
  EXPECT_EQ(SizeOf("longest=100", {40, 30}), (ImageSize{40, 30}));
  EXPECT_EQ(SizeOf("longest=100,enlarge", {40, 30}), (ImageSize{100, 75}));
  EXPECT_EQ(SizeOf("shortest=100", {400, 301}), (ImageSize{132, 100}));  // torchvision: int(100 * 400 / 301)
  EXPECT_EQ(SizeOf("shortest=100", {301, 400}), (ImageSize{100, 132}));
  EXPECT_EQ(SizeOf("shortest=100", {40, 30}), (ImageSize{40, 30}));
  EXPECT_EQ(SizeOf("shortest=100,enlarge", {40, 30}), (ImageSize{133, 100}));
  EXPECT_EQ(SizeOf("area=2500", {100, 100}), (ImageSize{50, 50}));
  EXPECT_EQ(SizeOf("area=2500", {40, 30}), (ImageSize{40, 30}));
  EXPECT_EQ(SizeOf("square=322", {640, 480}), (ImageSize{322, 322}));
  EXPECT_EQ(SizeOf("crop=224", {640, 200}), (ImageSize{224, 200}));
  EXPECT_EQ(SizeOf("multiple=14", {640, 480}), (ImageSize{644, 476}));
  EXPECT_EQ(SizeOf("multiple=14", {21, 35}), (ImageSize{28, 28}));  // halves: round() of Python
  EXPECT_EQ(SizeOf("multiple=14", {3, 1}), (ImageSize{14, 14}));
  EXPECT_EQ(SizeOf("shortest=256,enlarge + crop=224", {90, 60}), (ImageSize{224, 224}));
}

TEST(Preprocessing, SizesStayWithinTheirLimits) {
  RandomStream random(4, "sizes");
  for (int i = 0; i < 5000; ++i) {
    const ImageSize size{100 + static_cast<int>(random.Below(3000)),
                         100 + static_cast<int>(random.Below(3000))};
    const int64_t limit = 1 + static_cast<int64_t>(random.Below(2000));
    const auto after = [&](Kind kind, bool enlarges) {
      return SizeAfter({.kind = kind, .size = limit, .enlarges = enlarges}, size);
    };
    for (const bool enlarges : {false, true}) {
      const ImageSize longest = after(Kind::kLongest, enlarges);
      ASSERT_LE(std::max(longest.width, longest.height), limit);
      const ImageSize shortest = after(Kind::kShortest, enlarges);
      ASSERT_LE(std::min(shortest.width, shortest.height), limit);
      const ImageSize area = after(Kind::kArea, enlarges);
      if (std::min(area.width, area.height) > 1) {
        ASSERT_LE(int64_t{area.width} * area.height, limit);
      }
      ASSERT_GE(std::min({longest.width, longest.height, area.width, area.height}), 1);
    }
    const ImageSize multiple = SizeAfter({.kind = Kind::kMultiple, .size = 14}, size);
    ASSERT_EQ(multiple.width % 14 + multiple.height % 14, 0);
    ASSERT_LE(std::abs(multiple.width - size.width), std::max(7, 14 - size.width));
  }
}

TEST(Preprocessing, PhotosHaveTheSizesThatAreForetold) {
  RandomStream random(5, "photos");
  for (int i = 0; i < 300; ++i) {
    Preprocessing made = RandomPreprocessing(random);
    for (PreprocessingStep& step : made.steps) step.size = 1 + step.size % 40;
    const Image photo =
        NoisyPhoto(1 + static_cast<int>(random.Below(60)), 1 + static_cast<int>(random.Below(60)), 6);
    ImageSize expected{photo.width, photo.height};
    for (const PreprocessingStep& step : PhotoSteps(made)) expected = SizeAfter(step, expected);
    const Image result = ApplyPhotoSteps(photo, made);
    ASSERT_EQ((ImageSize{result.width, result.height}), expected) << ToText(made);
    ASSERT_NO_THROW(CheckImage(result));
    ASSERT_EQ(PhotoSteps(made).size() + TensorSteps(made).size(), made.steps.size());
  }
}

TEST(Preprocessing, TheCentreIsCutOut) {
  const Image photo = NoisyPhoto(11, 8, 7);
  const Image centre = ApplyPhotoSteps(photo, ParsePreprocessing("crop=5"));
  // torchvision: round((11 - 5) / 2) = 3, round((8 - 5) / 2) = round(1.5) = 2.
  ASSERT_EQ((ImageSize{centre.width, centre.height}), (ImageSize{5, 5}));
  for (int y = 0; y < 5; ++y)
    EXPECT_TRUE(std::equal(centre.Row(y), centre.Row(y) + 15, photo.Row(y + 2) + 9));
}

TEST(Preprocessing, AnotherSizeChangesTheFirstSizeOnly) {
  const auto with = [](const std::string& text) { return ToText(WithSize(ParsePreprocessing(text), 448)); };
  EXPECT_EQ(with("longest=1024"), "longest=448");
  EXPECT_EQ(with("square=322,bicubic"), "square=448,bicubic,antialias");
  EXPECT_EQ(with("shortest=256 + crop=224"), "shortest=448 + crop=224");
  EXPECT_EQ(with("multiple=14,bilinear"), "longest=448 + multiple=14,bilinear,antialias");
  EXPECT_EQ(with("none"), "longest=448");
}

TEST(Preprocessing, APartIsReducedLikeTheWholePhoto) {
  const auto of_part = [](const std::string& text) {
    return ToText(ForPart(ParsePreprocessing(text), {200, 100}, {400, 300}));
  };
  EXPECT_EQ(of_part("longest=200"), "longest=100");
  EXPECT_EQ(of_part("shortest=150"), "shortest=50");
  EXPECT_EQ(of_part("area=30000"), "area=5000");
  EXPECT_EQ(of_part("square=322"), "square=322");
  EXPECT_EQ(of_part("multiple=14"), "multiple=14");
}

// torchvision's Resize calls Pillow's resize. One pass at a time: versions of Pillow differ in their order.
TEST(Preprocessing, PhotosAreResizedAsByPillow) {
  const char* python = std::getenv("VANTAGE_PYTHON");  // NOLINT(concurrency-mt-unsafe)
  if (python == nullptr || CaptureCommand({python, "-c", "import PIL"}).first != 0) {
    GTEST_SKIP() << "needs VANTAGE_PYTHON naming a Python with Pillow";
  }
  const TemporaryFolder folder;
  const std::vector<Image> photos = {NoisyPhoto(199, 150, 8), SmoothImage(64, 90), NoisyPhoto(41, 300, 9)};
  for (size_t i = 0; i < photos.size(); ++i) WriteFile(folder / StrCat(i, ".png"), EncodePng(photos[i]));
  WriteFile(folder / "resize.py",
            "import sys\n"
            "from PIL import Image\n"
            "folder = sys.argv[1]\n"
            "for i in range(int(sys.argv[2])):\n"
            "    image = Image.open(f'{folder}/{i}.png').convert('RGB')\n"
            "    for name in ('bilinear', 'bicubic'):\n"
            "        for size in (32, 77, 322):\n"
            "            filter = getattr(Image.Resampling, name.upper())\n"
            "            made = image.resize((size, image.height), filter).resize((size, size), filter)\n"
            "            made.save(f'{folder}/{i}-{name}-{size}.png')\n");
  const auto [code, output] = CaptureCommand(
      {python, (folder / "resize.py").string(), folder.path().string(), std::to_string(photos.size())});
  ASSERT_EQ(code, 0) << output;
  for (size_t i = 0; i < photos.size(); ++i) {
    for (const std::string name : {"bilinear", "bicubic"}) {
      for (const int size : {32, 77, 322}) {
        const Image made = ApplyPhotoSteps(photos[i], ParsePreprocessing(StrCat("square=", size, ",", name)));
        const Image expected = ReadImage(folder / StrCat(i, "-", name, "-", size, ".png"));
        EXPECT_EQ(made.pixels, expected.pixels) << i << " " << name << " " << size;
      }
    }
  }
}

TEST(Preprocessing, RefusesPhotosThatBecomeTooLarge) {
  const Image line = MakeImage(3000, 1);
  EXPECT_THAT(ErrorOf([&] { ApplyPhotoSteps(line, ParsePreprocessing("shortest=16384,enlarge")); }),
              ::testing::HasSubstr("too large"));
  EXPECT_THAT(ErrorOf([&] {
                ApplyPhotoSteps(Image{4, 4, {}}, LongestSide(2));
              }),
              ::testing::HasSubstr("has 0 bytes"));
}

}  // namespace
}  // namespace vantage::image

// SPDX-License-Identifier: BSD-3-Clause
#include "vantage/position.h"

#include <cstdlib>

#include "image/codecs/exif.h"
#include "image/smooth_image.h"
#include "testing/exif.h"
#include "testing/files.h"
#include "util/file.h"
#include "util/random.h"
#include "util/string.h"
#include "util/subprocess.h"

namespace vantage::image {
namespace {

using ::testing::HasSubstr;
using vantage::testing::ErrorOf;
using vantage::testing::OrientationBlock;
using vantage::testing::PositionBlock;
using vantage::testing::TemporaryFolder;

void ExpectNear(const std::optional<GeoPosition>& position, double latitude, double longitude) {
  ASSERT_TRUE(position.has_value());
  EXPECT_NEAR(position->latitude, latitude, 1e-9);
  EXPECT_NEAR(position->longitude, longitude, 1e-9);
}

TEST(ExifPosition, IsReadInBothByteOrdersAndAllQuarters) {
  for (const bool big_endian : {false, true}) {
    ExpectNear(ExifPosition(PositionBlock(48.858222, 2.2945, big_endian)), 48.858222, 2.2945);
    ExpectNear(ExifPosition(std::string("Exif\0\0", 6) + PositionBlock(-33.8568, 151.2153, big_endian)),
               -33.8568, 151.2153);
    ExpectNear(ExifPosition(PositionBlock(19.43, -99.13, big_endian)), 19.43, -99.13);
    ExpectNear(ExifPosition(PositionBlock(-13.163, -72.545, big_endian)), -13.163, -72.545);
  }
}

TEST(ExifPosition, IsEmptyIfThereIsNoneOrItIsNotValid) {
  EXPECT_EQ(ExifPosition(""), std::nullopt);
  EXPECT_EQ(ExifPosition(OrientationBlock(6)), std::nullopt);
  EXPECT_EQ(ExifPosition(PositionBlock(48, 11, false, 'V')), std::nullopt);
  EXPECT_EQ(ExifPosition(PositionBlock(0, 0)), std::nullopt);
  EXPECT_EQ(ExifPosition(PositionBlock(91, 11)), std::nullopt);
  std::string no_denominator = PositionBlock(48, 11);
  no_denominator[92 + 4] = 0;
  EXPECT_EQ(ExifPosition(no_denominator), std::nullopt);
}

TEST(ExifPosition, DamageGivesAPositionOrNone) {
  const std::string good = PositionBlock(48.5, 11.5);
  for (size_t size = 0; size < good.size(); ++size)
    EXPECT_EQ(ExifPosition(good.substr(0, size)), std::nullopt);
  RandomStream random(1, "damage");
  for (int i = 0; i < 5000; ++i) {
    std::string damaged = good;
    for (int flip = 0; flip < 3; ++flip) {
      char& byte = damaged[random.Below(damaged.size())];
      byte = static_cast<char>(byte ^ (1 << random.Below(8)));
    }
    const auto position = ExifPosition(damaged);
    EXPECT_TRUE(!position || (std::abs(position->latitude) <= 90 && std::abs(position->longitude) <= 180));
  }
}

TEST(ReadPosition, ReadsWhatPillowWrites) {
  const char* python = std::getenv("VANTAGE_PYTHON");  // NOLINT(concurrency-mt-unsafe)
  if (python == nullptr || CaptureCommand({python, "-c", "import PIL"}).first != 0)
    GTEST_SKIP() << "needs VANTAGE_PYTHON naming a Python with Pillow";
  const std::string script = R"(
import sys
from PIL import Image, features
exif = Image.Exif()
exif[0x8825] = {1: 'S', 2: (33.0, 51.0, 24.5), 3: 'E', 4: (151.0, 12.0, 55.25)}
block = exif.tobytes()
exif.load(block)
for ending in ['jpg', 'png', 'webp', 'tiff'] + (['avif'] if features.check('avif') else []):
    photo = Image.new('RGB', (64, 48), (9, 99, 199))
    photo.save(sys.argv[1] + '/photo.' + ending, exif=exif if ending == 'tiff' else block)
    print(ending)
)";
  const TemporaryFolder folder;
  const auto [code, endings] = CaptureCommand({python, "-c", script, folder.path().string()});
  ASSERT_EQ(code, 0) << endings;
  for (const std::string& ending : SplitText(Trim(endings), '\n')) {
    SCOPED_TRACE(ending);
    ExpectNear(ReadPosition(folder / StrCat("photo.", ending)), -(33 + 51 / 60.0 + 24.5 / 3600),
               151 + 12 / 60.0 + 55.25 / 3600);
  }
}

TEST(ReadPosition, OfOtherFilesIsAnErrorAndOfPhotosWithoutOneIsEmpty) {
  const TemporaryFolder folder;
  WriteFile(folder / "a.jpg", EncodeJpeg(SmoothImage(8, 8), 90));
  EXPECT_EQ(ReadPosition(folder / "a.jpg"), std::nullopt);
  WriteFile(folder / "b.jpg", "text");
  EXPECT_THAT(ErrorOf([&] { ReadPosition(folder / "b.jpg"); }), HasSubstr("b.jpg: not a "));
}

TEST(ReadPositions, ReadsCsvWithAndWithoutAHeader) {
  const TemporaryFolder folder;
  WriteFile(folder / "p.csv",
            "\xef\xbb\xbf"
            "a.jpg,48.5,-11.25\r\n\"b, c.jpg\", -1 ,2,300\n# a comment\n");
  const auto plain = ReadPositions(folder / "p.csv");
  EXPECT_EQ(plain.at("a.jpg"), (GeoPosition{48.5, -11.25}));
  EXPECT_EQ(plain.at("b, c.jpg"), (GeoPosition{-1, 2}));
  WriteFile(folder / "p.csv", "longitude,time,name,latitude\n7,noon,a.jpg,8\n");
  EXPECT_EQ(ReadPositions(folder / "p.csv").at("a.jpg"), (GeoPosition{8, 7}));
}

TEST(ReadPositions, ErrorsNameTheLine) {
  const TemporaryFolder folder;
  const auto error = [&](const std::string& text) {
    WriteFile(folder / "p.csv", text);
    return ErrorOf([&] { ReadPositions(folder / "p.csv"); });
  };
  EXPECT_THAT(error("a,1,2\nb,1\n"), HasSubstr("p.csv:2: not name,latitude,longitude"));
  EXPECT_THAT(error("a,91,2\n"), HasSubstr("p.csv:1: latitude 91 is not in [-90, 90]"));
  EXPECT_THAT(error("a,1,-181\n"), HasSubstr("p.csv:1: longitude -181 is not in [-180, 180]"));
  EXPECT_THAT(error("a,1,nan\n"), HasSubstr("p.csv:1: longitude"));
  EXPECT_THAT(error("a,north,2\n"), HasSubstr("p.csv:1: latitude"));
  EXPECT_THAT(error("a,1,2\na,1,3\n"), HasSubstr("p.csv:2: the name 'a' appears twice"));
  EXPECT_THAT(error("latitude,longitude\n1,2\n"), HasSubstr("p.csv:1: no column 'name'"));
  EXPECT_THAT(error("a,\"1,2\n"), HasSubstr("p.csv:1"));
}

}  // namespace
}  // namespace vantage::image

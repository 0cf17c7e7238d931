// SPDX-License-Identifier: BSD-3-Clause
// Photos of all kinds that Pillow writes, and real ones, decode as Pillow decodes them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <memory>
#include <set>
#include <sstream>
#include <string>

#include "image/codecs/codec.h"
#include "testing/files.h"
#include "util/file.h"
#include "util/subprocess.h"
#include "vantage/error.h"
#include "vantage/image.h"

namespace vantage::image {
namespace {

namespace fs = std::filesystem;
using vantage::testing::TemporaryFolder;

// Writes FOLDER/NAME, and for each file that Pillow reads FOLDER/NAME.rgb: its pixels. Prints a line each:
// the largest difference allowed, the orientation, the size, and the path; and a line for each ending that
// Pillow knows. What libraries round may differ: colour spaces, 16 bits.
constexpr char kScript[] = R"(
import os, sys
from PIL import Image
folder, odd = sys.argv[1:3]
x = Image.linear_gradient('L').resize((61, 47))
photo = Image.merge('RGB', (x, x.transpose(Image.ROTATE_180), x.transpose(Image.FLIP_LEFT_RIGHT).point(lambda v: v // 2)))
alpha = photo.copy(); alpha.putalpha(x)
palette = photo.quantize(200)
few = photo.quantize(7)
deep = Image.frombytes('I;16', (61, 47), bytes(b for i in range(61 * 47) for b in (i * 7 % 256, i // 12 % 256)))
bits = photo.convert('1')
turned = Image.Exif(); turned[0x112] = 6
paths = []
def save(name, image, allowed=0, **options):
    path = os.path.join(folder, name)
    image.save(path, **options)
    paths.append((path, allowed))
for ending in ('png', 'bmp', 'gif', 'tif', 'webp', 'ppm', 'jpg', 'avif'):
    save('rgb.' + ending, photo)
for ending in ('png', 'webp', 'tif', 'bmp', 'gif'):
    save('alpha.' + ending, alpha)
for ending in ('png', 'bmp', 'gif', 'tif'):
    save('palette.' + ending, palette)
    save('few.' + ending, few)
for ending in ('png', 'bmp', 'gif', 'tif', 'pgm', 'jpg', 'webp'):
    save('grey.' + ending, x)
for ending in ('png', 'bmp', 'gif', 'tif', 'pbm'):
    save('bits.' + ending, bits)
save('lossless.webp', alpha, lossless=True)
save('animated.webp', photo, save_all=True, append_images=[photo.rotate(90)])
save('animated.gif', palette, save_all=True, append_images=[palette.rotate(90)])
save('interlaced.gif', palette, interlace=1)
save('transparent.gif', palette, transparency=3)
for compression in ('raw', 'tiff_lzw', 'tiff_adobe_deflate', 'packbits', 'jpeg', 'zstd', 'lzma', 'webp'):
    try:
        save('rgb-' + compression + '.tif', photo, 1, compression=compression)
    except Exception as error:
        print('not by Pillow:', compression, error, file=sys.stderr)
for compression in ('group3', 'group4', 'tiff_ccitt'):
    save(compression + '.tif', bits, compression=compression)
save('inks.tif', photo.convert('CMYK'), 2)
save('inks.jpg', photo.convert('CMYK'), 2)
save('ycbcr.tif', photo.convert('YCbCr'), 3, compression='raw')
save('deep.tif', deep, 1)
save('deep.png', deep)
for ending in ('png', 'tif', 'webp', 'jpg'):
    save('turned.' + ending, photo, 1, exif=turned)
if os.path.isdir(odd):
    paths += [(os.path.join(odd, name), 2) for name in sorted(os.listdir(odd))]
for path, allowed in paths:
    name = os.path.basename(path)
    try:
        image = Image.open(path)
        orientation = image.getexif().get(0x112, 1)
        rgb = image.convert('RGB')
        if image.mode.startswith('I;16'):  # of which Pillow makes white
            high = slice(0 if image.mode == 'I;16B' else 1, None, 2)
            rgb = Image.frombytes('L', image.size, image.tobytes()[high]).convert('RGB')
    except Exception as error:
        print(-1, 1, 0, 0, path)
        continue
    with open(os.path.join(folder, name + '.rgb'), 'wb') as out:
        out.write(rgb.tobytes())
    print(allowed, orientation, *rgb.size, path)
print(*Image.registered_extensions(), sep='\n')
)";

TEST(Pillow, AndVantageDecodeAlike) {
  const char* python = std::getenv("VANTAGE_PYTHON");  // NOLINT(concurrency-mt-unsafe)
  if (python == nullptr || CaptureCommand({python, "-c", "import PIL"}).first != 0)
    GTEST_SKIP() << "needs VANTAGE_PYTHON naming a Python with Pillow";
  const TemporaryFolder folder;
  WriteFile(folder / "write.py", kScript);
  const auto [code, output] = CaptureCommand({python, (folder / "write.py").string(), folder.path().string(),
                                              (vantage::testing::SharedFolder() / "photos/odd").string()});
  ASSERT_EQ(code, 0) << output;
  std::set<std::string> seen;
  std::set<std::string> endings;
  std::istringstream lines(output);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with('.')) endings.insert(line);
    std::istringstream words(line);
    int allowed = 0, orientation = 0, width = 0, height = 0;
    std::string path;
    if (!(words >> allowed >> orientation >> width >> height >> path)) continue;
    const std::string name = fs::path(path).filename().string();
    std::ostringstream row;
    row << name << ": ";
    const auto print = [&](void*) { std::cout << row.str() << '\n'; };
    const std::unique_ptr<void, decltype(print)> at_end(&row, print);
    try {
      const ImageHeader header = ReadImageHeader(path);
      // Pillow turns TIFF files as it reads them, and no other format.
      const Image image = ReadImage(path, {.apply_exif_orientation = header.format == "TIFF"});
      seen.insert(header.format);
      row << header.format << ' ' << image.width << " x " << image.height << ", orientation "
          << header.exif_orientation << (header.is_upright ? " applied" : "");
      if (allowed < 0) {
        row << "; Pillow cannot read it";
        continue;
      }
      if (!header.is_upright) {
        EXPECT_EQ(header.exif_orientation, orientation) << path;
      }
      const std::string expected = ReadFile(folder / (name + ".rgb"));
      ASSERT_EQ(image.pixels.size(), expected.size()) << path;
      int largest = 0;
      double sum = 0;
      for (size_t i = 0; i < expected.size(); ++i) {
        const int difference = std::abs(image.pixels[i] - static_cast<uint8_t>(expected[i]));
        largest = std::max(largest, difference);
        sum += difference;
      }
      row << ", differs by " << largest << ", on average " << sum / static_cast<double>(expected.size());
      if (header.is_upright) {  // libheif does not interpolate colours between their samples
        EXPECT_LE(sum, 3 * static_cast<double>(expected.size())) << path;
      } else {
        EXPECT_LE(largest, allowed) << path;
      }
    } catch (const Error& error) {
      row << error.what();
      EXPECT_NE(OtherFormat(ReadHead(path)), "") << error.what();
    }
  }
  EXPECT_TRUE(endings.contains(".jpg"));
  for (const Codec& codec : Codecs()) {
    if (endings.contains(codec.extensions.front())) EXPECT_TRUE(seen.contains(codec.name)) << codec.name;
  }
}

}  // namespace
}  // namespace vantage::image

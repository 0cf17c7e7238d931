// SPDX-License-Identifier: BSD-3-Clause
#include <cmath>
#include <cstdio>
// jpeglib.h needs the header above.
#include <jpeglib.h>
#include <png.h>
#include <sys/resource.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <cstdlib>

#include "image/codecs/codec.h"
#include "image/codecs/exif.h"
#include "image/smooth_image.h"
#include "testing/exif.h"
#include "testing/files.h"
#include "util/file.h"
#include "util/random.h"
#include "vantage/image.h"
#include "vantage/preprocessing.h"

namespace vantage::image {
namespace {

using ::testing::HasSubstr;
using vantage::testing::ErrorOf;
using vantage::testing::WithOrientation;

std::string GreyPng(int width, int height, bool sixteen_bits) {
  png_image header{};
  header.version = PNG_IMAGE_VERSION;
  header.width = static_cast<png_uint_32>(width);
  header.height = static_cast<png_uint_32>(height);
  header.format = sixteen_bits ? PNG_FORMAT_LINEAR_Y : PNG_FORMAT_GRAY;
  std::vector<uint16_t> wide(static_cast<size_t>(width * height), 0x8123);
  std::vector<uint8_t> narrow(static_cast<size_t>(width * height), 0x81);
  png_alloc_size_t size = PNG_IMAGE_PNG_SIZE_MAX(header);
  std::string bytes(size, '\0');
  const void* pixels = sixteen_bits ? static_cast<const void*>(wide.data()) : narrow.data();
  EXPECT_NE(png_image_write_to_memory(&header, bytes.data(), &size, 0, pixels, 0, nullptr), 0);
  bytes.resize(size);
  return bytes;
}

// Four inks, all of one value, stored inverted as Adobe does.
std::string CmykJpeg(int width, int height, uint8_t ink, uint8_t black) {
  jpeg_compress_struct codec{};
  jpeg_error_mgr errors{};
  codec.err = jpeg_std_error(&errors);
  jpeg_create_compress(&codec);
  unsigned char* bytes = nullptr;
  unsigned long size = 0;  // NOLINT: libjpeg's type
  jpeg_mem_dest(&codec, &bytes, &size);
  codec.image_width = static_cast<JDIMENSION>(width);
  codec.image_height = static_cast<JDIMENSION>(height);
  codec.input_components = 4;
  codec.in_color_space = JCS_CMYK;
  jpeg_set_defaults(&codec);
  jpeg_start_compress(&codec, TRUE);
  std::vector<uint8_t> row;
  for (int x = 0; x < width; ++x) row.insert(row.end(), {ink, ink, ink, black});
  for (int y = 0; y < height; ++y) {
    JSAMPROW pointer = row.data();
    jpeg_write_scanlines(&codec, &pointer, 1);
  }
  jpeg_finish_compress(&codec);
  jpeg_destroy_compress(&codec);
  std::string text(reinterpret_cast<char*>(bytes), size);
  std::free(bytes);
  return text;
}

std::string BigEndian(uint32_t number) {
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(number >> shift);
  return bytes;
}

std::string PngChunk(const std::string& type, const std::string& content) {
  const std::string checked = type + content;
  const auto crc =
      crc32(0, reinterpret_cast<const Bytef*>(checked.data()), static_cast<uInt>(checked.size()));
  return BigEndian(static_cast<uint32_t>(content.size())) + checked + BigEndian(static_cast<uint32_t>(crc));
}

// A small PNG whose header says another size and depth.
std::string PngWithHeader(uint32_t width, uint32_t height, int bit_depth, int color_type) {
  std::string header = BigEndian(width) + BigEndian(height);
  for (const int value : {bit_depth, color_type, 0, 0, 0}) header += static_cast<char>(value);
  return EncodePng(SmoothImage(8, 8)).replace(8, 25, PngChunk("IHDR", header));
}

std::string HugePng() { return PngWithHeader(20000, 20000, 8, 2); }

// A PNG of 8 x 8 pixels with texts of 8 KB that decompress to just below the 8 MB that libpng allows each.
std::string PngWithTexts(int count) {
  const std::string text(7'900'000, 'x');
  std::string packed(compressBound(text.size()), '\0');
  uLongf size = packed.size();
  EXPECT_EQ(compress(reinterpret_cast<Bytef*>(packed.data()), &size,
                     reinterpret_cast<const Bytef*>(text.data()), text.size()),
            Z_OK);
  const std::string chunk = PngChunk("zTXt", std::string("Comment\0\0", 9) + packed.substr(0, size));
  std::string chunks;
  for (int i = 0; i < count; ++i) chunks += chunk;
  return EncodePng(SmoothImage(8, 8)).insert(33, chunks);
}

int64_t PeakMemory() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return int64_t{usage.ru_maxrss} << 10;
}

std::string HugeJpeg() {
  std::string jpeg = EncodeJpeg(SmoothImage(8, 8), 90);
  const size_t frame = jpeg.find("\xff\xc0");
  jpeg.replace(frame + 5, 4, "\x4e\x20\x4e\x20");
  return jpeg;
}

TEST(Decode, GreyAnd16BitPngBecomeRgb) {
  for (const bool sixteen_bits : {false, true}) {
    const Image image = DecodeImage(GreyPng(5, 4, sixteen_bits), "grey.png");
    ASSERT_EQ(image.pixels.size(), 60U);
    for (const uint8_t value : image.pixels) EXPECT_EQ(value, 0x81);
  }
}

TEST(Decode, CmykJpegBecomesRgbAsInPillow) {
  // Inverted inks: 255 is none. Pillow gives 200 * 128 / 255 = 100.
  const Image image = DecodeImage(CmykJpeg(16, 16, 200, 128), "cmyk.jpg");
  for (const uint8_t value : image.pixels) EXPECT_NEAR(value, 100, 2);
}

TEST(Decode, OrientationIsKeptOrApplied) {
  const Image upright = SmoothImage(48, 32);
  for (int orientation = 1; orientation <= 8; ++orientation) {
    // Stored so that applying the orientation gives the upright image: turning needs the inverse.
    const int inverse = orientation == 6 ? 8 : orientation == 8 ? 6 : orientation;
    const Image stored = ApplyOrientation(upright, inverse);
    const std::string jpeg = WithOrientation(EncodeJpeg(stored, 98), orientation);
    const Image kept = DecodeImage(jpeg, "x.jpg");
    EXPECT_EQ(kept.width, stored.width);
    const Image applied = DecodeImage(jpeg, "x.jpg", {.apply_exif_orientation = true});
    ASSERT_EQ(applied.width, upright.width) << orientation;
    for (size_t i = 0; i < upright.pixels.size(); ++i) {
      ASSERT_NEAR(applied.pixels[i], upright.pixels[i], 12) << orientation;
    }
  }
}

TEST(Decode, DamagedExifIsIgnored) {
  const std::string good("II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0", 26);
  EXPECT_EQ(ExifOrientation(good), 6);
  RandomStream random(1, "exif");
  for (int i = 0; i < 5000; ++i) {
    std::string damaged = good.substr(0, random.Below(good.size() + 1));
    if (!damaged.empty()) damaged[random.Below(damaged.size())] = static_cast<char>(random.Below(256));
    const int orientation = ExifOrientation(damaged);
    EXPECT_TRUE(orientation >= 1 && orientation <= 8);
  }
}

struct BadPhoto {
  const char* name;
  std::string bytes;
  std::string message;
};

std::vector<BadPhoto> BadPhotos() {
  const std::string jpeg = EncodeJpeg(SmoothImage(200, 100), 90);
  const std::string png = EncodePng(SmoothImage(200, 100));
  return {
      {"zero.jpg", "", "zero.jpg: the file is empty"},
      {"text.jpg", "<!doctype html>", "text.jpg: not a " + CodecNames() + " (starts with 0x3c21646f)"},
      {"cut.jpg", jpeg.substr(0, jpeg.size() / 2), "cut.jpg: truncated JPEG"},
      {"head.jpg", jpeg.substr(0, 30), "head.jpg: damaged JPEG"},
      {"two.jpg", jpeg.substr(0, 2), "two.jpg: damaged JPEG"},
      {"cut.png", png.substr(0, png.size() / 2), "cut.png: damaged PNG: the file ends before"},
      {"head.png", png.substr(0, 20), "head.png: damaged PNG"},
      {"crc.png", png.substr(0, png.size() - 30) + "xxxx" + png.substr(png.size() - 26),
       "crc.png: damaged PNG"},
      {"exif.png", png.substr(0, 33) + BigEndian(0x7fffffff) + "eXIf",
       "exif.png: damaged PNG: a chunk ends after"},
      {"huge.jpg", HugeJpeg(), "huge.jpg: 20000 x 20000 pixels are more than the 268435456 allowed"},
      {"huge.png", HugePng(), "huge.png: 20000 x 20000 pixels are more than the 268435456 allowed"},
  };
}

TEST(Decode, BadPhotosAreErrorsThatNameTheFileAndTheReason) {
  const vantage::testing::TemporaryFolder folder;
  for (const BadPhoto& photo : BadPhotos()) {
    WriteFile(folder / photo.name, photo.bytes);
    EXPECT_THAT(ErrorOf([&] { ReadImage(folder / photo.name); }), HasSubstr(photo.message));
  }
}

// A JPEG in scans of ever more detail, or of which each has one colour.
std::string JpegInScans(bool progressive) {
  const Image image = SmoothImage(200, 100);
  jpeg_compress_struct codec{};
  jpeg_error_mgr errors{};
  codec.err = jpeg_std_error(&errors);
  jpeg_create_compress(&codec);
  unsigned char* bytes = nullptr;
  unsigned long size = 0;  // NOLINT: libjpeg's type
  jpeg_mem_dest(&codec, &bytes, &size);
  codec.image_width = 200;
  codec.image_height = 100;
  codec.input_components = 3;
  codec.in_color_space = JCS_RGB;
  jpeg_set_defaults(&codec);
  std::array<jpeg_scan_info, 3> scans{};
  for (int c = 0; c < 3; ++c) scans[static_cast<size_t>(c)] = {1, {c}, 0, 63, 0, 0};
  if (progressive) {
    jpeg_simple_progression(&codec);
  } else {
    codec.scan_info = scans.data();
    codec.num_scans = 3;
  }
  jpeg_start_compress(&codec, TRUE);
  for (int y = 0; y < image.height; ++y) {
    auto* row = const_cast<JSAMPROW>(image.Row(y));
    jpeg_write_scanlines(&codec, &row, 1);
  }
  jpeg_finish_compress(&codec);
  jpeg_destroy_compress(&codec);
  std::string text(reinterpret_cast<char*>(bytes), size);
  std::free(bytes);
  return text;
}

TEST(Decode, AJpegWithoutItsEndMarkIsWhole) {
  for (const std::string& jpeg :
       {EncodeJpeg(SmoothImage(200, 100), 90), JpegInScans(true), JpegInScans(false)}) {
    const Image whole = DecodeImage(jpeg, "x.jpg");
    for (const size_t cut : {1, 2}) {
      EXPECT_EQ(DecodeImage(jpeg.substr(0, jpeg.size() - cut), "x.jpg").pixels, whole.pixels);
    }
  }
}

TEST(Decode, AJpegWithoutItsLastScanIsTruncated) {
  for (const bool progressive : {false, true}) {
    const std::string jpeg = JpegInScans(progressive);
    const std::string cut = jpeg.substr(0, jpeg.rfind("\xff\xda"));
    EXPECT_THAT(ErrorOf([&] { DecodeImage(cut, "x.jpg"); }), HasSubstr("x.jpg: truncated JPEG"));
  }
}

TEST(Decode, AJpegThatWasCutAndEndedIsTruncated) {
  const std::string jpeg = EncodeJpeg(SmoothImage(200, 100), 90);
  EXPECT_THAT(ErrorOf([&] { DecodeImage(jpeg.substr(0, jpeg.size() / 2) + "\xff\xd9", "x.jpg"); }),
              HasSubstr("x.jpg: truncated JPEG"));
}

TEST(Decode, AStrayByteBetweenSegmentsOfAJpegIsSkipped) {
  const std::string jpeg = EncodeJpeg(SmoothImage(200, 100), 90);
  EXPECT_EQ(DecodeImage(std::string(jpeg).insert(2, 1, '\0'), "x.jpg").pixels,
            DecodeImage(jpeg, "x.jpg").pixels);
}

TEST(Decode, APngIsWholeWithoutItsEndAndWithOddChunks) {
  const std::string png = EncodePng(SmoothImage(200, 100));
  const Image whole = DecodeImage(png, "x.png");
  const std::string odd = PngChunk("voId", "odd");
  for (const std::string& other :
       {png.substr(0, png.size() - 12), png.substr(0, png.size() - 5),
        png + "aCropalypse: bytes after the end", std::string(png).insert(33, odd),
        std::string(png).insert(png.size() - 12, odd),
        std::string(png).insert(png.size() - 12, BigEndian(0x7fffffff) + "voId")}) {
    EXPECT_EQ(DecodeImage(other, "x.png").pixels, whole.pixels);
  }
}

// The EXIF block of a photo that is to be turned clockwise.
std::string ExifTurned() { return {"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0", 26}; }

TEST(Decode, APngSaysItsOrientationBeforeOrAfterItsPixels) {
  const std::string png = EncodePng(SmoothImage(20, 10));
  for (const size_t at : {size_t{33}, png.size() - 12}) {
    const std::string turned = std::string(png).insert(at, PngChunk("eXIf", ExifTurned()));
    EXPECT_EQ(DecodeImage(turned, "x.png", {.apply_exif_orientation = true}).width, 10);
    EXPECT_EQ(DecodeImage(turned, "x.png").width, 20);
  }
}

TEST(Decode, AnotherFormatIsNamed) {
  EXPECT_THAT(ErrorOf([] { DecodeImage(std::string("\0\0\0\x0CjP  ", 8), "x.jp2"); }),
              HasSubstr("x.jp2: this build does not read JPEG 2000; it reads JPEG, "));
}

struct Hostile {
  std::string name;
  std::string bytes;
  std::string message;
};

// Files of formats that vantage decodes itself, and headers that are not those of images.
std::vector<Hostile> HostilePhotos() {
  const auto bmp = [](uint32_t width, uint32_t height, char bits, char compression, const std::string& rows) {
    const auto little = [](uint32_t number) {
      const std::string big = BigEndian(number);
      return std::string(big.rbegin(), big.rend());
    };
    return std::string("BM\0\0\0\0\0\0\0\0\0\0\0\0\x28\0\0\0", 18) + little(width) + little(height) +
           std::string("\1\0", 2) + bits + std::string(1, '\0') + compression + std::string(23, '\0') + rows;
  };
  const std::string gif("GIF89a\4\0\4\0\x80\0\0\0\0\0\xff\xff\xff", 19);
  const auto frame = [&](const std::string& box, const std::string& data) {
    return gif + "," + box + std::string(1, '\0') + data;
  };
  const std::string box("\0\0\0\0\4\0\4\0", 8);
  const std::string huge("\0\0\0\0\xff\xff\xff\xff", 8);
  return {
      {"no pixels.ppm", "P6 0 5 255 ", "an image of 0 x 5 pixels"},
      {"huge.ppm", "P6 30000 30000 255 x", "are more than the 268435456 allowed"},
      {"bomb.ppm", "P6 10000 10000 255 x", "cannot hold"},
      {"long.ppm", "P6 99999999999 1 255 x", "damaged PNM"},
      {"deep.ppm", "P6 1 1 65536 xxxxxx", "damaged PNM: values up to 65536"},
      {"cut.ppm", "P6 2 2 255 xxxxxxxxxxx", "truncated PNM"},
      {"words.ppm", "P3 1 1 255 a b c", "damaged PNM: 'a' is not a number"},
      {"cut text.ppm", "P3 2 1 255 1 2 3 4", "truncated PNM"},
      {"no pixels.bmp", bmp(0, 1, 24, 0, "xxxx"), "an image of 0 x 1 pixels"},
      {"negative.bmp", bmp(0xffffffff, 1, 24, 0, "xxxx"), "damaged BMP: -1 x 1"},
      {"lowest.bmp", bmp(1, 0x80000000, 24, 0, "xxxx"), "damaged BMP"},
      {"huge.bmp", bmp(30000, 30000, 1, 0, "xxxx"), "are more than the 268435456 allowed"},
      {"bomb.bmp", bmp(10000, 10000, 1, 0, "xxxx"), "cannot hold"},
      {"runs.bmp", bmp(10000, 10000, 8, 1, std::string("\0\1", 2)), "cannot hold"},
      {"odd.bmp", bmp(1, 1, 7, 0, "xxxx"),
       "a BMP of 7 bits per pixel in the compression 0, which is not read"},
      {"jpeg.bmp", bmp(1, 1, 24, 4, "xxxx"), "in the compression 4, which is not read"},
      {"cut.bmp", bmp(5, 5, 24, 0, "xxxx"), "truncated BMP"},
      {"cut runs.bmp", bmp(4, 2, 8, 1, std::string(1024, 'x') + "\4"), "truncated BMP"},
      {"no frame.gif", gif + ";", "a GIF without a frame"},
      {"cut.gif", gif, "before its first frame"},
      {"bomb.gif", frame(huge, "\2"), "are more than the 268435456 allowed"},
      {"empty.gif", frame(std::string(8, '\0'), "\2"), "a GIF whose first frame is empty"},
      {"cut data.gif", frame(box, "\2"), "its data end after 0 of 16 pixels"},
      {"wide.gif", frame(box, "\x0c"), "damaged GIF: codes of 12 bits"},
      {"code.gif", frame(box, "\2\1\xff"), "damaged GIF: a code that stands for nothing"},
  };
}

TEST(Decode, HostilePhotosAreErrorsThatSayWhy) {
  for (const Hostile& photo : HostilePhotos())
    EXPECT_THAT(ErrorOf([&] { DecodeImage(photo.bytes, photo.name); }), HasSubstr(photo.name + ": "));
  for (const Hostile& photo : HostilePhotos())
    EXPECT_THAT(ErrorOf([&] { DecodeImage(photo.bytes, photo.name); }), HasSubstr(photo.message))
        << photo.name;
}

TEST(Decode, PnmOfAnyKindBecomesRgb) {
  const auto first = [](const std::string& bytes) {
    const Image image = DecodeImage(bytes, "x.pnm");
    return std::vector<int>(image.pixels.begin(), image.pixels.begin() + 3);
  };
  using ::testing::ElementsAre;
  EXPECT_THAT(first("P1 # a bitmap\n2 1\n01"), ElementsAre(255, 255, 255));
  EXPECT_THAT(first("P4 2 1 \x80"), ElementsAre(0, 0, 0));
  EXPECT_THAT(first("P2 1 1 3 # of 3\n 1"), ElementsAre(85, 85, 85));
  EXPECT_THAT(first("P3 1 1 255 1 2 300"), ElementsAre(1, 2, 255));
  EXPECT_THAT(first("P5 1 1 65535 \x80\xff"), ElementsAre(128, 128, 128));
  EXPECT_THAT(first("P6 1 1 255\nabc and more"), ElementsAre('a', 'b', 'c'));
}

TEST(Decode, BmpRunsAndMasks) {
  // 3 x 2 pixels by runs of palette indices: two of colour 1, the end of the row, three as they are, the end.
  std::string runs("BM\0\0\0\0\0\0\0\0\0\0\0\0\x28\0\0\0\3\0\0\0\2\0\0\0\1\0\x08\0\1\0\0\0", 34);
  runs += std::string(12, '\0') + std::string("\2\0\0\0\0\0\0\0", 8) + std::string("\1\2\3\0\4\5\6\0", 8) +
          std::string("\2\1\0\0\0\3\0\1\0\0\0\1", 12);
  const Image image = DecodeImage(runs, "runs.bmp");
  EXPECT_THAT(image.pixels, ::testing::ElementsAre(3, 2, 1, 6, 5, 4, 3, 2, 1, 6, 5, 4, 6, 5, 4, 3, 2, 1));
  // A pixel of 16 bits with masks of 5, 6 and 5.
  std::string masks("BM\0\0\0\0\0\0\0\0\0\0\0\0\x28\0\0\0\1\0\0\0\xff\xff\xff\xff\1\0\x10\0\3\0\0\0", 34);
  masks += std::string(20, '\0') + std::string("\0\xf8\0\0\xe0\x07\0\0\x1f\0\0\0\xe0\xff\0\0", 16);
  EXPECT_THAT(DecodeImage(masks, "masks.bmp").pixels, ::testing::ElementsAre(255, 255, 0));
}

#ifdef VANTAGE_WITH_TIFF
TEST(Decode, ARawPhotoIsNotTakenForItsPreview) {
  const auto entry = [](int tag, int type, int value) {
    return std::string{static_cast<char>(tag),
                       static_cast<char>(tag >> 8),
                       static_cast<char>(type),
                       '\0',
                       '\1',
                       '\0',
                       '\0',
                       '\0',
                       static_cast<char>(value),
                       '\0',
                       '\0',
                       '\0'};
  };
  const std::string size = entry(256, 4, 1) + entry(257, 4, 1) + entry(273, 4, 8) + entry(279, 4, 3);
  const std::string preview =
      std::string("II*\0\x08\0\0\0\6\0", 10) + entry(254, 4, 1) + size + entry(330, 4, 8);
  const std::string dng =
      std::string("II*\0\x08\0\0\0\5\0", 10) + size + std::string("\x12\xc6\1\0\4\0\0\0\1\4\0\0", 12);
  for (const std::string& raw : {preview, dng})
    EXPECT_THAT(ErrorOf([&] { DecodeImage(raw + std::string(4, '\0'), "a.tif"); }),
                HasSubstr("a camera's raw photo"));
}
#endif

TEST(Decode, HugeHeaderOnASmallFileIsFoundBeforeMemoryIsTaken) {
  DecodeOptions options;
  options.max_pixels = int64_t{1} << 40;
  EXPECT_THAT(ErrorOf([&] { DecodeImage(HugeJpeg(), "huge.jpg", options); }), HasSubstr("cannot hold"));
  EXPECT_THAT(ErrorOf([&] { DecodeImage(HugePng(), "huge.png", options); }), HasSubstr("cannot hold"));
}

TEST(Decode, WidePngOfDeepPixelsIsFoundBeforeItsRowsAreTaken) {
  // 64 bits a pixel: libpng would take 32 bytes of rows for each.
  const std::string png = PngWithHeader(500'000, 1, 16, 6);
  EXPECT_THAT(ErrorOf([&] { DecodeImage(png, "wide.png"); }),
              HasSubstr("wide.png: the header says 500000 x 1"));
}

TEST(Decode, CompressedTextsOfPngsAreNotKept) {
  const std::string png = PngWithTexts(60);
  const int64_t before = PeakMemory();
  EXPECT_EQ(DecodeImage(png, "x.png").pixels, SmoothImage(8, 8).pixels);
  // In memory they would take 474 MB.
  EXPECT_LT(PeakMemory() - before, 100 << 20);
}

TEST(ReadImageHeader, TellsSizeAndOrientationWithoutDecoding) {
  const vantage::testing::TemporaryFolder folder;
  WriteFile(folder / "a.jpg", WithOrientation(EncodeJpeg(SmoothImage(30, 20), 90), 6));
  const ImageHeader header = ReadImageHeader(folder / "a.jpg");
  EXPECT_EQ(header.width, 30);
  EXPECT_EQ(header.height, 20);
  EXPECT_EQ(header.exif_orientation, 6);
}

TEST(ReadImageHeader, TellsColourAlphaAndDepth) {
  const vantage::testing::TemporaryFolder folder;
  const auto header_of = [&](const std::string& bytes) {
    WriteFile(folder / "photo", bytes);
    return ReadImageHeader(folder / "photo");
  };
  EXPECT_EQ(header_of(EncodeJpeg(SmoothImage(8, 8), 90)).color, ImageColor::kRgb);
  EXPECT_EQ(header_of(CmykJpeg(16, 16, 200, 128)).color, ImageColor::kInks);
  EXPECT_EQ(header_of(GreyPng(5, 4, false)).color, ImageColor::kGrey);
  EXPECT_EQ(header_of(GreyPng(5, 4, false)).bit_depth, 8);
  EXPECT_EQ(header_of(GreyPng(5, 4, true)).bit_depth, 16);
  const ImageHeader deep = header_of(PngWithHeader(8, 8, 16, 6));
  EXPECT_EQ(deep.color, ImageColor::kRgb);
  EXPECT_TRUE(deep.has_alpha);
  EXPECT_EQ(deep.bit_depth, 16);
  const std::string palette = PngWithHeader(8, 8, 4, 3);
  const std::string colors = PngChunk("PLTE", "abcdef");
  EXPECT_EQ(header_of(std::string(palette).insert(33, colors)).color, ImageColor::kPalette);
  EXPECT_FALSE(header_of(std::string(palette).insert(33, colors)).has_alpha);
  EXPECT_TRUE(header_of(std::string(palette).insert(33, colors + PngChunk("tRNS", "a"))).has_alpha);
}

TEST(FastDecode, KeepsEnoughPixelsAndTheLook) {
  Image image = MakeImage(800, 600);
  for (int y = 0; y < image.height; ++y) {
    for (int x = 0; x < image.width; ++x) {
      image.Row(y)[3 * x] = static_cast<uint8_t>(128 + 100 * std::sin(x / 40.0));
      image.Row(y)[3 * x + 1] = static_cast<uint8_t>(128 + 100 * std::cos(y / 30.0));
    }
  }
  const std::string bytes = EncodeJpeg(image, 95);
  for (const auto& [enough, width] : std::vector<std::pair<int, int>>{{0, 800},
                                                                      {1000, 800},
                                                                      {800, 800},
                                                                      {401, 800},
                                                                      {400, 400},
                                                                      {200, 200},
                                                                      {101, 200},
                                                                      {100, 100},
                                                                      {1, 100}}) {
    DecodeOptions options;
    options.enough_pixels = enough;
    const Image decoded = DecodeImage(bytes, "photo", options);
    EXPECT_EQ(decoded.width, width) << enough;
    EXPECT_EQ(decoded.height, width * 3 / 4) << enough;
    const Image expected = Resize(image, decoded.width, decoded.height, Interpolation::kLanczos);
    int largest = 0;
    for (size_t i = 0; i < expected.pixels.size(); ++i)
      largest = std::max(largest, std::abs(int{decoded.pixels[i]} - int{expected.pixels[i]}));
    EXPECT_LE(largest, 16) << enough;
  }
}

}  // namespace
}  // namespace vantage::image

// SPDX-License-Identifier: BSD-3-Clause
// Tests of every row of the table of codecs. A row without an encoder (testing/photo_encoders.h) needs a
// sample of SmoothImage(320, 240): samples/NAME next to this file, with NAME as in the table.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <malloc.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "image/codecs/codec.h"
#include "image/smooth_image.h"
#include "testing/files.h"
#include "testing/photo_encoders.h"
#include "util/file.h"
#include "util/random.h"
#include "util/string.h"
#include "vantage/error.h"
#include "vantage/image.h"
#include "vantage/photos.h"
#include "vantage/preprocessing.h"

namespace vantage::image {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsSupersetOf;
using ::testing::StartsWith;
using vantage::testing::EncoderOf;
using vantage::testing::ErrorOf;
using vantage::testing::PhotoEncoder;
using vantage::testing::TemporaryFolder;

constexpr int kWidth = 320;
constexpr int kHeight = 240;

// A format of one colour a photo, which this program registers: "TINY", width and height in one byte each,
// and the colour.
Codec TinyCodec() {
  Codec codec{.name = "Tiny", .extensions = {".tiny"}};
  codec.matches = [](std::string_view head) { return head.starts_with("TINY"); };
  codec.read_header = [](std::string_view bytes, const std::string& source) {
    if (bytes.size() < 9) throw Error(source + ": damaged Tiny");
    const auto byte = [&](size_t at) { return static_cast<unsigned char>(bytes[at]); };
    return CodecHeader{.image = {.width = byte(4), .height = byte(5)}, .pixels_per_byte = 1 << 13};
  };
  codec.decode = [](std::string_view bytes, const std::string&, int) {
    Image image = MakeImage(static_cast<unsigned char>(bytes[4]), static_cast<unsigned char>(bytes[5]));
    for (size_t i = 0; i < image.pixels.size(); ++i) image.pixels[i] = static_cast<uint8_t>(bytes[6 + i % 3]);
    return image;
  };
  return codec;
}

const bool kTinyIsRegistered = (RegisterCodec(TinyCodec()), true);

std::string SampleOf(const Codec& codec) {
  const PhotoEncoder encoder = EncoderOf(codec);
  if (encoder.encode != nullptr) return encoder.encode(SmoothImage(kWidth, kHeight));
  const std::filesystem::path sample = std::filesystem::path(VANTAGE_IMAGE_SAMPLES) / codec.name;
  EXPECT_TRUE(std::filesystem::exists(sample)) << sample << ": needed, since there is no encoder";
  return ReadFile(sample);
}

int64_t KilobytesOf(const std::string& field) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with(field)) return std::atoll(line.c_str() + field.size());
  }
  return 0;
}

// Growth of memory in bytes above that at the start, while another process does the work.
int64_t PeakGrowth(const std::function<void()>& work) {
  int ends[2];
  if (::pipe(ends) != 0) return -1;
  const pid_t child = ::fork();
  if (child == 0) {
    ::malloc_trim(0);                               // otherwise memory freed before would be used
    std::ofstream("/proc/self/clear_refs") << "5";  // resets the peak to the current memory
    const int64_t before = KilobytesOf("VmRSS:");
    work();
    const int64_t growth = (KilobytesOf("VmHWM:") - before) << 10;
    ::_exit(::write(ends[1], &growth, sizeof(growth)) == sizeof(growth) ? 0 : 1);
  }
  ::close(ends[1]);
  int64_t growth = -1;
  const ssize_t size = ::read(ends[0], &growth, sizeof(growth));
  ::close(ends[0]);
  ::waitpid(child, nullptr, 0);
  return size == sizeof(growth) ? growth : -1;
}

// An image, or an error that names the file.
void DecodeOrFail(const std::string& bytes, const DecodeOptions& options = {}) {
  try {
    DecodeImage(bytes, "the-file", options);
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), StartsWith("the-file: "));
  }
}

class EveryCodec : public ::testing::TestWithParam<std::string> {
 protected:
  const Codec& codec_ = *std::find_if(Codecs().begin(), Codecs().end(),
                                      [](const Codec& codec) { return codec.name == GetParam(); });
  const PhotoEncoder encoder_ = EncoderOf(codec_);
  const std::string bytes_ = SampleOf(codec_);
};

TEST_P(EveryCodec, SaysAllThatIsNeeded) {
  EXPECT_NE(codec_.matches, nullptr);
  EXPECT_NE(codec_.read_header, nullptr);
  EXPECT_NE(codec_.decode, nullptr);
  EXPECT_GT(codec_.bytes_per_pixel, 0);
  ASSERT_FALSE(codec_.extensions.empty());
  EXPECT_THAT(PhotoExtensions(), IsSupersetOf(codec_.extensions));
  for (const std::string& extension : codec_.extensions) {
    EXPECT_THAT(extension, StartsWith("."));
    EXPECT_EQ(extension, ToLower(extension));
    EXPECT_EQ(std::count(PhotoExtensions().begin(), PhotoExtensions().end(), extension), 1) << extension;
  }
}

TEST_P(EveryCodec, KnowsItsOwnFilesAlone) {
  EXPECT_EQ(FindCodec(bytes_), &codec_);
  for (const Codec& other : Codecs()) {
    EXPECT_EQ(other.matches(bytes_.substr(0, Codec::kHeadSize)), &other == &codec_) << other.name;
  }
  for (size_t size = 0; size < Codec::kHeadSize; ++size) codec_.matches(bytes_.substr(0, size));
  for (const std::string& other :
       {std::string(), std::string(Codec::kHeadSize, '\0'), std::string(Codec::kHeadSize, ' ')})
    EXPECT_FALSE(codec_.matches(other));
}

TEST_P(EveryCodec, IsNamedWherePhotosAreRefused) {
  EXPECT_THAT(ErrorOf([] { DecodeImage("<!doctype html>", "page.jpg"); }),
              HasSubstr(std::string(codec_.name)));
}

TEST_P(EveryCodec, IsFoundInFoldersByEndingAndByContent) {
  const TemporaryFolder folder;
  WriteFile(folder / "content", bytes_);
  EXPECT_THAT(WalkPhotos(folder.path()).photos, ElementsAre("content"));
  EXPECT_EQ(ReadImage(folder / "content").width, kWidth);
  for (const std::string& extension : codec_.extensions) {
    const TemporaryFolder other;
    std::string upper = extension;
    std::transform(upper.begin(), upper.end(), upper.begin(),
                   [](unsigned char c) { return std::toupper(c); });
    WriteFile(other / ("a.v1" + extension), "");
    WriteFile(other / ("b" + upper), "");
    EXPECT_THAT(WalkPhotos(other.path()).photos, ElementsAre("a.v1" + extension, "b" + upper));
    EXPECT_EQ(WithoutPhotoEnding("x/b" + upper), "x/b");
    EXPECT_EQ(PhotoPath("a.v1", other.path()), other / ("a.v1" + extension));
  }
}

TEST_P(EveryCodec, ReadsBackWhatItWrites) {
  for (const auto& [width, height] : {std::pair(kWidth, kHeight), {61, 47}, {1, 1}, {1, 9}, {17, 1}}) {
    const Image image = SmoothImage(width, height);
    if (encoder_.encode == nullptr && width != kWidth) continue;
    const std::string bytes = encoder_.encode != nullptr ? encoder_.encode(image) : bytes_;
    const Image decoded = DecodeImage(bytes, "x");
    ASSERT_EQ(decoded.width, width);
    ASSERT_EQ(decoded.height, height);
    CheckImage(decoded);
    int largest = 0;
    for (size_t i = 0; i < image.pixels.size(); ++i)
      largest = std::max(largest, std::abs(image.pixels[i] - decoded.pixels[i]));
    EXPECT_LE(largest, encoder_.is_exact ? 0 : 12);
    EXPECT_TRUE(encoder_.encode == nullptr || encoder_.encode(image) == bytes);
  }
}

TEST_P(EveryCodec, TheHeaderSaysWhatDecodingGives) {
  const TemporaryFolder folder;
  WriteFile(folder / "photo", bytes_);
  const ImageHeader header = ReadImageHeader(folder / "photo");
  EXPECT_EQ(header.format, codec_.name);
  EXPECT_EQ(header.width, kWidth);
  EXPECT_EQ(header.height, kHeight);
  EXPECT_EQ(header.exif_orientation, 1);
  EXPECT_FALSE(header.has_alpha);
  EXPECT_EQ(header.bit_depth, 8);
  const Image applied = ReadImage(folder / "photo", {.apply_exif_orientation = true});
  EXPECT_EQ(applied.pixels, ReadImage(folder / "photo").pixels);
}

TEST_P(EveryCodec, IsDecodedSmallOnlyIfItSaysSo) {
  const Image full = DecodeImage(bytes_, "x");
  for (const int enough : {1, 40, 79, 80, 81, 160, 320, 1000}) {
    const Image decoded = DecodeImage(bytes_, "x", {.enough_pixels = enough});
    CheckImage(decoded);
    EXPECT_GE(decoded.width, std::min(enough, kWidth));
    EXPECT_LE(decoded.width, kWidth);
    EXPECT_NEAR(static_cast<double>(decoded.height) * kWidth / kHeight, decoded.width, 2);
    if (!codec_.decodes_small) {
      EXPECT_EQ(decoded.pixels, full.pixels);
      continue;
    }
    EXPECT_TRUE(enough != 80 || decoded.width < kWidth);
    const Image expected = Resize(full, decoded.width, decoded.height, Interpolation::kLanczos);
    int largest = 0;
    for (size_t i = 0; i < expected.pixels.size(); ++i)
      largest = std::max(largest, std::abs(decoded.pixels[i] - expected.pixels[i]));
    EXPECT_LE(largest, 16) << enough;
  }
}

// If only an end mark is missing, the image is complete.
TEST_P(EveryCodec, ACutFileIsAnErrorIfPixelsAreMissing) {
  const Image whole = DecodeImage(bytes_, "the-file");
  std::set<size_t> sizes;
  for (size_t size = 0; size < bytes_.size(); size += 1 + bytes_.size() / 100) sizes.insert(size);
  for (size_t i = 1; i <= 20; ++i) {
    sizes.insert(i);
    sizes.insert(bytes_.size() - i);
  }
  for (const size_t size : sizes) {
    try {
      EXPECT_EQ(DecodeImage(bytes_.substr(0, size), "the-file").pixels, whole.pixels)
          << size << " of " << bytes_.size();
    } catch (const Error& error) {
      EXPECT_THAT(error.what(), StartsWith("the-file: ")) << size << " of " << bytes_.size();
    }
  }
  EXPECT_NE(ErrorOf([&] { DecodeImage(bytes_.substr(0, bytes_.size() * 9 / 10), "the-file"); }), "");
}

TEST_P(EveryCodec, BytesAfterTheEndAreIgnored) {
  const Image whole = DecodeImage(bytes_, "the-file");
  for (const std::string& more :
       {std::string("trailing-garbage-data-0123456789"), std::string(64, '\0'), bytes_})
    EXPECT_EQ(DecodeImage(bytes_ + more, "the-file").pixels, whole.pixels);
}

TEST_P(EveryCodec, ADamagedFileIsAnImageOrAnError) {
  RandomStream random(1, "photos");
  const std::string small = encoder_.encode != nullptr ? encoder_.encode(SmoothImage(64, 64)) : bytes_;
  for (int i = 0; i < 1000; ++i) {
    std::string damaged = small;
    for (int flips = 0; flips < 3; ++flips)
      damaged[random.Below(damaged.size())] = static_cast<char>(random.Below(256));
    DecodeOrFail(damaged, {.max_pixels = 1 << 20});
  }
}

TEST_P(EveryCodec, ALargerPhotoThanAllowedIsAnError) {
  EXPECT_EQ(DecodeImage(bytes_, "x", {.max_pixels = kWidth * kHeight}).width, kWidth);
  EXPECT_THAT(ErrorOf([&] { DecodeImage(bytes_, "x", {.max_pixels = kWidth * kHeight - 1}); }),
              HasSubstr("320 x 240 pixels are more than the 76799 allowed"));
}

TEST_P(EveryCodec, AnEmptyPhotoIsNotTakenForHostile) {
  if (encoder_.encode == nullptr) GTEST_SKIP() << "no encoder";
  const int side = 2000;
  EXPECT_EQ(DecodeImage(encoder_.encode(MakeImage(side, side)), "x").width, side);
}

TEST_P(EveryCodec, AHeaderThatTheFileCannotHoldIsFoundFirst) {
  if (encoder_.encode == nullptr) GTEST_SKIP() << "no encoder";
  const int64_t pixels = 2000 * 2000;
  const std::string bytes = encoder_.encode(SmoothImage(2000, 2000));
  const int64_t per_byte = codec_.read_header(bytes, "x").pixels_per_byte;
  const std::string cut = bytes.substr(0, static_cast<size_t>(pixels / per_byte / 2));
  try {
    codec_.read_header(cut, "x");
  } catch (const Error&) {
    GTEST_SKIP() << "the header takes more bytes";
  }
  EXPECT_THAT(ErrorOf([&] { DecodeImage(cut, "x"); }), HasSubstr("cannot hold"));
}

TEST_P(EveryCodec, DecodingTakesNoMoreMemoryThanItSays) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "sanitizers keep freed memory";
#endif
  if (encoder_.encode == nullptr) GTEST_SKIP() << "no encoder";
  const int64_t pixels = 2000 * 1500;
  const std::string bytes = encoder_.encode(SmoothImage(2000, 1500));
  const int64_t growth = PeakGrowth([&] { DecodeImage(bytes, "x"); });
  EXPECT_GE(growth, 3 * pixels / 2);  // the measure works
  EXPECT_LE(growth, codec_.fixed_bytes + codec_.bytes_per_pixel * pixels);
}

TEST_P(EveryCodec, AHostileHeaderTakesNoMoreMemoryThanAllowed) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "sanitizers keep freed memory";
#endif
  if (!codec_.limits_hostile_files) GTEST_SKIP() << "the library cannot be limited";
  constexpr int64_t kMaxPixels = 1 << 20;
  const int64_t growth = PeakGrowth([&] {
    for (const char value : {'\0', '\x09', '\x39', '\x7f', '\xff'}) {
      for (const size_t run : {1, 2, 4, 8}) {
        for (size_t at = 0; at < std::min<size_t>(bytes_.size() - run, 800); ++at) {
          DecodeOrFail(std::string(bytes_).replace(at, run, run, value), {.max_pixels = kMaxPixels});
        }
      }
    }
  });
  EXPECT_GE(growth, 0) << "the process died";
  EXPECT_LE(growth, codec_.fixed_bytes + codec_.bytes_per_pixel * kMaxPixels);
}

std::vector<std::string> AllCodecNames() {
  std::vector<std::string> names;
  for (const Codec& codec : Codecs()) {
    if (codec.name != "Tiny") names.push_back(codec.name);
  }
  return names;
}

INSTANTIATE_TEST_SUITE_P(Table, EveryCodec, ::testing::ValuesIn(AllCodecNames()), [](const auto& codec) {
  std::string name = codec.param;
  std::erase_if(name, [](unsigned char c) { return std::isalnum(c) == 0; });
  return name;
});

TEST(Codecs, AreNamedInSentences) {
  const auto named = [](const std::vector<std::string>& names) {
    std::vector<Codec> codecs;
    for (const std::string& name : names) codecs.push_back({.name = name});
    return CodecNames(codecs);
  };
  EXPECT_EQ(named({"JPEG"}), "JPEG");
  EXPECT_EQ(named({"JPEG", "PNG"}), "JPEG or PNG");
  EXPECT_EQ(named({"JPEG", "PNG", "PPM"}), "JPEG, PNG or PPM");
}

TEST(RegisterCodec, AddsAFormatBeforePhotosAreRead) {
  EXPECT_TRUE(kTinyIsRegistered);
  const TemporaryFolder folder;
  WriteFile(folder / "a.TINY", "");
  WriteFile(folder / "b", std::string("TINY\x02\x03\x09\x08\x07", 9));
  EXPECT_THAT(WalkPhotos(folder.path()).photos, ElementsAre("a.TINY", "b"));
  const Image image = ReadImage(folder / "b");
  EXPECT_EQ(image.width, 2);
  EXPECT_EQ(image.pixels[4], 8);
  EXPECT_EQ(ReadImageHeader(folder / "b").format, "Tiny");
  EXPECT_THAT(CodecNames(), HasSubstr(" or Tiny"));
}

TEST(RegisterCodec, RefusesWhatCannotBeUsed) {
  EXPECT_THAT(ErrorOf([] { RegisterCodec(TinyCodec()); }), HasSubstr("a photo format 'Tiny' already"));
  Codec codec = TinyCodec();
  codec.name = "Late";
  EXPECT_THAT(ErrorOf([&] { RegisterCodec(codec); }), HasSubstr("'Late' comes too late"));
  codec.decode = nullptr;
  EXPECT_THAT(ErrorOf([&] { RegisterCodec(codec); }), HasSubstr("needs a name, an extension"));
}

// A format that may be decoded upright or not: its one pixel row is red, green.
Codec TurnedCodec(bool is_upright) {
  Codec codec{.name = "turned", .matches = [](std::string_view) { return true; }};
  codec.read_header = is_upright ? [](std::string_view, const std::string&) {
    return CodecHeader{{.width = 2, .height = 1, .exif_orientation = 6, .is_upright = true}};
  } : [](std::string_view, const std::string&) {
    return CodecHeader{{.width = 2, .height = 1, .exif_orientation = 6}};
  };
  codec.decode = [](std::string_view, const std::string&, int) {
    return Image{2, 1, {255, 0, 0, 0, 255, 0}};
  };
  return codec;
}

TEST(DecodeWith, TurnsAPhotoOnceWhoeverTurnsIt) {
  for (const bool is_upright : {false, true}) {
    const Codec codec = TurnedCodec(is_upright);
    for (const bool apply : {false, true}) {
      const Image image = DecodeWith(codec, "bytes", "x", {.apply_exif_orientation = apply});
      const ImageSize said = DecodedSize(codec.read_header("bytes", "x").image, apply);
      EXPECT_EQ(image.width, apply && !is_upright ? 1 : 2);
      EXPECT_EQ(image.width, said.width);
      EXPECT_EQ(image.height, said.height);
    }
  }
}

}  // namespace
}  // namespace vantage::image

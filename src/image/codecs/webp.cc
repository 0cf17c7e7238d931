// SPDX-License-Identifier: BSD-3-Clause
#include <webp/decode.h>

#include <algorithm>
#include <array>
#include <new>

#include "image/codecs/bytes.h"
#include "image/codecs/codec.h"
#include "image/codecs/exif.h"
#include "util/check.h"
#include "util/index.h"

// The first frame of a WebP file (RFC 9649), a RIFF file of chunks.
namespace vantage {
namespace {

using image::LittleEndian;
using image::Part;

// A lossless frame of one colour takes no bits for its pixels.
constexpr int64_t kPixelsPerByte = int64_t{1} << 28;

struct Webp {
  int width = 0;
  int height = 0;
  int left = 0;  // of the frame, which is smaller than the image only in an animation
  int top = 0;
  int frame_width = 0;
  int frame_height = 0;
  bool has_alpha = false;
  std::string_view frame;  // its chunks, as libwebp decodes them
  std::string_view exif;
};

// Calls use(name, offset) for each chunk until it returns true: the offset is that of its eight bytes of
// header.
template <typename Use>
void ForEachChunk(std::string_view bytes, uint64_t at, const Use& use) {
  while (at + 8 <= bytes.size() && !use(bytes.substr(at, 4), at)) {
    const uint64_t length = LittleEndian(bytes, at + 4, 4);
    at += 8 + length + length % 2;
  }
}

// The chunks of the first frame at or after the offset: alpha, if there is any, and colours.
std::string_view FrameChunks(std::string_view bytes, uint64_t at) {
  uint64_t begin = bytes.size();
  uint64_t end = bytes.size();
  ForEachChunk(bytes, at, [&](std::string_view name, uint64_t chunk) {
    if (name != "ALPH" && name != "VP8 " && name != "VP8L") return false;
    begin = std::min(begin, chunk);
    end = chunk + 8 + LittleEndian(bytes, chunk + 4, 4);
    return name != "ALPH";
  });
  return Part(bytes, begin, end - begin);
}

const char* Reason(VP8StatusCode status) {
  switch (status) {
    case VP8_STATUS_NOT_ENOUGH_DATA:
      return "the file ends before the image does";
    case VP8_STATUS_UNSUPPORTED_FEATURE:
      return "a feature that libwebp does not know";
    default:
      return "libwebp cannot decode it";
  }
}

Webp ReadWebp(std::string_view bytes, const std::string& source) {
  constexpr uint64_t kFirstChunk = 12;
  Webp webp;
  uint64_t frame = kFirstChunk;
  ForEachChunk(bytes, kFirstChunk, [&](std::string_view name, uint64_t chunk) {
    const uint64_t content = chunk + 8;
    const auto number = [&](uint64_t at) { return static_cast<int>(LittleEndian(bytes, content + at, 3)); };
    if (name == "VP8X") {
      webp.has_alpha = (LittleEndian(bytes, content, 1) & 0x10) != 0;
      webp.width = number(4) + 1;
      webp.height = number(7) + 1;
    } else if (name == "ANMF" && frame == kFirstChunk) {
      webp.left = 2 * number(0);
      webp.top = 2 * number(3);
      frame = content + 16;
    } else if (name == "EXIF") {
      webp.exif = Part(bytes, content, LittleEndian(bytes, chunk + 4, 4));
    }
    return false;
  });
  webp.frame = FrameChunks(bytes, frame);
  WebPBitstreamFeatures features{};
  const VP8StatusCode status =
      WebPGetFeatures(reinterpret_cast<const uint8_t*>(webp.frame.data()), webp.frame.size(), &features);
  VANTAGE_CHECK(status == VP8_STATUS_OK, source, ": damaged WebP: ", Reason(status));
  webp.frame_width = features.width;
  webp.frame_height = features.height;
  if (frame == kFirstChunk) {
    webp.width = features.width;
    webp.height = features.height;
  }
  webp.has_alpha = webp.has_alpha || features.has_alpha != 0;
  VANTAGE_CHECK(webp.left + webp.frame_width <= webp.width && webp.top + webp.frame_height <= webp.height,
                source, ": damaged WebP: its first frame is outside the image");
  return webp;
}

CodecHeader ReadWebpHeader(std::string_view bytes, const std::string& source) {
  const Webp webp = ReadWebp(bytes, source);
  return {.image = {.width = webp.width,
                    .height = webp.height,
                    .exif_orientation = image::ExifOrientation(webp.exif),
                    .has_alpha = webp.has_alpha},
          .pixels_per_byte = kPixelsPerByte,
          .position = image::ExifPosition(webp.exif)};
}

Image DecodeWebp(std::string_view bytes, const std::string& source, int /*enough_pixels*/) {
  const Webp webp = ReadWebp(bytes, source);
  Image image = MakeImage(webp.width, webp.height);
  uint8_t* pixels = image.Row(webp.top) + 3 * webp.left;
  const size_t size = image.pixels.size() - ToIndex(pixels - image.pixels.data());
  WebPDecoderConfig config;
  VANTAGE_CHECK(WebPInitDecoderConfig(&config) != 0, "libwebp is of another version than its headers");
  config.output.colorspace = MODE_RGB;
  config.output.is_external_memory = 1;
  config.output.u.RGBA = {pixels, 3 * image.width, size};
  const VP8StatusCode status =
      WebPDecode(reinterpret_cast<const uint8_t*>(webp.frame.data()), webp.frame.size(), &config);
  if (status == VP8_STATUS_OUT_OF_MEMORY) throw std::bad_alloc();
  VANTAGE_CHECK(status == VP8_STATUS_OK, source, ": damaged WebP: ", Reason(status));
  return image;
}

}  // namespace

namespace image {

Codec WebpCodec() {
  return {
      .name = "WebP",
      .extensions = {".webp"},
      .matches = [](std::string_view head) { return head.starts_with("RIFF") && Part(head, 8, 4) == "WEBP"; },
      .read_header = ReadWebpHeader,
      .decode = DecodeWebp};
}

}  // namespace image
}  // namespace vantage

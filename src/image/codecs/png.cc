// SPDX-License-Identifier: BSD-3-Clause
#include <png.h>

#include <algorithm>
#include <csetjmp>
#include <cstdio>
#include <cstring>
#include <new>

#include "image/codecs/codec.h"
#include "image/codecs/exif.h"
#include "util/check.h"
#include "util/index.h"

namespace vantage {
namespace {

// Deflate compresses at most 1032 to 1.
constexpr int64_t kBitsPerByte = 1032 * 8;

// State for libpng's callbacks. libpng leaves its functions by longjmp, which skips destructors. Objects that
// have one are only in callers of the functions below.
struct State {
  char message[256] = "";
  const char* bytes = nullptr;
  size_t size = 0;
  size_t offset = 0;
};

void OnError(png_structp codec, png_const_charp message) {
  auto* state = static_cast<State*>(png_get_error_ptr(codec));
  std::snprintf(state->message, sizeof(state->message), "%s", message);
  std::longjmp(png_jmpbuf(codec), 1);
}

void OnWarning(png_structp /*codec*/, png_const_charp /*message*/) {}

void OnRead(png_structp codec, png_bytep data, size_t size) {
  auto* state = static_cast<State*>(png_get_io_ptr(codec));
  if (size > state->size - state->offset) png_error(codec, "the file ends before the image does");
  std::memcpy(data, state->bytes + state->offset, size);
  state->offset += size;
}

struct Decoder {
  State state;
  png_structp codec = nullptr;
  png_infop info = nullptr;

  explicit Decoder(std::string_view bytes) {
    state.bytes = bytes.data();
    state.size = bytes.size();
    codec = png_create_read_struct(PNG_LIBPNG_VER_STRING, &state, OnError, OnWarning);
    VANTAGE_CHECK(codec != nullptr, "libpng cannot start");
    info = png_create_info_struct(codec);
  }
  ~Decoder() { png_destroy_read_struct(&codec, &info, nullptr); }
  Decoder(const Decoder&) = delete;
  Decoder& operator=(const Decoder&) = delete;
};

// The content of the first chunk of this type; "" without one.
std::string_view FindChunk(std::string_view bytes, std::string_view type) {
  for (size_t at = 8; at + 8 <= bytes.size();) {
    const size_t length = png_get_uint_32(reinterpret_cast<png_const_bytep>(bytes.data() + at));
    if (bytes.substr(at + 4, 4) == type) return bytes.substr(at + 8, length);
    at += 12 + length;  // with the checksum
  }
  return {};
}

// libpng allocates the announced size of a chunk before the pixels (IDAT) before it reads the chunk.
bool ChunksFit(std::string_view bytes) {
  for (size_t at = 8; at + 8 <= bytes.size() && bytes.substr(at + 4, 4) != "IDAT";) {
    const size_t length = png_get_uint_32(reinterpret_cast<png_const_bytep>(bytes.data() + at));
    if (length > bytes.size() - at - 8) return false;
    at += 12 + length;
  }
  return true;
}

bool ReadHeader(Decoder& decoder) {
  if (!ChunksFit({decoder.state.bytes, decoder.state.size})) {
    std::snprintf(decoder.state.message, sizeof(decoder.state.message), "a chunk ends after the file");
    return false;
  }
  if (setjmp(png_jmpbuf(decoder.codec)) != 0) return false;
  png_set_read_fn(decoder.codec, &decoder.state, OnRead);
  // CheckImageSize decides what is too large.
  png_set_user_limits(decoder.codec, 0x7fffffff, 0x7fffffff);
  // 1: keep no text. Compressed text may expand to a thousand times the file's size.
  png_set_chunk_cache_max(decoder.codec, 1);
  png_read_info(decoder.codec, decoder.info);
  return true;
}

// Converts any colour type and depth to 8-bit RGB.
bool StartDecoding(Decoder& decoder) {
  if (setjmp(png_jmpbuf(decoder.codec)) != 0) return false;
  png_set_expand(decoder.codec);
  png_set_strip_16(decoder.codec);
  png_set_strip_alpha(decoder.codec);
  png_set_gray_to_rgb(decoder.codec);
  png_set_interlace_handling(decoder.codec);
  png_read_update_info(decoder.codec, decoder.info);
  return true;
}

bool ReadRows(Decoder& decoder, png_bytepp rows) {
  if (setjmp(png_jmpbuf(decoder.codec)) != 0) return false;
  png_read_image(decoder.codec, rows);
  return true;  // what follows the pixels does not matter
}

[[noreturn]] void Fail(const Decoder& decoder, const std::string& source) {
  if (ToLower(decoder.state.message).starts_with("out of memory")) throw std::bad_alloc();
  throw Error(StrCat(source, ": damaged PNG: ", decoder.state.message));
}

void ReadHeaderOrThrow(Decoder& decoder, const std::string& source) {
  if (!ReadHeader(decoder)) Fail(decoder, source);
}

ImageColor ColorOf(int color_type) {
  if (color_type == PNG_COLOR_TYPE_PALETTE) return ImageColor::kPalette;
  return (color_type & PNG_COLOR_MASK_COLOR) != 0 ? ImageColor::kRgb : ImageColor::kGrey;
}

CodecHeader ReadPngHeader(std::string_view bytes, const std::string& source) {
  Decoder decoder(bytes);
  ReadHeaderOrThrow(decoder, source);
  const int color_type = png_get_color_type(decoder.codec, decoder.info);
  const int bit_depth = png_get_bit_depth(decoder.codec, decoder.info);
  const bool has_alpha = (color_type & PNG_COLOR_MASK_ALPHA) != 0 ||
                         png_get_valid(decoder.codec, decoder.info, PNG_INFO_tRNS) != 0;
  return {.image = {.width = static_cast<int>(png_get_image_width(decoder.codec, decoder.info)),
                    .height = static_cast<int>(png_get_image_height(decoder.codec, decoder.info)),
                    .exif_orientation = image::ExifOrientation(FindChunk(bytes, "eXIf")),
                    .color = ColorOf(color_type),
                    .has_alpha = has_alpha,
                    .bit_depth = bit_depth},
          .pixels_per_byte = kBitsPerByte / (png_get_channels(decoder.codec, decoder.info) * bit_depth),
          .position = image::ExifPosition(FindChunk(bytes, "eXIf"))};
}

Image DecodePng(std::string_view bytes, const std::string& source, int /*enough_pixels*/) {
  Decoder decoder(bytes);
  ReadHeaderOrThrow(decoder, source);
  if (!StartDecoding(decoder)) Fail(decoder, source);
  const png_uint_32 width = png_get_image_width(decoder.codec, decoder.info);
  VANTAGE_CHECK(png_get_rowbytes(decoder.codec, decoder.info) == size_t{width} * 3, source,
                ": a PNG of an unknown kind");
  Image image =
      MakeImage(static_cast<int>(width), static_cast<int>(png_get_image_height(decoder.codec, decoder.info)));
  std::vector<png_bytep> rows(ToIndex(image.height));
  for (int y = 0; y < image.height; ++y) rows[ToIndex(y)] = image.Row(y);
  if (!ReadRows(decoder, rows.data())) Fail(decoder, source);
  return image;
}

}  // namespace

std::string EncodePng(const Image& image) {
  png_image header{};
  header.version = PNG_IMAGE_VERSION;
  header.width = static_cast<png_uint_32>(image.width);
  header.height = static_cast<png_uint_32>(image.height);
  header.format = PNG_FORMAT_RGB;
  png_alloc_size_t size = PNG_IMAGE_PNG_SIZE_MAX(header);
  std::string bytes(size, '\0');
  const int done =
      png_image_write_to_memory(&header, bytes.data(), &size, 0, image.pixels.data(), 0, nullptr);
  VANTAGE_CHECK(done != 0, "PNG cannot be written: ", header.message);
  bytes.resize(size);
  return bytes;
}

namespace image {

Codec PngCodec() {
  return {.name = "PNG",
          .extensions = {".png"},
          .matches = [](std::string_view head) { return head.starts_with("\x89PNG\r\n\x1a\n"); },
          .read_header = ReadPngHeader,
          .decode = DecodePng,
          .encode = EncodePng};
}

}  // namespace image
}  // namespace vantage

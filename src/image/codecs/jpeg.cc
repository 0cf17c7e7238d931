// SPDX-License-Identifier: BSD-3-Clause
#include <csetjmp>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
// jpeglib.h needs the headers above.
#include <jerror.h>
#include <jpeglib.h>

#include <algorithm>
#include <memory>
#include <new>

#include "image/codecs/codec.h"
#include "image/codecs/exif.h"
#include "util/check.h"
#include "util/index.h"

namespace vantage {
namespace {

// A JPEG spends at least one bit on each 8 x 8 block of luminance; a scan of a progressive one may skip
// blocks.
constexpr int64_t kPixelsPerByte = 64 * 8;
// More scans than any encoder writes: hostile files use them to take hours.
constexpr int kMaxScans = 500;

struct ErrorState {
  jpeg_error_mgr manager;
  std::jmp_buf jump;
  char message[JMSG_LENGTH_MAX];
  bool file_ended;    // before the end mark
  bool pixels_ended;  // before the last block: libjpeg invents the others
};

ErrorState* StateOf(j_common_ptr codec) { return reinterpret_cast<ErrorState*>(codec->err); }

[[noreturn]] void OnError(j_common_ptr codec) {
  ErrorState* state = StateOf(codec);
  codec->err->format_message(codec, state->message);
  std::longjmp(state->jump, 1);
}

void OnMessage(j_common_ptr codec, int level) {
  if (level >= 0) return;
  const auto* decoder = reinterpret_cast<j_decompress_ptr>(codec);
  ErrorState* state = StateOf(codec);
  if (codec->err->msg_code == JWRN_JPEG_EOF) state->file_ended = true;
  if (codec->err->msg_code == JWRN_HIT_MARKER && decoder->unread_marker == JPEG_EOI)
    state->pixels_ended = true;
}

void OnProgress(j_common_ptr codec) {
  if (reinterpret_cast<j_decompress_ptr>(codec)->input_scan_number > kMaxScans) {
    ErrorState* state = StateOf(codec);
    std::snprintf(state->message, sizeof(state->message), "more than %d scans", kMaxScans);
    std::longjmp(state->jump, 1);
  }
}

void Install(ErrorState& state) {
  jpeg_std_error(&state.manager);
  state.manager.error_exit = OnError;
  state.manager.emit_message = OnMessage;
  state.file_ended = false;
  state.pixels_ended = false;
  state.message[0] = '\0';
}

// libjpeg leaves its functions by longjmp, which skips destructors. Objects that have one are only in callers
// of the functions below.
struct Decoder {
  ErrorState errors{};
  jpeg_decompress_struct codec{};
  jpeg_progress_mgr progress{};

  Decoder() {
    codec.err = &errors.manager;
    Install(errors);
    jpeg_create_decompress(&codec);
    progress.progress_monitor = OnProgress;
    codec.progress = &progress;
  }
  ~Decoder() { jpeg_destroy_decompress(&codec); }
  Decoder(const Decoder&) = delete;
  Decoder& operator=(const Decoder&) = delete;
};

bool ReadHeader(Decoder& decoder, const unsigned char* bytes, size_t size) {
  if (setjmp(decoder.errors.jump) != 0) return false;
  jpeg_mem_src(&decoder.codec, bytes, size);
  jpeg_save_markers(&decoder.codec, JPEG_APP0 + 1, 0xffff);
  jpeg_read_header(&decoder.codec, TRUE);
  return true;
}

bool StartDecoding(Decoder& decoder) {
  if (setjmp(decoder.errors.jump) != 0) return false;
  const bool four_inks =
      decoder.codec.jpeg_color_space == JCS_CMYK || decoder.codec.jpeg_color_space == JCS_YCCK;
  decoder.codec.out_color_space = four_inks ? JCS_CMYK : JCS_RGB;
  jpeg_start_decompress(&decoder.codec);
  return true;
}

bool ReadRows(Decoder& decoder, unsigned char* rows, size_t stride) {
  if (setjmp(decoder.errors.jump) != 0) return false;
  while (decoder.codec.output_scanline < decoder.codec.output_height) {
    JSAMPROW row = rows + decoder.codec.output_scanline * stride;
    jpeg_read_scanlines(&decoder.codec, &row, 1);
  }
  return true;  // what follows the pixels does not matter
}

[[noreturn]] void Fail(const Decoder& decoder, const std::string& source) {
  if (decoder.errors.manager.msg_code == JERR_OUT_OF_MEMORY) throw std::bad_alloc();
  throw Error(StrCat(source, ": damaged JPEG: ", decoder.errors.message));
}

// Whether pixels are missing: blocks of a scan, or, if the file ends without its end mark, a scan. An
// arithmetic decoder does not report where its data end.
bool IsTruncated(const Decoder& decoder) {
  const jpeg_decompress_struct& codec = decoder.codec;
  if (decoder.errors.pixels_ended) return true;
  if (!decoder.errors.file_ended) return false;
  for (int c = 0; c < codec.num_components; ++c) {
    if (codec.comp_info[c].quant_table == nullptr) return true;  // no scan has this component
    if (codec.coef_bits == nullptr) continue;                    // not progressive
    const int* bits = codec.coef_bits[c];  // of each coefficient that are still to come; below 0: all
    if (std::any_of(bits, bits + DCTSIZE2, [](int left) { return left != 0; })) return true;
  }
  return codec.arith_code != 0;
}

// The EXIF block; "" if there is none.
std::string_view Exif(const Decoder& decoder) {
  constexpr std::string_view kPrefix("Exif\0\0", 6);
  for (jpeg_saved_marker_ptr marker = decoder.codec.marker_list; marker != nullptr; marker = marker->next) {
    const std::string_view data(reinterpret_cast<const char*>(marker->data), marker->data_length);
    if (marker->marker == JPEG_APP0 + 1 && data.substr(0, kPrefix.size()) == kPrefix) {
      return data;
    }
  }
  return {};
}

// The factor by which the image may be decoded smaller: 1, 2, 4 or 8.
unsigned Reduction(const jpeg_decompress_struct& codec, int enough_pixels) {
  unsigned reduction = 1;
  if (enough_pixels <= 0) return reduction;
  const unsigned longest = std::max(codec.image_width, codec.image_height);
  while (reduction < 8 && longest / (2 * reduction) >= static_cast<unsigned>(enough_pixels)) reduction *= 2;
  return reduction;
}

// Converts inks to RGB as Pillow does. Adobe stores them inverted.
Image FromInks(const std::vector<uint8_t>& inks, int width, int height) {
  Image image = MakeImage(width, height);
  for (size_t i = 0; i < inks.size() / 4; ++i) {
    const int black = inks[4 * i + 3];
    for (size_t c = 0; c < 3; ++c) {
      // black - MULDIV255(255 - ink, black): Pillow's rounding.
      const int product = (255 - inks[4 * i + c]) * black + 128;
      image.pixels[3 * i + c] = static_cast<uint8_t>(black - (((product >> 8) + product) >> 8));
    }
  }
  return image;
}

void ReadHeaderOrThrow(Decoder& decoder, std::string_view bytes, const std::string& source) {
  if (!ReadHeader(decoder, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size()))
    Fail(decoder, source);
}

ImageColor ColorOf(const Decoder& decoder) {
  switch (decoder.codec.jpeg_color_space) {
    case JCS_GRAYSCALE:
      return ImageColor::kGrey;
    case JCS_CMYK:
    case JCS_YCCK:
      return ImageColor::kInks;
    default:
      return ImageColor::kRgb;
  }
}

CodecHeader ReadJpegHeader(std::string_view bytes, const std::string& source) {
  Decoder decoder;
  ReadHeaderOrThrow(decoder, bytes, source);
  return {.image = {.width = static_cast<int>(decoder.codec.image_width),
                    .height = static_cast<int>(decoder.codec.image_height),
                    .exif_orientation = image::ExifOrientation(Exif(decoder)),
                    .color = ColorOf(decoder),
                    .bit_depth = decoder.codec.data_precision},
          .pixels_per_byte = kPixelsPerByte,
          .position = image::ExifPosition(Exif(decoder))};
}

Image DecodeJpeg(std::string_view bytes, const std::string& source, int enough_pixels) {
  Decoder decoder;
  ReadHeaderOrThrow(decoder, bytes, source);
  decoder.codec.scale_denom = Reduction(decoder.codec, enough_pixels);
  if (!StartDecoding(decoder)) Fail(decoder, source);

  const int width = static_cast<int>(decoder.codec.output_width);
  const int height = static_cast<int>(decoder.codec.output_height);
  Image image;
  if (decoder.codec.out_color_space == JCS_CMYK) {
    std::vector<uint8_t> inks(ToIndex(width) * ToIndex(height) * 4);
    if (!ReadRows(decoder, inks.data(), ToIndex(width) * 4)) Fail(decoder, source);
    image = FromInks(inks, width, height);
  } else {
    image = MakeImage(width, height);
    if (!ReadRows(decoder, image.pixels.data(), ToIndex(width) * 3)) Fail(decoder, source);
  }
  if (IsTruncated(decoder)) image::FailTruncated("JPEG", bytes, source);
  return image;
}

struct Encoder {
  ErrorState errors{};
  jpeg_compress_struct codec{};
  unsigned char* bytes = nullptr;
  unsigned long size = 0;  // NOLINT: libjpeg's type

  Encoder() {
    codec.err = &errors.manager;
    Install(errors);
    jpeg_create_compress(&codec);
  }
  ~Encoder() {
    jpeg_destroy_compress(&codec);
    std::free(bytes);
  }
  Encoder(const Encoder&) = delete;
  Encoder& operator=(const Encoder&) = delete;
};

bool WriteRows(Encoder& encoder, const Image& image, int quality) {
  if (setjmp(encoder.errors.jump) != 0) return false;
  jpeg_mem_dest(&encoder.codec, &encoder.bytes, &encoder.size);
  encoder.codec.image_width = static_cast<JDIMENSION>(image.width);
  encoder.codec.image_height = static_cast<JDIMENSION>(image.height);
  encoder.codec.input_components = 3;
  encoder.codec.in_color_space = JCS_RGB;
  jpeg_set_defaults(&encoder.codec);
  jpeg_set_quality(&encoder.codec, quality, TRUE);
  jpeg_start_compress(&encoder.codec, TRUE);
  while (encoder.codec.next_scanline < encoder.codec.image_height) {
    auto* row = const_cast<JSAMPROW>(image.Row(static_cast<int>(encoder.codec.next_scanline)));
    jpeg_write_scanlines(&encoder.codec, &row, 1);
  }
  jpeg_finish_compress(&encoder.codec);
  return true;
}

}  // namespace

std::string EncodeJpeg(const Image& image, int quality) {
  Encoder encoder;
  VANTAGE_CHECK(WriteRows(encoder, image, quality), "JPEG cannot be written: ", encoder.errors.message);
  return std::string(reinterpret_cast<const char*>(encoder.bytes), encoder.size);
}

namespace image {

Codec JpegCodec() {
  return {.name = "JPEG",
          .extensions = {".jpg", ".jpeg", ".jpe", ".jfif"},
          .matches = [](std::string_view head) { return head.starts_with("\xff\xd8"); },
          .read_header = ReadJpegHeader,
          .decode = DecodeJpeg,
          .decodes_small = true,
          .encode = [](const Image& image) { return EncodeJpeg(image, 95); },
          .encodes_exactly = false};
}

}  // namespace image
}  // namespace vantage

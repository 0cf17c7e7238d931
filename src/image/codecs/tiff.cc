// SPDX-License-Identifier: BSD-3-Clause
#include <tiffio.h>

#include <algorithm>
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <limits>
#include <memory>
#include <vector>

#include "image/codecs/codec.h"
#include "image/codecs/exif.h"
#include "util/check.h"
#include "util/index.h"

// The first page of a TIFF file, by libtiff, which turns all colour types and depths up to 16 bits into RGBA.
namespace vantage {
namespace {

constexpr int64_t kFixedBytes = 48 << 20;
constexpr int64_t kBytesPerPixel = 40;

// What libtiff's callbacks see.
struct Bytes {
  std::string_view bytes;
  uint64_t offset = 0;
  std::string message;
};

Bytes& Of(thandle_t handle) { return *static_cast<Bytes*>(handle); }

tmsize_t OnRead(thandle_t handle, void* data, tmsize_t size) {
  Bytes& file = Of(handle);
  const size_t left = file.offset < file.bytes.size() ? file.bytes.size() - file.offset : 0;
  const size_t count = std::min(left, ToIndex(size));
  if (count > 0) std::memcpy(data, file.bytes.data() + file.offset, count);
  file.offset += count;
  return static_cast<tmsize_t>(count);
}

tmsize_t OnWrite(thandle_t /*handle*/, void* /*data*/, tmsize_t /*size*/) { return 0; }

toff_t OnSeek(thandle_t handle, toff_t offset, int whence) {
  Bytes& file = Of(handle);
  const uint64_t from = whence == SEEK_SET ? 0 : whence == SEEK_CUR ? file.offset : file.bytes.size();
  return file.offset = from + offset;
}

int OnClose(thandle_t /*handle*/) { return 0; }

toff_t OnSize(thandle_t handle) { return Of(handle).bytes.size(); }

int OnMap(thandle_t handle, void** base, toff_t* size) {
  *base = const_cast<char*>(Of(handle).bytes.data());  // libtiff only reads it
  *size = Of(handle).bytes.size();
  return 1;
}

void OnUnmap(thandle_t /*handle*/, void* /*base*/, toff_t /*size*/) {}

// The first error is the cause of the others.
int OnError(TIFF* /*tiff*/, void* user, const char* /*module*/, const char* format, va_list arguments) {
  Bytes& file = *static_cast<Bytes*>(user);
  if (!file.message.empty()) return 1;
  char message[256];
  std::vsnprintf(message, sizeof(message), format, arguments);
  file.message = message;
  return 1;
}

int OnWarning(TIFF* /*tiff*/, void* /*user*/, const char* /*module*/, const char* /*format*/,
              va_list /*arguments*/) {
  return 1;
}

class Tiff {
 public:
  // largest_block: the most memory that libtiff may take at once.
  Tiff(std::string_view bytes, const std::string& source, int64_t largest_block) : source_(source) {
    file_.bytes = bytes;
    const std::unique_ptr<TIFFOpenOptions, decltype(&TIFFOpenOptionsFree)> options(TIFFOpenOptionsAlloc(),
                                                                                   TIFFOpenOptionsFree);
    TIFFOpenOptionsSetMaxSingleMemAlloc(options.get(), largest_block);
    TIFFOpenOptionsSetErrorHandlerExtR(options.get(), OnError, &file_);
    TIFFOpenOptionsSetWarningHandlerExtR(options.get(), OnWarning, nullptr);
    tiff_ = TIFFClientOpenExt("photo", "r", &file_, OnRead, OnWrite, OnSeek, OnClose, OnSize, OnMap, OnUnmap,
                              options.get());
    if (tiff_ == nullptr) Fail();
  }
  ~Tiff() {
    if (tiff_ != nullptr) TIFFClose(tiff_);
  }
  Tiff(const Tiff&) = delete;
  Tiff& operator=(const Tiff&) = delete;

  TIFF* get() const { return tiff_; }

  // The tag's number; its default, or `missing`, if the file does not have it.
  template <typename Number>
  Number Get(uint32_t tag, Number missing = 0) const {
    Number value = missing;
    return TIFFGetFieldDefaulted(tiff_, tag, &value) != 0 ? value : missing;
  }

  [[noreturn]] void Fail() const {
    throw Error(StrCat(source_, ": damaged TIFF: ", file_.message.empty() ? "no image" : file_.message));
  }

 private:
  const std::string& source_;
  Bytes file_;
  TIFF* tiff_ = nullptr;
};

// The first extra channel's type; EXTRASAMPLE_UNSPECIFIED if there is none.
uint16_t AlphaKind(const Tiff& tiff) {
  uint16_t count = 0;
  uint16_t* kinds = nullptr;
  const bool has_extra = TIFFGetField(tiff.get(), TIFFTAG_EXTRASAMPLES, &count, &kinds) != 0 && count > 0;
  return has_extra ? kinds[0] : EXTRASAMPLE_UNSPECIFIED;
}

// Cameras' own formats are TIFF files whose first page is a small preview.
void RefuseRaw(const Tiff& tiff, const std::string& source) {
  uint16_t count = 0;
  void* values = nullptr;
  const bool is_preview = (tiff.Get<uint32_t>(TIFFTAG_SUBFILETYPE) & FILETYPE_REDUCEDIMAGE) != 0 &&
                          TIFFGetField(tiff.get(), TIFFTAG_SUBIFD, &count, &values) != 0;
  const bool is_raw = TIFFGetField(tiff.get(), TIFFTAG_DNGVERSION, &values) != 0 || is_preview;
  VANTAGE_CHECK(!is_raw, source, ": a camera's raw photo, which is not read: develop it first");
}

// The most pixels that a byte of compressed data can hold.
int64_t PixelsPerByte(const Tiff& tiff, int64_t bits_per_pixel) {
  const auto of_bytes = [&](int64_t bytes) { return std::max<int64_t>(8 * bytes / bits_per_pixel, 1); };
  switch (tiff.Get<uint16_t>(TIFFTAG_COMPRESSION)) {
    case COMPRESSION_NONE:
      return of_bytes(1);
    case COMPRESSION_PACKBITS:
      return of_bytes(64);
    case COMPRESSION_LZW:
      return of_bytes(4096 * 8 / 9);
    case COMPRESSION_DEFLATE:
    case COMPRESSION_ADOBE_DEFLATE:
      return of_bytes(1032);
    case COMPRESSION_JPEG:
    case COMPRESSION_OJPEG:
      return 64 * 8;
    case COMPRESSION_CCITTRLE:
    case COMPRESSION_CCITTFAX3:
    case COMPRESSION_CCITTFAX4:  // a row like the one above takes a bit
      return 8 * int64_t{tiff.Get<uint32_t>(TIFFTAG_IMAGEWIDTH)};
    default:
      return int64_t{1} << 28;
  }
}

ImageColor ColorOf(const Tiff& tiff) {
  switch (tiff.Get<uint16_t>(TIFFTAG_PHOTOMETRIC)) {
    case PHOTOMETRIC_MINISWHITE:
    case PHOTOMETRIC_MINISBLACK:
    case PHOTOMETRIC_LOGL:
      return ImageColor::kGrey;
    case PHOTOMETRIC_PALETTE:
      return ImageColor::kPalette;
    case PHOTOMETRIC_SEPARATED:
      return ImageColor::kInks;
    default:
      return ImageColor::kRgb;
  }
}

CodecHeader ReadTiffHeader(std::string_view bytes, const std::string& source) {
  const Tiff tiff(bytes, source, kFixedBytes / 3);
  RefuseRaw(tiff, source);
  const auto width = tiff.Get<uint32_t>(TIFFTAG_IMAGEWIDTH);
  const auto height = tiff.Get<uint32_t>(TIFFTAG_IMAGELENGTH);
  const int depth = tiff.Get<uint16_t>(TIFFTAG_BITSPERSAMPLE);
  const int channels = tiff.Get<uint16_t>(TIFFTAG_SAMPLESPERPIXEL);
  constexpr uint32_t kLargest = std::numeric_limits<int>::max();
  VANTAGE_CHECK(width <= kLargest && height <= kLargest && depth > 0 && channels > 0, source,
                ": damaged TIFF: ", width, " x ", height, " pixels of ", channels, " channels of ", depth,
                " bits");
  VANTAGE_CHECK(depth <= 16 && channels <= 6, source, ": a TIFF of ", channels, " channels of ", depth,
                " bits, which is not read: at most 6 of 16 bits are");
  const uint16_t alpha = AlphaKind(tiff);
  const int orientation = tiff.Get<uint16_t>(TIFFTAG_ORIENTATION, 1);
  return {.image = {.width = static_cast<int>(width),
                    .height = static_cast<int>(height),
                    .exif_orientation = orientation >= 1 && orientation <= 8 ? orientation : 1,
                    .color = ColorOf(tiff),
                    .has_alpha = alpha == EXTRASAMPLE_ASSOCALPHA || alpha == EXTRASAMPLE_UNASSALPHA,
                    .bit_depth = depth},
          .pixels_per_byte = PixelsPerByte(tiff, int64_t{depth} * channels),
          .position = image::ExifPosition(bytes)};
}

class RgbaReader {
 public:
  RgbaReader(const Tiff& tiff, const std::string& source) {
    char message[1024] = "";
    VANTAGE_CHECK(TIFFRGBAImageOK(tiff.get(), message) != 0, source, ": a TIFF that is not read: ", message);
    if (TIFFRGBAImageBegin(&image_, tiff.get(), 1, message) == 0) tiff.Fail();
    image_.req_orientation = image_.orientation;  // as stored; DecodeWith turns it
  }
  ~RgbaReader() { TIFFRGBAImageEnd(&image_); }
  RgbaReader(const RgbaReader&) = delete;
  RgbaReader& operator=(const RgbaReader&) = delete;

  bool Read(std::vector<uint32_t>& pixels) {
    return TIFFRGBAImageGet(&image_, pixels.data(), image_.width, image_.height) != 0;
  }

 private:
  TIFFRGBAImage image_{};
};

Image DecodeTiff(std::string_view bytes, const std::string& source, int /*enough_pixels*/) {
  const ImageHeader header = ReadTiffHeader(bytes, source).image;
  const size_t count = ToIndex(header.width) * ToIndex(header.height);
  // At most a strip or tile of the whole image, of six channels of 16 bits.
  const Tiff tiff(bytes, source, kFixedBytes / 3 + 12 * static_cast<int64_t>(count));
  const uint16_t alpha = AlphaKind(tiff);
  if (alpha == EXTRASAMPLE_UNASSALPHA) {  // otherwise libtiff multiplies the colours by it
    uint16_t as_stored = EXTRASAMPLE_ASSOCALPHA;
    TIFFSetField(tiff.get(), TIFFTAG_EXTRASAMPLES, 1, &as_stored);
  }
  std::vector<uint32_t> pixels(count);
  RgbaReader reader(tiff, source);
  if (!reader.Read(pixels)) tiff.Fail();
  Image image = MakeImage(header.width, header.height);
  for (size_t i = 0; i < count; ++i) {
    const uint32_t pixel = pixels[i];
    uint32_t channels[3] = {TIFFGetR(pixel), TIFFGetG(pixel), TIFFGetB(pixel)};
    if (alpha == EXTRASAMPLE_ASSOCALPHA && TIFFGetA(pixel) > 0) {
      for (uint32_t& channel : channels) channel = std::min<uint32_t>(channel * 255 / TIFFGetA(pixel), 255);
    }
    std::copy_n(channels, 3, &image.pixels[3 * i]);
  }
  return image;
}

}  // namespace

namespace image {

Codec TiffCodec() {
  return {.name = "TIFF",
          .extensions = {".tif", ".tiff"},
          .matches =
              [](std::string_view head) {
                using namespace std::string_view_literals;
                const bool is_canon_raw = head.size() > 9 && head.substr(8, 2) == "CR";
                return !is_canon_raw && (head.starts_with("II*\0"sv) || head.starts_with("MM\0*"sv) ||
                                         head.starts_with("II+\0"sv) || head.starts_with("MM\0+"sv));
              },
          .read_header = ReadTiffHeader,
          .decode = DecodeTiff,
          .bytes_per_pixel = kBytesPerPixel,
          .fixed_bytes = kFixedBytes};
}

}  // namespace image
}  // namespace vantage

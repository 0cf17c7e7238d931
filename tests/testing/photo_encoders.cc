// SPDX-License-Identifier: BSD-3-Clause
#include "testing/photo_encoders.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <map>
#include <vector>

#include "util/check.h"
#include "util/index.h"
#ifdef VANTAGE_WITH_WEBP
#include <webp/encode.h>
#endif
#ifdef VANTAGE_WITH_TIFF
#include <tiffio.h>
#endif
#ifdef VANTAGE_WITH_HEIF
#include <libheif/heif.h>
#endif

namespace vantage::testing {
namespace {

std::string LittleEndian(uint64_t number, int size) {
  std::string bytes;
  for (int i = 0; i < size; ++i) bytes += static_cast<char>(number >> 8 * i);
  return bytes;
}

std::string EncodePnm(const Image& image) {
  std::string bytes = StrCat("P6\n", image.width, " ", image.height, "\n255\n");
  return bytes.append(reinterpret_cast<const char*>(image.pixels.data()), image.pixels.size());
}

std::string EncodeBmp(const Image& image) {
  const size_t row_bytes = (ToIndex(image.width) * 3 + 3) / 4 * 4;
  std::string bytes = "BM" + LittleEndian(54 + row_bytes * ToIndex(image.height), 4) + LittleEndian(0, 4) +
                      LittleEndian(54, 4) + LittleEndian(40, 4) + LittleEndian(ToIndex(image.width), 4) +
                      LittleEndian(ToIndex(image.height), 4) + LittleEndian(1, 2) + LittleEndian(24, 2) +
                      std::string(24, '\0');
  for (int y = image.height - 1; y >= 0; --y) {
    std::string row(row_bytes, '\0');
    for (size_t i = 0; i < 3 * ToIndex(image.width); ++i)
      row[i / 3 * 3 + 2 - i % 3] = static_cast<char>(image.Row(y)[i]);
    bytes += row;
  }
  return bytes;
}

// Up to 255 colours of the image, of which none is near another, and for each pixel the nearest.
std::string EncodeGif(const Image& image) {
  using Color = std::array<int, 3>;
  const auto distance = [](const Color& a, const Color& b) {
    return std::max({std::abs(a[0] - b[0]), std::abs(a[1] - b[1]), std::abs(a[2] - b[2])});
  };
  std::vector<Color> palette;
  std::map<Color, uint8_t> index_of;
  std::vector<uint8_t> indices;
  for (size_t i = 0; i < image.pixels.size(); i += 3) {
    const Color color = {image.pixels[i], image.pixels[i + 1], image.pixels[i + 2]};
    const auto found = index_of.find(color);
    if (found != index_of.end()) {
      indices.push_back(found->second);
      continue;
    }
    const auto nearest = std::min_element(
        palette.begin(), palette.end(),
        [&](const Color& a, const Color& b) { return distance(a, color) < distance(b, color); });
    auto index = static_cast<uint8_t>(nearest - palette.begin());
    if (palette.size() < 256 && (nearest == palette.end() || distance(*nearest, color) > 12)) {
      index = static_cast<uint8_t>(palette.size());
      palette.push_back(color);
    }
    index_of[color] = index;
    indices.push_back(index);
  }
  palette.resize(256);
  std::string bytes = "GIF89a" + LittleEndian(ToIndex(image.width), 2) +
                      LittleEndian(ToIndex(image.height), 2) + std::string("\xf7\0\0", 3);
  for (const Color& color : palette) {
    for (const int channel : color) bytes += static_cast<char>(channel);
  }
  bytes += "," + LittleEndian(0, 4) + LittleEndian(ToIndex(image.width), 2) +
           LittleEndian(ToIndex(image.height), 2) + std::string("\0\x08", 2);
  // LZW of runs: a code for the first index, one for each string that is known.
  std::map<std::string, int> codes;
  std::string packed;
  uint32_t held = 0;
  int count = 0;
  int bits = 9;
  int next = 258;
  const auto put = [&](int code) {
    held |= static_cast<uint32_t>(code) << count;
    for (count += bits; count >= 8; count -= 8, held >>= 8) packed += static_cast<char>(held);
  };
  const auto code_of = [&](const std::string& string) {
    return string.size() == 1 ? int{static_cast<uint8_t>(string[0])} : codes.at(string);
  };
  put(256);
  std::string string;
  for (const uint8_t index : indices) {
    const std::string longer = string + static_cast<char>(index);
    if (longer.size() == 1 || codes.contains(longer)) {
      string = longer;
      continue;
    }
    put(code_of(string));
    codes[longer] = next++;
    if (next > 1 << bits) ++bits;
    if (next == 4095) {
      put(256);
      codes.clear();
      bits = 9;
      next = 258;
    }
    string = longer.substr(longer.size() - 1);
  }
  put(code_of(string));
  if (next + 1 > 1 << bits && bits < 12) ++bits;
  put(257);
  if (count > 0) packed += static_cast<char>(held);
  for (size_t at = 0; at < packed.size(); at += 255) {
    const std::string block = packed.substr(at, 255);
    bytes += static_cast<char>(block.size()) + block;
  }
  return bytes + std::string("\0;", 2);
}

#ifdef VANTAGE_WITH_WEBP
std::string EncodeWebp(const Image& image) {
  uint8_t* data = nullptr;
  const size_t size =
      WebPEncodeLosslessRGB(image.pixels.data(), image.width, image.height, 3 * image.width, &data);
  VANTAGE_CHECK(size > 0, "libwebp cannot encode");
  std::string bytes(reinterpret_cast<const char*>(data), size);
  WebPFree(data);
  return bytes;
}
#endif

#ifdef VANTAGE_WITH_TIFF
// What libtiff writes into memory.
struct Growing {
  std::string bytes;
  size_t offset = 0;
};

Growing& Of(thandle_t handle) { return *static_cast<Growing*>(handle); }

tmsize_t OnRead(thandle_t handle, void* data, tmsize_t size) {
  Growing& file = Of(handle);
  const size_t count = file.offset < file.bytes.size()
                           ? file.bytes.copy(static_cast<char*>(data), ToIndex(size), file.offset)
                           : 0;
  file.offset += count;
  return static_cast<tmsize_t>(count);
}

tmsize_t OnWrite(thandle_t handle, void* data, tmsize_t size) {
  Growing& file = Of(handle);
  const size_t end = file.offset + ToIndex(size);
  if (end > file.bytes.size()) file.bytes.resize(end);
  std::memcpy(file.bytes.data() + file.offset, data, ToIndex(size));
  file.offset = end;
  return size;
}

toff_t OnSeek(thandle_t handle, toff_t offset, int whence) {
  Growing& file = Of(handle);
  const size_t from = whence == SEEK_SET ? 0 : whence == SEEK_CUR ? file.offset : file.bytes.size();
  return file.offset = from + offset;
}

std::string EncodeTiff(const Image& image) {
  Growing file;
  TIFF* tiff = TIFFClientOpen(
      "photo", "w", &file, OnRead, OnWrite, OnSeek, [](thandle_t) { return 0; },
      [](thandle_t handle) -> toff_t { return Of(handle).bytes.size(); }, nullptr, nullptr);
  VANTAGE_CHECK(tiff != nullptr, "libtiff cannot encode");
  for (const auto& [tag, value] : {std::pair<uint32_t, int>(TIFFTAG_IMAGEWIDTH, image.width),
                                   {TIFFTAG_IMAGELENGTH, image.height},
                                   {TIFFTAG_BITSPERSAMPLE, 8},
                                   {TIFFTAG_SAMPLESPERPIXEL, 3},
                                   {TIFFTAG_ROWSPERSTRIP, 16},
                                   {TIFFTAG_PLANARCONFIG, PLANARCONFIG_CONTIG},
                                   {TIFFTAG_PHOTOMETRIC, PHOTOMETRIC_RGB},
                                   {TIFFTAG_COMPRESSION, COMPRESSION_LZW},
                                   {TIFFTAG_PREDICTOR, 2}}) {
    TIFFSetField(tiff, tag, value);
  }
  for (int y = 0; y < image.height; ++y) {
    std::vector<uint8_t> row(image.Row(y), image.Row(y) + 3 * image.width);  // the predictor changes it
    TIFFWriteScanline(tiff, row.data(), static_cast<uint32_t>(y), 0);
  }
  TIFFClose(tiff);
  return file.bytes;
}
#endif

#ifdef VANTAGE_WITH_HEIF
void CheckHeif(const heif_error& error) {
  VANTAGE_CHECK(error.code == heif_error_Ok, "libheif cannot encode: ", error.message);
}

std::string EncodeHeif(const Image& image, heif_compression_format format) {
  heif_context* context = heif_context_alloc();
  heif_encoder* encoder = nullptr;
  CheckHeif(heif_context_get_encoder_for_format(context, format, &encoder));
  heif_encoder_set_lossy_quality(encoder, 95);
  heif_image* pixels = nullptr;
  CheckHeif(heif_image_create(image.width, image.height, heif_colorspace_RGB, heif_chroma_interleaved_RGB,
                              &pixels));
  CheckHeif(heif_image_add_plane(pixels, heif_channel_interleaved, image.width, image.height, 24));
  int stride = 0;
  uint8_t* plane = heif_image_get_plane(pixels, heif_channel_interleaved, &stride);
  for (int y = 0; y < image.height; ++y)
    std::memcpy(plane + ToIndex(y) * ToIndex(stride), image.Row(y), 3 * ToIndex(image.width));
  CheckHeif(heif_context_encode_image(context, pixels, encoder, nullptr, nullptr));
  std::string bytes;
  heif_writer writer{};
  writer.writer_api_version = 1;
  writer.write = [](heif_context*, const void* data, size_t size, void* user) {
    static_cast<std::string*>(user)->append(static_cast<const char*>(data), size);
    return heif_error{heif_error_Ok, heif_suberror_Unspecified, ""};
  };
  CheckHeif(heif_context_write(context, &writer, &bytes));
  heif_image_release(pixels);
  heif_encoder_release(encoder);
  heif_context_free(context);
  return bytes;
}
#endif

}  // namespace

PhotoEncoder EncoderOf(const Codec& codec) {
  if (codec.encode != nullptr) return {codec.encode, codec.encodes_exactly};
  if (codec.name == "PNM") return {EncodePnm};
  if (codec.name == "BMP") return {EncodeBmp};
  if (codec.name == "GIF") return {EncodeGif, false};
#ifdef VANTAGE_WITH_WEBP
  if (codec.name == "WebP") return {EncodeWebp};
#endif
#ifdef VANTAGE_WITH_TIFF
  if (codec.name == "TIFF") return {EncodeTiff};
#endif
#ifdef VANTAGE_WITH_HEIF
  if (codec.name == "HEIC" && heif_have_encoder_for_format(heif_compression_HEVC) != 0)
    return {[](const Image& image) { return EncodeHeif(image, heif_compression_HEVC); }, false};
  if (codec.name == "AVIF" && heif_have_encoder_for_format(heif_compression_AV1) != 0)
    return {[](const Image& image) { return EncodeHeif(image, heif_compression_AV1); }, false};
#endif
  return {};
}

}  // namespace vantage::testing

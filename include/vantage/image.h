// SPDX-License-Identifier: BSD-3-Clause
// Photos in memory: decoding, encoding, reducing.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "vantage/options.h"

namespace vantage {

// An RGB image of 8 bits per channel: height rows of width pixels of 3 bytes, top row first, no padding.
struct Image {
  int width = 0;
  int height = 0;
  std::vector<uint8_t> pixels;

  uint8_t* Row(int y) { return pixels.data() + static_cast<size_t>(y) * static_cast<size_t>(width) * 3; }
  const uint8_t* Row(int y) const {
    return pixels.data() + static_cast<size_t>(y) * static_cast<size_t>(width) * 3;
  }
};

// Throws Error unless width and height are positive and there are as many pixels as they say. For images that
// a program filled itself.
void CheckImage(const Image& image);

// A black image.
Image MakeImage(int width, int height);

struct DecodeOptions {
  // Turn and mirror the image as its EXIF orientation says. Off as in cirtorch, whose loader ignores it.
  bool apply_exif_orientation = false;
  // Most pixels of an image. A larger image is an Error, thrown before memory is allocated for it. Decoding
  // needs at most 40 bytes per pixel and 64 MB; a hostile HEIC or AVIF file can take more
  // (Codec::limits_hostile_files).
  int64_t max_pixels = int64_t{1} << 28;
  // If above 0, and if the format can be decoded at reduced size (JPEG: a half, a quarter or an eighth):
  // decode at the smallest size whose longest side still has at least this many pixels. Several times as
  // fast; grey levels differ by up to 16 from those of reducing the fully decoded photo. 0: always at full
  // size.
  int enough_pixels = 0;
};

enum class ImageColor { kGrey, kRgb, kPalette, kInks };

// What a file's header says.
struct ImageHeader {
  std::string format;  // "JPEG": one of those that `vantage info` lists
  int width = 0;       // as decoded, before any turn
  int height = 0;
  int exif_orientation = 1;  // 1 to 8, EXIF 2.3 table 6
  // The format turns its photos itself: decoded pixels are upright, whatever DecodeOptions say.
  bool is_upright = false;
  ImageColor color = ImageColor::kRgb;  // as stored; decoding gives RGB
  bool has_alpha = false;               // dropped by decoding
  int bit_depth = 8;                    // bits per channel as stored; with a palette, bits of its index
};

struct ImageSize {
  int width = 0;
  int height = 0;

  bool operator==(const ImageSize&) const = default;
};

// Size of the image that decoding at full size returns.
ImageSize DecodedSize(const ImageHeader& header, bool apply_exif_orientation);

// Decodes a photo of any format that this build reads (`vantage info` lists them), in any colour type and
// depth. Drops alpha and keeps the high byte of 16 bits, as Pillow's convert('RGB') does. Inks become RGB as
// in Pillow. The content decides the format, not the name. Throws Error naming the source if the file is of
// another format, truncated, damaged, larger than max_pixels, or states more pixels than its bytes can
// encode.
Image DecodeImage(std::string_view bytes, const std::string& source, const DecodeOptions& options = {});
Image ReadImage(const std::filesystem::path& path, const DecodeOptions& options = {});

// Reads only the header. Throws Error if the file is of another format or the header is damaged. Does not
// check the size.
ImageHeader ReadImageHeader(const std::filesystem::path& path);

// Turns and mirrors an image that is stored under the EXIF orientation (1 to 8), so that it is upright.
Image ApplyOrientation(Image image, int exif_orientation);

// A JPEG of quality 1 to 100 with 4:2:0 chroma. The same pixels give the same bytes.
std::string EncodeJpeg(const Image& image, int quality);
std::string EncodePng(const Image& image);

// A rectangle in pixels. Left and top are included, right and bottom excluded. May be fractional.
struct Box {
  double left = 0;
  double top = 0;
  double right = 0;
  double bottom = 0;
};

// The part of the image inside the box. The box's edges are rounded half to even, as Pillow's crop does.
// Pixels outside the image are black. Throws Error if the box is empty or entirely outside the image.
Image Crop(const Image& image, const Box& box);

// Pillow's thumbnail((size, size), LANCZOS), bit for bit. The longest side becomes at most `size`; images are
// never enlarged; the aspect ratio is kept as well as whole pixels allow. If a side is reduced by a factor of
// 4 or more, it is first reduced by averaging whole-pixel boxes (reducing_gap = 2). Then Lanczos over 3 lobes
// in 8-bit fixed point, horizontal pass first.
Image Thumbnail(const Image& image, int size);

// Size of Thumbnail's result for an image of this size.
ImageSize ThumbnailSize(int width, int height, int size);

// How training varies photos. By default it does not, as in TPAMI 2019.
struct AugmentationOptions {
  // Photos are first resized to a square of this many pixels per side, whatever their shape. 0: no resizing.
  int square_size = 0;  // MVA 2022: 336, or 504 before a random crop
  // A square of this many pixels per side is cut out at a random place; shorter sides are kept whole. 0: no
  // crop.
  int crop_size = 0;  // MVA 2022: 336
  // A part with the photo's shape is cut out at a random place and resized to the photo's size. Its sides are
  // a random share of the photo's, at least this. [0.01, 1]; 1: no crop.
  double min_crop_scale = 1;
  // Probability that a photo is mirrored left to right. [0, 1].
  double flip_probability = 0;
  // Brightness, contrast and saturation are multiplied by random factors in [1 - x, 1 + x]. [0, 1].
  double brightness = 0;
  double contrast = 0;
  double saturation = 0;

  bool operator==(const AugmentationOptions&) const = default;
};
void Declare(OptionsDescription& description, AugmentationOptions& options);

}  // namespace vantage

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

// An RGB image of 8 bits a channel: height rows of width pixels of 3 bytes, top row first, no padding.
struct Image {
  int width = 0;
  int height = 0;
  std::vector<uint8_t> pixels;

  uint8_t* Row(int y) { return pixels.data() + static_cast<size_t>(y) * static_cast<size_t>(width) * 3; }
  const uint8_t* Row(int y) const {
    return pixels.data() + static_cast<size_t>(y) * static_cast<size_t>(width) * 3;
  }
};

// Throws Error unless the sizes are positive and there are as many pixels as they say: for images that a
// program has filled.
void CheckImage(const Image& image);

// Black.
Image MakeImage(int width, int height);

struct DecodeOptions {
  // Turn and mirror the image as its EXIF orientation says. Off as in cirtorch, whose loader leaves it.
  bool apply_exif_orientation = false;
  // Larger images are an error, found before their memory is taken: at most 24 bytes a pixel and 20 MB.
  // Pixels.
  int64_t max_pixels = int64_t{1} << 28;
  // If a photo's longest side has a multiple of this many pixels and its format can be decoded small (JPEG:
  // at a half, a quarter or an eighth of its size), decode it small, with at least this many pixels on the
  // longest side: several times as fast, up to 16 grey levels away from decoding first and reducing then. 0:
  // always at full size.
  int enough_pixels = 0;
};

enum class ImageColor { kGrey, kRgb, kPalette, kInks };

// What a file says of itself before it is decoded.
struct ImageHeader {
  std::string format;  // "JPEG": one of those that `vantage info` lists
  int width = 0;       // as decoded, before any turn
  int height = 0;
  int exif_orientation = 1;  // 1 to 8, EXIF 2.3 table 6
  // The format turns its photos itself: decoded pixels are upright, whatever DecodeOptions say.
  bool is_upright = false;
  ImageColor color = ImageColor::kRgb;  // as stored; decoding gives RGB
  bool has_alpha = false;               // dropped by decoding
  int bit_depth = 8;                    // bits a channel, or of a palette's index, as stored
};

struct ImageSize {
  int width = 0;
  int height = 0;
};

// The size of the image that decoding at full size gives.
ImageSize DecodedSize(const ImageHeader& header, bool apply_exif_orientation);

// Decodes a photo of any format that this build reads (`vantage info` lists them), in any colour type and
// depth: alpha is dropped and the high byte of 16 bits kept, as Pillow's convert('RGB') does; inks become RGB
// as in Pillow. The file's content tells the format, not its name. Throws Error naming the source if it is of
// another format, truncated, damaged, or larger than allowed or than its bytes can describe.
Image DecodeImage(std::string_view bytes, const std::string& source, const DecodeOptions& options = {});
Image ReadImage(const std::filesystem::path& path, const DecodeOptions& options = {});

// Reads the header only. Throws Error as DecodeImage does for what the header shows.
ImageHeader ReadImageHeader(const std::filesystem::path& path);

// Turns and mirrors so that an image stored under the EXIF orientation (1 to 8) stands upright.
Image ApplyOrientation(Image image, int exif_orientation);

// A JPEG of the quality 1 to 100, 4:2:0 chroma; the same pixels give the same bytes.
std::string EncodeJpeg(const Image& image, int quality);
std::string EncodePng(const Image& image);

// A rectangle in pixels: left and top included, right and bottom excluded; may be fractional.
struct Box {
  double left = 0;
  double top = 0;
  double right = 0;
  double bottom = 0;
};

// The part of the image inside the box, whose edges are rounded half to even as Pillow's crop does; what lies
// outside the image is black. Throws Error where the box is empty or lies wholly outside.
Image Crop(const Image& image, const Box& box);

// Pillow's thumbnail((size, size), LANCZOS), bit for bit: the longest side becomes at most `size` (images are
// never enlarged), the aspect ratio is kept as well as whole pixels allow; where the ratio is 4 or more, an
// integer box reduction comes first (reducing_gap = 2), then Lanczos over 3 lobes in 8-bit fixed point,
// horizontal pass first.
Image Thumbnail(const Image& image, int size);

// The size that Thumbnail gives an image of this size.
ImageSize ThumbnailSize(int width, int height, int size);

// Pillow's resize((width, height), LANCZOS, reducing_gap = 2).
Image ResizeLanczos(const Image& image, int width, int height);

// How photos are varied for training. By default they are not, as in TPAMI 2019.
struct AugmentationOptions {
  // Photos are resized to a square of so many pixels a side first, whatever their shape. 0: not.
  int square_size = 0;  // MVA 2022: 336, or 504 before a random crop
  // A square of so many pixels a side is cut out at a random place (of shorter sides: all of it). 0: none.
  int crop_size = 0;  // MVA 2022: 336
  // A part of the photo's shape is cut out at a random place and resized to the photo's size; its sides are a
  // random share, at least this, of the photo's. Range (0, 1]; 1: none.
  double min_crop_scale = 1;
  // How often a photo is mirrored, left to right. Range [0, 1].
  double flip_probability = 0;
  // Brightness, contrast and saturation are multiplied by random factors in [1 - x, 1 + x]. Range [0, 1].
  double brightness = 0;
  double contrast = 0;
  double saturation = 0;

  bool operator==(const AugmentationOptions&) const = default;
};
void Declare(OptionsDescription& description, AugmentationOptions& options);

}  // namespace vantage

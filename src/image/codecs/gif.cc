// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <array>
#include <vector>

#include "image/codecs/bytes.h"
#include "image/codecs/codec.h"
#include "util/check.h"
#include "util/index.h"

// The first frame of a GIF (GIF89a specification, W3C).
namespace vantage {
namespace {

using image::LittleEndian;

// A code of 12 bits stands for at most 4095 pixels.
constexpr int64_t kPixelsPerByte = 4096 * 8 / 12;
constexpr int kMaxCodes = 4096;

struct Gif {
  int width = 0;  // of the screen, which contains the frame
  int height = 0;
  int left = 0;
  int top = 0;
  int frame_width = 0;
  int frame_height = 0;
  bool is_interlaced = false;
  std::string_view palette;  // three bytes a colour
  int palette_bits = 8;
  int transparent = -1;
  uint64_t data = 0;  // where the frame's compressed pixels begin
};

// The offset after a chain of blocks, which ends with one of length 0. A block is a length and that many
// bytes.
uint64_t SkipBlocks(std::string_view bytes, uint64_t at) {
  while (const uint32_t length = LittleEndian(bytes, at, 1)) at += 1 + length;
  return at + 1;
}

Gif ReadGif(std::string_view bytes, const std::string& source) {
  constexpr uint32_t kHasPalette = 0x80;
  constexpr uint32_t kInterlaced = 0x40;
  const auto number = [&](uint64_t at, uint64_t size = 1) { return LittleEndian(bytes, at, size); };
  Gif gif;
  const auto take_palette = [&](uint64_t at, uint32_t flags) -> uint64_t {
    if ((flags & kHasPalette) == 0) return 0;
    gif.palette_bits = static_cast<int>(flags & 7) + 1;
    const uint64_t size = uint64_t{3} << gif.palette_bits;
    gif.palette = image::Part(bytes, at, size);
    return size;
  };
  uint64_t at = 13;
  at += take_palette(at, number(10));
  for (;;) {
    VANTAGE_CHECK(at < bytes.size(), source, ": truncated GIF: the file ends after ", bytes.size(),
                  " bytes, before its first frame");
    const uint32_t kind = number(at);
    if (kind == 0x21) {                                     // an extension
      if (number(at + 1) == 0xf9 && number(at + 2) == 4) {  // how the frame is shown
        gif.transparent = (number(at + 3) & 1) != 0 ? static_cast<int>(number(at + 6)) : -1;
      }
      at = SkipBlocks(bytes, at + 2);
    } else if (kind == 0x2c) {
      break;
    } else {
      VANTAGE_CHECK(kind != 0x3b, source, ": a GIF without a frame");
      ++at;  // a stray byte
    }
  }
  gif.left = static_cast<int>(number(at + 1, 2));
  gif.top = static_cast<int>(number(at + 3, 2));
  gif.frame_width = static_cast<int>(number(at + 5, 2));
  gif.frame_height = static_cast<int>(number(at + 7, 2));
  // A frame may be larger than the screen: programs enlarge it.
  gif.width = std::max(static_cast<int>(number(6, 2)), gif.left + gif.frame_width);
  gif.height = std::max(static_cast<int>(number(8, 2)), gif.top + gif.frame_height);
  const uint32_t flags = number(at + 9);
  gif.is_interlaced = (flags & kInterlaced) != 0;
  gif.data = at + 10;
  gif.data += take_palette(gif.data, flags);
  return gif;
}

CodecHeader ReadGifHeader(std::string_view bytes, const std::string& source) {
  const Gif gif = ReadGif(bytes, source);
  return {.image = {.width = gif.width,
                    .height = gif.height,
                    .color = ImageColor::kPalette,
                    .has_alpha = gif.transparent >= 0,
                    .bit_depth = gif.palette_bits},
          .pixels_per_byte = kPixelsPerByte};
}

// Codes of a growing number of bits, low bits first, out of the blocks.
class CodeReader {
 public:
  CodeReader(std::string_view bytes, uint64_t at) : bytes_(bytes), at_(at) {}

  // -1: there is no more.
  int Next(int bits) {
    while (count_ < bits) {
      if (left_ == 0) {
        left_ = LittleEndian(bytes_, at_++, 1);
        if (left_ == 0) return -1;
      }
      if (at_ >= bytes_.size()) return -1;
      held_ |= LittleEndian(bytes_, at_++, 1) << count_;
      count_ += 8;
      --left_;
    }
    const auto code = static_cast<int>(held_ & ((1U << bits) - 1));
    held_ >>= bits;
    count_ -= bits;
    return code;
  }

 private:
  std::string_view bytes_;
  uint64_t at_;
  uint32_t left_ = 0;  // bytes of the block
  uint32_t held_ = 0;
  int count_ = 0;  // bits held
};

// The frame's colour indices in the order in which they are stored. LZW: a code stands for a string of
// indices, which is the string of another code and one more index.
std::vector<uint8_t> Decompress(const Gif& gif, std::string_view bytes, const std::string& source) {
  const size_t size = ToIndex(gif.frame_width) * ToIndex(gif.frame_height);
  std::vector<uint8_t> indices;
  indices.reserve(size);
  const auto first_bits = static_cast<int>(LittleEndian(bytes, gif.data, 1));
  VANTAGE_CHECK(first_bits >= 1 && first_bits <= 8, source, ": damaged GIF: codes of ", first_bits, " bits");
  const int clear = 1 << first_bits;
  const int end = clear + 1;
  std::array<int16_t, kMaxCodes> prefix{};
  std::array<uint8_t, kMaxCodes> last{};
  std::array<uint8_t, kMaxCodes> first{};
  std::array<uint8_t, kMaxCodes> reversed{};
  for (int i = 0; i < clear; ++i) last[ToIndex(i)] = first[ToIndex(i)] = static_cast<uint8_t>(i);
  CodeReader codes(bytes, gif.data + 1);
  int next = end + 1;
  int bits = first_bits + 1;
  int previous = -1;
  while (indices.size() < size) {
    const int code = codes.Next(bits);
    VANTAGE_CHECK(code >= 0 && code != end, source, ": truncated GIF: its data end after ", indices.size(),
                  " of ", size, " pixels");
    if (code == clear) {
      next = end + 1;
      bits = first_bits + 1;
      previous = -1;
      continue;
    }
    VANTAGE_CHECK(code < clear || (previous >= 0 && code <= next && code != clear), source,
                  ": damaged GIF: a code that stands for nothing");
    if (previous >= 0 && next < kMaxCodes) {
      prefix[ToIndex(next)] = static_cast<int16_t>(previous);
      first[ToIndex(next)] = first[ToIndex(previous)];
      last[ToIndex(next)] = first[ToIndex(code == next ? previous : code)];
      ++next;
      if (next == 1 << bits && bits < 12) ++bits;
    }
    VANTAGE_CHECK(code < next, source, ": damaged GIF: a code that stands for nothing");
    size_t length = 0;
    int string = code;
    for (; string > end; string = prefix[ToIndex(string)]) reversed[length++] = last[ToIndex(string)];
    indices.push_back(last[ToIndex(string)]);
    while (length > 0 && indices.size() < size) indices.push_back(reversed[--length]);
    previous = code;
  }
  return indices;
}

// The rows in the order in which an interlaced frame stores them: every eighth, those between, ...
std::vector<int> RowOrder(const Gif& gif) {
  std::vector<int> order;
  if (gif.is_interlaced) {
    for (const auto& [start, step] : {std::pair(0, 8), {4, 8}, {2, 4}, {1, 2}}) {
      for (int y = start; y < gif.frame_height; y += step) order.push_back(y);
    }
  } else {
    for (int y = 0; y < gif.frame_height; ++y) order.push_back(y);
  }
  return order;
}

Image DecodeGif(std::string_view bytes, const std::string& source, int /*enough_pixels*/) {
  const Gif gif = ReadGif(bytes, source);
  VANTAGE_CHECK(gif.frame_width > 0 && gif.frame_height > 0, source, ": a GIF whose first frame is empty");
  const std::vector<uint8_t> indices = Decompress(gif, bytes, source);
  const auto put = [&](uint8_t* pixel, int index) {
    for (size_t c = 0; c < 3; ++c) {
      pixel[c] = gif.palette.empty()
                     ? static_cast<uint8_t>(index)
                     : static_cast<uint8_t>(LittleEndian(gif.palette, 3 * ToIndex(index) + c, 1));
    }
  };
  Image image = MakeImage(gif.width, gif.height);
  if (gif.frame_width < gif.width || gif.frame_height < gif.height) {  // filled as by Pillow
    for (size_t i = 0; i < image.pixels.size(); i += 3) put(&image.pixels[i], std::max(gif.transparent, 0));
  }
  size_t at = 0;
  for (const int y : RowOrder(gif)) {
    uint8_t* row = image.Row(gif.top + y) + 3 * gif.left;
    for (int x = 0; x < gif.frame_width; ++x) put(row + 3 * x, indices[at++]);
  }
  return image;
}

}  // namespace

namespace image {

Codec GifCodec() {
  return {.name = "GIF",
          .extensions = {".gif"},
          .matches =
              [](std::string_view head) { return head.starts_with("GIF87a") || head.starts_with("GIF89a"); },
          .read_header = ReadGifHeader,
          .decode = DecodeGif,
          .bytes_per_pixel = 4,
          .fixed_bytes = 4 << 20};
}

}  // namespace image
}  // namespace vantage

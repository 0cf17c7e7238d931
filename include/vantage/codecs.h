// SPDX-License-Identifier: BSD-3-Clause
// Photo formats: those that this build reads, and registering others.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "vantage/image.h"
#include "vantage/position.h"

namespace vantage {

// What a codec reads from a photo's header before decoding.
struct CodecHeader {
  ImageHeader image;
  // The most pixels that one byte of such a file can encode. A file whose header claims more is rejected.
  int64_t pixels_per_byte = 1;
  std::optional<GeoPosition> position = {};  // where the photo was taken, from EXIF
};

// A photo format. Each of vantage's own formats is one file in src/image/codecs; CONTRIBUTING.md explains how
// to add one.
struct Codec {
  std::string name;                     // "JPEG"
  std::vector<std::string> extensions;  // of its files: lower case, with the dot, the most common first

  // Whether a file has this format, judged by its first kHeadSize bytes (fewer if the file is shorter).
  bool (*matches)(std::string_view head) = nullptr;
  static constexpr size_t kHeadSize = 64;

  // Reads only the header. Allocates no memory in proportion to numbers in the header. Throws Error naming
  // the source if the header is damaged.
  CodecHeader (*read_header)(std::string_view bytes, const std::string& source) = nullptr;

  // Decodes a file whose header was read and whose size is allowed. The image has the size in the header. If
  // the format can be decoded at reduced size and enough_pixels > 0, the image may be smaller, with a longest
  // side of at least enough_pixels. Drops alpha. Keeps the high 8 bits of deeper channels. Throws Error
  // naming the source if the file is truncated or damaged, std::bad_alloc if memory runs out. Called from
  // many threads at a time.
  Image (*decode)(std::string_view bytes, const std::string& source, int enough_pixels) = nullptr;
  // Whether `decode` may return a smaller image if enough_pixels > 0.
  bool decodes_small = false;

  // Upper bound on the memory that decoding uses besides the file: bytes_per_pixel for each pixel, plus
  // fixed_bytes.
  int64_t bytes_per_pixel = 24;
  int64_t fixed_bytes = 20 << 20;
  // False if the bound holds for photos but not for hostile files, since the library cannot be limited.
  bool limits_hostile_files = true;

  // Whether COLMAP can read the format. If not, reconstruction leaves its photos out.
  bool colmap_reads = true;

  // Encodes an image, for tests and as seeds for fuzzing. Null if there is no encoder; the tests then need a
  // sample file (tests/image/codecs_test.cc).
  std::string (*encode)(const Image& image) = nullptr;
  // Whether decoding what `encode` wrote returns the same pixels.
  bool encodes_exactly = true;
};

// All photo formats: vantage's own, then registered ones.
std::span<const Codec> Codecs();

// Registers a format. Call it at the start of a program. Throws Error if the table was already used (a photo
// was read, a folder was listed, options were checked), if another format has the name, or if the codec lacks
// a name, an extension or a function other than `encode`.
void RegisterCodec(Codec codec);

}  // namespace vantage

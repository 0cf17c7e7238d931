// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "vantage/image.h"

namespace vantage::image {

// What a codec says of a photo before decoding it.
struct CodecHeader {
  ImageHeader image;
  // Most pixels that a byte of such a file can describe: a header that says more is a lie.
  int64_t pixels_per_byte = 1;
};

// A photo format: a file of this folder makes it, and codecs.cc has it in its table. CONTRIBUTING.md says how
// to add one.
struct Codec {
  std::string_view name;                // "JPEG"
  std::vector<std::string> extensions;  // of its files, in lower case, with the dot; the commonest first

  // Whether a file is of this format by its first kHeadSize bytes (fewer if it is shorter).
  bool (*matches)(std::string_view head) = nullptr;

  // Reads the header only. Takes no memory that the header asks for. Throws Error naming the source if the
  // header is damaged.
  CodecHeader (*read_header)(std::string_view bytes, const std::string& source) = nullptr;

  // Decodes a file whose header has been read and whose size is allowed: to the size in its header, or, if
  // the format can be decoded small and enough_pixels > 0, to a smaller one whose longest side is at least
  // enough_pixels. Alpha is dropped, and of more than 8 bits a channel the high 8 are kept. Throws Error
  // naming the source if the file is truncated or damaged, std::bad_alloc if memory is short.
  Image (*decode)(std::string_view bytes, const std::string& source, int enough_pixels) = nullptr;
  bool decodes_small = false;

  // Most memory that decoding takes, besides the file.
  int64_t bytes_per_pixel = 24;
  int64_t fixed_bytes = 20 << 20;

  // COLMAP gets photos of formats that it reads.
  bool colmap_reads = true;

  // Writes an image: for tests and seeds of fuzzing. Null if there is no encoder; then the tests want a
  // sample (tests/image/codecs_test.cc).
  std::string (*encode)(const Image& image) = nullptr;
  bool encodes_exactly = true;
};

constexpr size_t kHeadSize = 64;

// All photo formats of this build.
std::span<const Codec> Codecs();

// The format by the first bytes; null if it is none of these.
const Codec* FindCodec(std::string_view bytes, std::span<const Codec> codecs = Codecs());

// Those that have a fact: CodecsThat(&Codec::decodes_small).
std::vector<Codec> CodecsThat(bool Codec::*fact, std::span<const Codec> codecs = Codecs());

// The first kHeadSize bytes of a file; "" if it cannot be read.
std::string ReadHead(const std::filesystem::path& path);

// "JPEG or PNG".
std::string CodecNames(std::span<const Codec> codecs = Codecs());

// DecodeImage for a known format. Checks the size that the header says before the codec decodes.
Image DecodeWith(const Codec& codec, std::string_view bytes, const std::string& source,
                 const DecodeOptions& options);

}  // namespace vantage::image

// SPDX-License-Identifier: BSD-3-Clause
// Photo formats: those that this build reads, and adding one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "vantage/image.h"

namespace vantage {

// What a codec says of a photo before decoding it.
struct CodecHeader {
  ImageHeader image;
  // Most pixels that a byte of such a file can describe: a header that says more is a lie.
  int64_t pixels_per_byte = 1;
};

// A photo format. vantage's own are a file each in src/image/codecs; CONTRIBUTING.md says how to add one.
struct Codec {
  std::string name;                     // "JPEG"
  std::vector<std::string> extensions;  // of its files, in lower case, with the dot; the commonest first

  // Whether a file is of this format by its first kHeadSize bytes (fewer if it is shorter).
  bool (*matches)(std::string_view head) = nullptr;
  static constexpr size_t kHeadSize = 64;

  // Reads the header only. Takes no memory that the header asks for. Throws Error naming the source if the
  // header is damaged.
  CodecHeader (*read_header)(std::string_view bytes, const std::string& source) = nullptr;

  // Decodes a file whose header has been read and whose size is allowed: to the size in its header, or, if
  // the format can be decoded small and enough_pixels > 0, to a smaller one whose longest side is at least
  // enough_pixels. Alpha is dropped, and of more than 8 bits a channel the high 8 are kept. Throws Error
  // naming the source if the file is truncated or damaged, std::bad_alloc if memory is short. Called by many
  // threads at a time.
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

// All photo formats: vantage's own, then those that programs registered.
std::span<const Codec> Codecs();

// Adds a format, at the start of a program. Throws Error after the first use of the table (photos read,
// folders walked, options checked), if the name is another format's, or if the codec lacks a name, an
// extension or a function other than `encode`.
void RegisterCodec(Codec codec);

}  // namespace vantage

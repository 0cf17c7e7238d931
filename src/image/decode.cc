// SPDX-License-Identifier: BSD-3-Clause
#include "image/codecs/codec.h"
#include "util/check.h"
#include "util/file.h"
#include "vantage/image.h"
#include "vantage/position.h"

namespace vantage {
namespace {

constexpr uint64_t kMaxFileSize = uint64_t{1} << 30;

std::string FirstBytes(std::string_view bytes) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string hex = "0x";
  for (const char c : bytes.substr(0, 4)) {
    hex += kDigits[static_cast<unsigned char>(c) >> 4];
    hex += kDigits[static_cast<unsigned char>(c) & 15];
  }
  return hex;
}

const Codec& CodecOf(std::string_view bytes, const std::string& source) {
  VANTAGE_CHECK(!bytes.empty(), source, ": the file is empty");
  const Codec* codec = image::FindCodec(bytes);
  const std::string other = image::OtherFormat(bytes.substr(0, Codec::kHeadSize));
  VANTAGE_CHECK(other.empty(), source, ": this build does not read ", other, "; it reads ",
                image::CodecNames());
  VANTAGE_CHECK(codec != nullptr, source, ": not a ", image::CodecNames(), " (starts with ",
                FirstBytes(bytes), ")");
  return *codec;
}

void CheckSize(const CodecHeader& header, uint64_t bytes_in_file, const DecodeOptions& options,
               const std::string& source) {
  const int64_t width = header.image.width;
  const int64_t height = header.image.height;
  VANTAGE_CHECK(width > 0 && height > 0, source, ": an image of ", width, " x ", height, " pixels");
  VANTAGE_CHECK(width <= options.max_pixels / height, source, ": ", width, " x ", height,
                " pixels are more than the ", options.max_pixels, " allowed");
  VANTAGE_CHECK(width * height / header.pixels_per_byte <= static_cast<int64_t>(bytes_in_file), source,
                ": the header says ", width, " x ", height, " pixels, which the file's ", bytes_in_file,
                " bytes cannot hold");
}

}  // namespace

Image image::DecodeWith(const Codec& codec, std::string_view bytes, const std::string& source,
                        const DecodeOptions& options) {
  const CodecHeader header = codec.read_header(bytes, source);
  CheckSize(header, bytes.size(), options, source);
  Image image = codec.decode(bytes, source, options.enough_pixels);
  if (!options.apply_exif_orientation || header.image.is_upright) return image;
  return ApplyOrientation(std::move(image), header.image.exif_orientation);
}

Image DecodeImage(std::string_view bytes, const std::string& source, const DecodeOptions& options) {
  return image::DecodeWith(CodecOf(bytes, source), bytes, source, options);
}

Image ReadImage(const std::filesystem::path& path, const DecodeOptions& options) {
  return DecodeImage(ReadFile(path, kMaxFileSize), path.string(), options);
}

ImageHeader ReadImageHeader(const std::filesystem::path& path) {
  const std::string bytes = ReadFile(path, kMaxFileSize);
  const Codec& codec = CodecOf(bytes, path.string());
  ImageHeader header = codec.read_header(bytes, path.string()).image;
  header.format = codec.name;
  return header;
}

std::optional<GeoPosition> ReadPosition(const std::filesystem::path& photo) {
  const std::string bytes = ReadFile(photo, kMaxFileSize);
  return CodecOf(bytes, photo.string()).read_header(bytes, photo.string()).position;
}

ImageSize DecodedSize(const ImageHeader& header, bool apply_exif_orientation) {
  const bool swaps_axes = apply_exif_orientation && !header.is_upright && header.exif_orientation >= 5;
  return swaps_axes ? ImageSize{header.height, header.width} : ImageSize{header.width, header.height};
}

}  // namespace vantage

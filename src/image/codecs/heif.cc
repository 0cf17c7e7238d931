// SPDX-License-Identifier: BSD-3-Clause
#include <libheif/heif.h>

#include <cstring>
#include <memory>
#include <new>
#include <vector>

#include "image/codecs/bytes.h"
#include "image/codecs/codec.h"
#include "image/codecs/exif.h"
#include "util/check.h"
#include "util/index.h"

// HEIC and AVIF: the primary image of a HEIF file (ISO/IEC 23008-12), by libheif, which turns it as the file
// says. The orientation in its EXIF block does not count (section A.2.1).
namespace vantage {
namespace {

template <auto kFree>
struct Release {
  template <typename T>
  void operator()(T* object) const {
    kFree(object);
  }
};
using Context = std::unique_ptr<heif_context, Release<heif_context_free>>;
using Handle = std::unique_ptr<heif_image_handle, Release<heif_image_handle_release>>;
using Pixels = std::unique_ptr<heif_image, Release<heif_image_release>>;
using Options = std::unique_ptr<heif_decoding_options, Release<heif_decoding_options_free>>;

void Check(const heif_error& error, const std::string& source) {
  if (error.code == heif_error_Memory_allocation_error && error.subcode == heif_suberror_Unspecified)
    throw std::bad_alloc();
  VANTAGE_CHECK(error.code == heif_error_Ok, source,
                ": damaged HEIF: ", error.message == nullptr ? "libheif cannot decode it" : error.message);
}

// A file and its primary image.
struct Heif {
  Context context{heif_context_alloc()};
  Handle primary;

  Heif(std::string_view bytes, const std::string& source) {
    if (context == nullptr) throw std::bad_alloc();
    heif_context_set_max_decoding_threads(context.get(), 0);
    Check(heif_context_read_from_memory_without_copy(context.get(), bytes.data(), bytes.size(), nullptr),
          source);
    heif_image_handle* handle = nullptr;
    Check(heif_context_get_primary_image_handle(context.get(), &handle), source);
    primary.reset(handle);
  }
};

// The EXIF block of the primary image, without the 4 bytes that say where it begins; "" if there is none.
std::string ExifOf(const heif_image_handle* primary) {
  constexpr size_t kOffsetSize = 4;
  heif_item_id id = 0;
  if (heif_image_handle_get_list_of_metadata_block_IDs(primary, "Exif", &id, 1) != 1) return {};
  std::string block(heif_image_handle_get_metadata_size(primary, id), '\0');
  if (block.size() <= kOffsetSize ||
      heif_image_handle_get_metadata(primary, id, block.data()).code != heif_error_Ok) {
    return {};
  }
  return block.substr(kOffsetSize);
}

CodecHeader ReadHeifHeader(std::string_view bytes, const std::string& source) {
  const Heif heif(bytes, source);
  return {.image = {.width = heif_image_handle_get_width(heif.primary.get()),
                    .height = heif_image_handle_get_height(heif.primary.get()),
                    .is_upright = true,
                    .has_alpha = heif_image_handle_has_alpha_channel(heif.primary.get()) != 0,
                    .bit_depth = heif_image_handle_get_luma_bits_per_pixel(heif.primary.get())},
          .pixels_per_byte = int64_t{1} << 20,
          .position = image::ExifPosition(ExifOf(heif.primary.get()))};
}

Image DecodeHeif(std::string_view bytes, const std::string& source, int /*enough_pixels*/) {
  const Heif heif(bytes, source);
  const Options options(heif_decoding_options_alloc());
  options->convert_hdr_to_8bit = 1;
  heif_image* decoded = nullptr;
  const heif_error error = heif_decode_image(heif.primary.get(), &decoded, heif_colorspace_RGB,
                                             heif_chroma_interleaved_RGB, options.get());
  const Pixels pixels(decoded);
  Check(error, source);
  int stride = 0;
  const uint8_t* plane = heif_image_get_plane_readonly(pixels.get(), heif_channel_interleaved, &stride);
  const int width = heif_image_handle_get_width(heif.primary.get());
  const int height = heif_image_handle_get_height(heif.primary.get());
  VANTAGE_CHECK(plane != nullptr && heif_image_get_width(pixels.get(), heif_channel_interleaved) == width &&
                    heif_image_get_height(pixels.get(), heif_channel_interleaved) == height,
                source, ": damaged HEIF: the image has another size than the header says");
  Image image = MakeImage(width, height);
  for (int y = 0; y < height; ++y)
    std::memcpy(image.Row(y), plane + ToIndex(y) * ToIndex(stride), 3 * ToIndex(width));
  return image;
}

// Whether the file type box names the brand, as the major or a compatible one.
bool HasBrand(std::string_view head, std::string_view brand) {
  for (uint64_t at = 8; at + 4 <= head.size(); at += at == 8 ? 8 : 4) {
    if (head.substr(at, 4) == brand) return true;
  }
  return false;
}

bool IsHeif(std::string_view head) { return image::Part(head, 4, 4) == "ftyp"; }

bool IsAvif(std::string_view head) {
  return IsHeif(head) && (HasBrand(head, "avif") || HasBrand(head, "avis"));
}

bool IsHeic(std::string_view head) {
  if (!IsHeif(head) || IsAvif(head)) return false;
  for (const char* brand : {"heic", "heix", "heim", "heis", "hevc", "hevx", "mif1", "msf1"}) {
    if (HasBrand(head, brand)) return true;
  }
  return false;
}

}  // namespace

namespace image {

// The codecs for which libheif has a decoder.
std::vector<Codec> HeifCodecs() {
  heif_init(nullptr);
  Codec heic{.name = "HEIC",
             .extensions = {".heic", ".heif", ".hif"},
             .matches = IsHeic,
             .read_header = ReadHeifHeader,
             .decode = DecodeHeif,
             .bytes_per_pixel = 40,
             .fixed_bytes = 64 << 20,
             .limits_hostile_files = false,  // the coded frame may be larger than the file's header says
             .colmap_reads = false};
  Codec avif = heic;
  avif.name = "AVIF";
  avif.extensions = {".avif"};
  avif.matches = IsAvif;
  std::vector<Codec> codecs;
  if (heif_have_decoder_for_format(heif_compression_HEVC) != 0) codecs.push_back(std::move(heic));
  if (heif_have_decoder_for_format(heif_compression_AV1) != 0) codecs.push_back(std::move(avif));
  return codecs;
}

}  // namespace image
}  // namespace vantage

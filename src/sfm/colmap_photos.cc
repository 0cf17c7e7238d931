// SPDX-License-Identifier: BSD-3-Clause
#include "sfm/colmap_photos.h"

#include <cstdint>
#include <map>
#include <string_view>

#include "util/log.h"
#include "util/string.h"

namespace vantage::sfm {

std::vector<std::filesystem::path> PhotosForColmap(const std::filesystem::path& folder,
                                                   std::vector<std::filesystem::path> photos,
                                                   std::span<const Codec> codecs) {
  const std::vector<Codec> readable = image::CodecsThat(&Codec::colmap_reads, codecs);
  if (readable.size() == codecs.size()) return photos;
  std::map<std::string_view, int64_t> left_out;
  std::erase_if(photos, [&](const std::filesystem::path& photo) {
    const Codec* codec = image::FindCodec(image::ReadHead(folder / photo), codecs);
    if (codec == nullptr || codec->colmap_reads) return false;
    ++left_out[codec->name];
    return true;
  });
  for (const auto& [name, count] : left_out) {
    LogWarning(folder.string(), ": COLMAP does not read ", name, ": ", count,
               " photos are left out; convert them to ", image::CodecNames(readable));
  }
  return photos;
}

}  // namespace vantage::sfm

// SPDX-License-Identifier: BSD-3-Clause
#include "vantage/report/thumbnail.h"

#include "vantage/image/image.h"
#include "vantage/util/error.h"
#include "vantage/util/parallel.h"

namespace vantage {

PhotoThumbnail MakeThumbnail(const std::filesystem::path& photo, const ThumbnailOptions& options) {
  PhotoThumbnail thumbnail;
  try {
    if (!std::filesystem::exists(photo)) throw Error("no such file");
    const DecodeOptions decode{.apply_exif_orientation = options.apply_exif_orientation,
                               .enough_pixels = 2 * options.size};
    const Image small = Thumbnail(ReadImage(photo, decode), options.size);
    thumbnail.jpeg = EncodeJpeg(small, options.quality);
    thumbnail.width = small.width;
    thumbnail.height = small.height;
  } catch (const std::exception& error) {  // of the file system and for lack of memory too
    thumbnail.problem = error.what();
    const std::string prefix = photo.string() + ": ";
    if (thumbnail.problem.rfind(prefix, 0) == 0) thumbnail.problem.erase(0, prefix.size());
  }
  return thumbnail;
}

std::vector<PhotoThumbnail> MakeThumbnails(const std::vector<std::filesystem::path>& photos,
                                           const ThumbnailOptions& options, const RunContext& context) {
  const auto count = static_cast<int64_t>(photos.size());
  const int threads = context.ThreadCount();
  OrderedPrefetch<PhotoThumbnail> prefetch(count, threads, 4 * threads, [&](int64_t i) {
    return MakeThumbnail(photos[static_cast<size_t>(i)], options);
  });
  std::vector<PhotoThumbnail> thumbnails;
  while (std::optional<PhotoThumbnail> next = prefetch.Next()) {
    context.CheckCancelled();
    thumbnails.push_back(*std::move(next));
    context.Report({"thumbnails", static_cast<int64_t>(thumbnails.size()), count, ""});
  }
  return thumbnails;
}

}  // namespace vantage

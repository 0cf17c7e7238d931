// SPDX-License-Identifier: BSD-3-Clause
#include "report/thumbnail.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "util/index.h"
#include "util/parallel.h"
#include "vantage/error.h"
#include "vantage/image.h"

namespace vantage::report {
namespace {

constexpr int kOutline = 2;  // pixels
constexpr std::array<uint8_t, 3> kOutlineColor = {255, 214, 0};

// Draws the box's outline, clipped to the image.
void Outline(Image& image, const Box& box, double scale) {
  const auto pixel = [&](double at, int size) {
    return std::clamp(static_cast<int>(std::lround(std::clamp(at * scale, -1e6, 1e6))), 0, size);
  };
  const int left = pixel(box.left, image.width);
  const int right = pixel(box.right, image.width);
  const int top = pixel(box.top, image.height);
  const int bottom = pixel(box.bottom, image.height);
  for (int y = top; y < bottom; ++y) {
    for (int x = left; x < right; ++x) {
      const int inside = std::min({x - left, right - 1 - x, y - top, bottom - 1 - y});
      if (inside < kOutline) std::copy(kOutlineColor.begin(), kOutlineColor.end(), image.Row(y) + 3 * x);
    }
  }
}

}  // namespace

void Declare(OptionsDescription& description, ThumbnailOptions& options) {
  description.Add("thumbnail_size", options.size, "Longest side of the photos in the page, pixels")
      .Range(16, 2048);
  description.Add("thumbnail_quality", options.quality, "JPEG quality of the photos in the page")
      .Range(1, 100);
}

PhotoThumbnail MakeThumbnail(const std::filesystem::path& photo, const ThumbnailOptions& options,
                             const std::optional<Box>& box) {
  CheckOptions(options);
  PhotoThumbnail thumbnail;
  try {
    if (!std::filesystem::exists(photo)) throw Error("no such file");
    const bool turns = !box;
    const DecodeOptions decode{.apply_exif_orientation = turns, .enough_pixels = 2 * options.size};
    Image small = Thumbnail(ReadImage(photo, decode), options.size);
    if (box) {
      const ImageSize full = DecodedSize(ReadImageHeader(photo), turns);
      Outline(small, *box, static_cast<double>(small.width) / full.width);
    }
    thumbnail.jpeg = EncodeJpeg(small, options.quality);
    thumbnail.width = small.width;
    thumbnail.height = small.height;
  } catch (const std::exception& error) {  // file system errors and lack of memory too
    thumbnail.problem = error.what();
    const std::string prefix = photo.string() + ": ";
    if (thumbnail.problem.rfind(prefix, 0) == 0) thumbnail.problem.erase(0, prefix.size());
  }
  return thumbnail;
}

std::vector<PhotoThumbnail> MakeThumbnails(const std::vector<std::filesystem::path>& photos,
                                           const ThumbnailOptions& options, const RunContext& context,
                                           const std::vector<std::optional<Box>>& boxes) {
  CheckOptions(options);
  const auto count = std::ssize(photos);
  const int threads = context.ThreadCount();
  OrderedPrefetch<PhotoThumbnail> prefetch(count, threads, 4 * threads, [&](int64_t i) {
    const auto at = ToIndex(i);
    return MakeThumbnail(photos[at], options, boxes.empty() ? std::nullopt : boxes.at(at));
  });
  std::vector<PhotoThumbnail> thumbnails;
  while (std::optional<PhotoThumbnail> next = prefetch.Next()) {
    context.CheckCancelled();
    thumbnails.push_back(*std::move(next));
    context.Report({"thumbnails", std::ssize(thumbnails), count, ""});
  }
  return thumbnails;
}

}  // namespace vantage::report

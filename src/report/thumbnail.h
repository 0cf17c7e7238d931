// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "vantage/image.h"
#include "vantage/options.h"
#include "vantage/run_context.h"

namespace vantage::report {

// docs/reference/report.md explains each option.
struct ThumbnailOptions {
  int size = 200;  // photos are never enlarged
  int quality = 80;
};
void Declare(OptionsDescription& description, ThumbnailOptions& options);

// A small JPEG of a photo, or the reason why there is none.
struct PhotoThumbnail {
  std::string jpeg;  // empty if the photo cannot be read
  int width = 0;     // of the thumbnail, pixels
  int height = 0;
  std::string problem;  // "no such file"; without the photo's path
};

// Decodes a photo, turns it by its EXIF orientation, reduces (Thumbnail of image.h) and encodes it. box: a
// part of the photo to outline, in pixels of the stored photo; such a photo is not turned. Does not throw for
// a bad photo.
PhotoThumbnail MakeThumbnail(const std::filesystem::path& photo, const ThumbnailOptions& options,
                             const std::optional<Box>& box = std::nullopt);

// Thumbnails of all photos, made on the context's threads. boxes: one per photo, or empty. Throws
// Interrupted.
std::vector<PhotoThumbnail> MakeThumbnails(const std::vector<std::filesystem::path>& photos,
                                           const ThumbnailOptions& options, const RunContext& context = {},
                                           const std::vector<std::optional<Box>>& boxes = {});

}  // namespace vantage::report

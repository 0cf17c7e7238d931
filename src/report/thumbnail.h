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
  bool apply_exif_orientation = false;  // off: as networks see them by default
};
void Declare(OptionsDescription& description, ThumbnailOptions& options);

// A small JPEG of a photo, or why there is none.
struct PhotoThumbnail {
  std::string jpeg;  // empty where the photo cannot be read
  int width = 0;     // of the thumbnail, pixels
  int height = 0;
  std::string problem;  // "no such file"; without the photo's path
};

// Decodes, reduces (Thumbnail of image.h) and encodes a photo. box: a part of the photo, pixels, to be marked
// by its outline; of photos that are not turned. Throws nothing for a bad photo.
PhotoThumbnail MakeThumbnail(const std::filesystem::path& photo, const ThumbnailOptions& options,
                             const std::optional<Box>& box = std::nullopt);

// Of each photo, on the context's threads. boxes: of the photos, or empty. Throws Interrupted.
std::vector<PhotoThumbnail> MakeThumbnails(const std::vector<std::filesystem::path>& photos,
                                           const ThumbnailOptions& options, const RunContext& context = {},
                                           const std::vector<std::optional<Box>>& boxes = {});

}  // namespace vantage::report

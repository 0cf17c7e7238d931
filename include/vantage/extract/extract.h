// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "vantage/config/options_description.h"
#include "vantage/image/image.h"
#include "vantage/nn/descriptor_net.h"
#include "vantage/search/descriptors.h"
#include "vantage/util/run_context.h"

namespace vantage {

struct ExtractOptions {
  // Photos are reduced so that their longest side has at most so many pixels; never enlarged.
  int image_size = 1024;  // TPAMI 2019, section 5.1: 1024 for testing, 362 for training
  // Turn photos as their EXIF orientation says. Off as in cirtorch.
  bool apply_exif_orientation = false;
  // Scales that a photo, reduced to image_size, is described at; see DescriptorNet::Forward.
  std::vector<double> scales = {1};
};
void Describe(OptionsDescription& description, ExtractOptions& options);

// A photo, or the part of one inside a box (pixels of the full photo).
struct PhotoRequest {
  std::filesystem::path path;
  std::optional<Box> box;
};

// A photo reduced to the size that the network takes. A box is cut out first and reduced by the factor that
// the whole photo would be, as cirtorch does for the queries of Oxford and Paris. Throws Error naming the
// photo.
Image LoadPhoto(const PhotoRequest& request, const ExtractOptions& options);

// "1,0.7071,0.5": one to sixteen numbers in [0.01, 16]. Throws UsageError.
std::vector<double> ParseScales(const std::string& text);

struct FailedRequest {
  int64_t index = 0;  // of the request
  std::string reason;
};

struct ExtractedDescriptors {
  DescriptorMatrix values;  // a row for each request; zero where it failed
  std::vector<FailedRequest> failed;
};

// Describes photos. A photo that cannot be read or is too small for the network is
// counted and named, and the rest goes on. The result does not depend on the number of threads. Throws
// Interrupted.
ExtractedDescriptors ExtractDescriptors(const DescriptorNet& net, const std::vector<PhotoRequest>& requests,
                                        const ExtractOptions& options, const RunContext& context = {});

// Photos named by a list: folders (searched recursively; names are relative to them), text files (.txt) with
// a path a line (relative to the file), and photos themselves. Throws Error where one is missing, there is no
// photo, or a name repeats.
struct NamedPhotos {
  std::vector<std::string> names;
  std::vector<PhotoRequest> requests;
};
NamedPhotos ListPhotos(const std::vector<std::string>& sources);

}  // namespace vantage

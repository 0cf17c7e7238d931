// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "vantage/descriptors/descriptors.h"
#include "vantage/image/image.h"
#include "vantage/nn/super_global_pooling.h"
#include "vantage/util/run_context.h"

namespace vantage {

class Describer;
class DescriptorStore;

// Photos of equal size that share a pass on a GPU have together at most so many pixels, where no option says.
inline constexpr int64_t kGpuBatchPixels = int64_t{1} << 22;

struct ExtractOptions {
  // Photos are reduced so that their longest side has at most so many pixels; never enlarged.
  int image_size = 1024;  // TPAMI 2019, section 5.1: 1024 for testing, 362 for training
  // Turn photos as their EXIF orientation says. Off as in cirtorch.
  bool apply_exif_orientation = false;
  // Scales that a photo, reduced to image_size, is described at; see DescriptorNet::Forward.
  std::vector<double> scales = {1};
  // "exact": JPEGs are decoded at full resolution, as cirtorch does. "fast": at a half, a quarter or an
  // eighth where that is still as large as image_size; descriptors change a little (docs/performance.md).
  // Parts of photos are decoded exactly in any case.
  std::string decode = "exact";
  // What the trunk computes in: see nn/precision.h.
  std::string precision = "fp32";
  // Photos of exactly equal size share a pass through the network while they have together at most so many
  // pixels. 0: each alone on a CPU, where nothing is won by it, and 2^22 on a GPU.
  int64_t batch_pixels = 0;
  // Pooling other than the model's own.
  SuperGlobalPooling super_global;
};

// Throws UsageError naming the first option whose value breaks its rule.
void CheckOptions(const ExtractOptions& options);

// A photo, or the part of one inside a box (pixels of the full photo).
struct PhotoRequest {
  std::filesystem::path path;
  std::optional<Box> box;
  // Turned clockwise by so many degrees, 0, 90, 180 or 270, after any turn by EXIF and before the box is cut.
  int turn = 0;
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

// Describes photos. A photo that cannot be read or is too small for the network is counted and named, and the
// rest goes on; each photo is described or among the failed. Worker threads decode ahead; on a CPU each
// describes what it has decoded, so that the cores work on photos side by side. Photos are looked through for
// equal sizes a window of consecutive ones at a time, which depends on the list and the options only: so does
// each bit of the result, unless memory ran short, and not on the number of threads or on where a run of the
// same list was interrupted. With a store, descriptors are kept there as they are made; photos that it holds
// are not described again. Memory: the descriptors and what the photos in work take. Throws Interrupted;
// Error for lack of memory or a fault of the device.
ExtractedDescriptors ExtractDescriptors(const Describer& describer, const std::vector<PhotoRequest>& requests,
                                        const RunContext& context = {}, DescriptorStore* store = nullptr);

// Photos named by a list: folders (searched recursively; names are relative to them), text files (.txt) with
// a path a line (relative to the file), and photos themselves. Throws Error where one is missing, there is no
// photo, or a name repeats.
struct NamedPhotos {
  std::vector<std::string> names;
  std::vector<PhotoRequest> requests;
};
NamedPhotos ListPhotos(const std::vector<std::string>& sources);

// One of the n contiguous blocks that a list of photos is split into for n machines.
struct Shard {
  int64_t index = 1;  // 1 .. count
  int64_t count = 1;
};
// "2/8". Throws UsageError.
Shard ParseShard(const std::string& text);
NamedPhotos SelectShard(const NamedPhotos& photos, const Shard& shard);

// Describes named photos, failed ones left out and listed. Throws Error where all fail.
DescriptorFile ExtractNamedPhotos(const Describer& describer, NamedPhotos photos,
                                  const RunContext& context = {}, DescriptorStore* store = nullptr);

}  // namespace vantage

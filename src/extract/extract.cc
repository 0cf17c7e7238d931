// SPDX-License-Identifier: BSD-3-Clause
#include "vantage/extract/extract.h"

#include <ATen/ops/empty.h>
#include <c10/core/InferenceMode.h>
#include <c10/util/Exception.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "vantage/nn/intra_op_threads.h"
#include "vantage/util/error.h"
#include "vantage/util/log.h"
#include "vantage/util/parallel.h"
#include "vantage/util/string.h"

namespace vantage {
namespace {

struct Row {
  std::vector<float> values;  // empty where the photo failed
  std::string reason;
};

Row DescribePhoto(const DescriptorNet& net, const PhotoRequest& request, const ExtractOptions& options) {
  const c10::InferenceMode inference;
  Row row;
  try {
    const Image image = LoadPhoto(request, options);
    const at::Tensor descriptor =
        net.Forward(ImagesToTensor({image}, net.normalization), options.scales).cpu().contiguous();
    const float* values = descriptor.const_data_ptr<float>();
    row.values.assign(values, values + descriptor.numel());
    for (const float value : row.values) {
      VANTAGE_CHECK(std::isfinite(value), request.path.string(), ": its descriptor is not finite");
    }
  } catch (const c10::Error& error) {
    // A feature map without locations.
    row.values.clear();
    row.reason =
        StrCat(request.path.string(), ": too small for the network: ", error.what_without_backtrace());
  } catch (const Interrupted&) {
    throw;
  } catch (const Error& error) {
    row.values.clear();
    row.reason = error.what();
  }
  return row;
}

}  // namespace

void Describe(OptionsDescription& description, ExtractOptions& options) {
  description.Add("image_size", options.image_size, "Longest side that photos are reduced to, pixels")
      .Range(16, 16384)
      .Flag("size");
  description.Add("apply_exif_orientation", options.apply_exif_orientation,
                  "Turn photos as their EXIF orientation says");
}

std::vector<double> ParseScales(const std::string& text) {
  std::vector<double> scales;
  for (const std::string& part : SplitText(text, ',')) {
    double scale = 0;
    try {
      scale = ParseDouble(part, "scales");
    } catch (const Error&) {  // said below
    }
    if (!(scale >= 0.01 && scale <= 16)) {
      throw UsageError(StrCat("scales: '", part, "' in '", text, "' is not a number in [0.01, 16]"));
    }
    scales.push_back(scale);
  }
  if (scales.empty() || scales.size() > 16)
    throw UsageError(StrCat("scales: one to sixteen, not '", text, "'"));
  return scales;
}

Image LoadPhoto(const PhotoRequest& request, const ExtractOptions& options) {
  DecodeOptions decode;
  decode.apply_exif_orientation = options.apply_exif_orientation;
  const Image photo = ReadImage(request.path, decode);
  if (!request.box) return Thumbnail(photo, options.image_size);
  try {
    const Image part = Crop(photo, *request.box);
    const double share =
        static_cast<double>(std::max(part.width, part.height)) / std::max(photo.width, photo.height);
    return Thumbnail(part, std::max(1, static_cast<int>(options.image_size * share)));
  } catch (const Error& error) {
    throw Error(StrCat(request.path.string(), ": ", error.what()));
  }
}

ExtractedDescriptors ExtractDescriptors(const DescriptorNet& net, const std::vector<PhotoRequest>& requests,
                                        const ExtractOptions& options, const RunContext& context) {
  const auto count = static_cast<int64_t>(requests.size());
  ExtractedDescriptors extracted;
  extracted.values.setZero(count, net.dimension());
  const IntraOpThreads one_thread_a_photo(1);
  const int threads = context.ThreadCount();
  OrderedPrefetch<Row> rows(count, threads, 2 * threads, [&](int64_t i) {
    context.CheckCancelled();
    one_thread_a_photo.Enter();
    return DescribePhoto(net, requests[static_cast<size_t>(i)], options);
  });
  for (int64_t i = 0; i < count; ++i) {
    const Row row = *rows.Next();
    if (row.values.empty()) {
      LogWarning(row.reason, "; skipped");
      extracted.failed.push_back({i, row.reason});
    } else {
      std::memcpy(extracted.values.row(i).data(), row.values.data(), row.values.size() * sizeof(float));
    }
    context.Report({"describing photos", i + 1, count, ""});
  }
  return extracted;
}

}  // namespace vantage

// SPDX-License-Identifier: BSD-3-Clause
#include "vantage/describer.h"

#include <algorithm>
#include <new>
#include <optional>
#include <span>
#include <utility>

#include "nn/descriptor_net.h"
#include "nn/intra_op_threads.h"
#include "numerics/single_threaded_blas.h"
#include "util/check.h"
#include "util/index.h"
#include "util/log.h"
#include "util/parallel.h"
#include "util/rethrow.h"
#include "vantage/describer.h"
#include "vantage/run_context.h"

namespace vantage {
namespace {

constexpr int64_t kMaxWindow = 32;

// Consecutive photos. Those of equal size share batches.
struct Window {
  int64_t first = 0;
  int64_t count = 0;
};

struct WindowImages {
  std::vector<Image> images;           // of the photos that could be read
  std::vector<int64_t> positions;      // of those in the window
  std::vector<DescribedPhoto> photos;  // of all; empty for those that could be read
};

// Pixels of a photo of 4:3 after the first step.
int64_t PixelsOfPhoto(const Preprocessing& preprocessing) {
  constexpr int64_t kFullSize = 12'000'000;
  if (preprocessing.steps.empty()) return kFullSize;
  const int64_t size = preprocessing.steps[0].size;
  switch (preprocessing.steps[0].kind) {
    case PreprocessingStepKind::kLongest:
      return std::max<int64_t>(1, size * size * 3 / 4);
    case PreprocessingStepKind::kShortest:
      return size * size * 4 / 3;
    case PreprocessingStepKind::kArea:
      return size;
    case PreprocessingStepKind::kSquare:
    case PreprocessingStepKind::kCrop:
      return size * size;
    case PreprocessingStepKind::kMultiple:
      return kFullSize;
  }
  return kFullSize;
}

// A window holds a few times as many photos (of 4:3) as fit into a batch. There are enough windows for any
// number of threads.
std::vector<Window> PlanWindows(int64_t count, const ExtractOptions& options) {
  const int64_t photo_pixels = PixelsOfPhoto(options.preprocessing);
  const int64_t size =
      std::clamp<int64_t>(std::min(4 * (options.batch_pixels / photo_pixels), count / 64), 1, kMaxWindow);
  std::vector<Window> windows;
  for (int64_t first = 0; first < count; first += size)
    windows.push_back({first, std::min(size, count - first)});
  return windows;
}

WindowImages LoadWindow(const PhotoSource& photos, const Window& window, const ExtractOptions& options,
                        const RunContext& context) {
  WindowImages loaded;
  loaded.photos.resize(ToIndex(window.count));
  for (int64_t i = 0; i < window.count; ++i) {
    context.CheckCancelled();
    try {
      loaded.images.push_back(LoadPhoto(photos, window.first + i, options));
      loaded.positions.push_back(i);
    } catch (const std::bad_alloc&) {  // not the photo's fault
      throw Error(StrCat(photos.name(window.first + i), ": not enough memory to read the photo"));
    } catch (const Error& error) {
      loaded.photos[ToIndex(i)].reason = error.what();
    }
  }
  return loaded;
}

void DescribeWindow(const Describer& describer, const PhotoSource& photos, const Window& window,
                    WindowImages& loaded) {
  std::vector<DescribedPhoto> described;
  try {
    described = describer.DescribeReduced(loaded.images);
  } catch (const Error& error) {
    throw Error(StrCat(photos.name(window.first),
                       window.count > 1 ? StrCat(" or one of the ", window.count - 1, " after it") : "", ": ",
                       error.what()));
  }
  loaded.images.clear();
  for (size_t i = 0; i < described.size(); ++i) {
    const int64_t position = loaded.positions[i];
    if (!described[i].reason.empty()) {
      described[i].reason = StrCat(photos.name(window.first + position), ": ", described[i].reason);
    }
    loaded.photos[ToIndex(position)] = std::move(described[i]);
  }
}

}  // namespace

std::vector<double> ParseScales(const std::string& text) {
  std::vector<double> scales;
  for (const std::string& part : SplitText(text, ',')) {
    double scale = 0;
    try {
      scale = ParseDouble(part, "scales");
    } catch (const Error&) {  // reported below
    }
    if (!nn::IsScale(scale)) {
      throw UsageError(StrCat("scales: '", part, "' in '", text, "' is not a number in [0.01, 16]"));
    }
    scales.push_back(scale);
  }
  if (scales.empty() || scales.size() > nn::kMaxScales)
    throw UsageError(StrCat("scales: one to sixteen, not '", text, "'"));
  return scales;
}

void CheckOptions(const ExtractOptions& options) {
  CheckOptions(ModelDescriptorOptions{.decode = options.decode,
                                      .precision = options.precision,
                                      .batch_pixels = options.batch_pixels,
                                      .super_global = options.super_global});
  CheckPreprocessing(options.preprocessing);
  if (options.scales.empty() || options.scales.size() > nn::kMaxScales ||
      !std::all_of(options.scales.begin(), options.scales.end(), nn::IsScale)) {
    throw UsageError("scales: one to sixteen numbers in [0.01, 16]");
  }
}

Image LoadPhoto(const PhotoSource& photos, int64_t i, const ExtractOptions& options) {
  const Preprocessing& preprocessing = options.preprocessing;
  DecodeOptions decode;
  decode.apply_exif_orientation = options.apply_exif_orientation;
  const std::optional<Box> box = photos.box(i);
  const bool begins_with_longest = !preprocessing.steps.empty() && !preprocessing.steps[0].on_tensor &&
                                   preprocessing.steps[0].kind == PreprocessingStepKind::kLongest;
  if (options.decode == "fast" && !box && begins_with_longest)
    decode.enough_pixels = static_cast<int>(preprocessing.steps[0].size);
  const Image photo = photos.Decode(i, decode);
  try {
    if (!box) return ApplyPhotoSteps(photo, preprocessing);
    const Image part = Crop(photo, *box);
    return ApplyPhotoSteps(part,
                           ForPart(preprocessing, {part.width, part.height}, {photo.width, photo.height}));
  } catch (const Error& error) {
    throw Error(StrCat(photos.name(i), ": ", error.what()));
  }
}

ExtractedDescriptors ExtractDescriptors(const Describer& describer, const PhotoSource& photos,
                                        const RunContext& context, DescriptorStore* store) try {
  const int64_t count = photos.size();
  ExtractedDescriptors extracted;
  extracted.values.setZero(count, describer.dimension());
  const auto row = [&](int64_t i) -> std::span<float> {
    return {extracted.values.row(i).data(), ToIndex(describer.dimension())};
  };
  std::vector<std::optional<DescriptorKey>> keys(store == nullptr ? 0 : ToIndex(count));
  std::vector<bool> finished(ToIndex(count));
  int64_t done = 0;
  for (size_t i = 0; i < keys.size(); ++i) {
    context.CheckCancelled();
    keys[i] = KeyOf(describer.identity(), photos, static_cast<int64_t>(i));
    finished[i] = keys[i] && store->Read(*keys[i], row(static_cast<int64_t>(i)));
    done += finished[i] ? 1 : 0;
  }
  if (done > 0) LogInfo(done, " of ", count, " photos were described before");
  const size_t held = store == nullptr ? 0 : store->TakeHeldBefore();
  if (held > 0 && done == 0) {
    LogInfo(store->path().string(), ": keeps ", held,
            " descriptors of other photos, or made otherwise (weights, options, kind of device)");
  }
  const auto keep = [&](const Window& window, std::vector<DescribedPhoto> described) {
    std::vector<std::pair<DescriptorKey, std::vector<float>>> kept;
    for (int64_t i = window.first; i < window.first + window.count; ++i) {
      const auto at = ToIndex(i);
      DescribedPhoto& photo = described[at - ToIndex(window.first)];
      if (finished[at]) continue;  // described again, so that passes equal those of an uninterrupted run
      finished[at] = true;
      ++done;
      if (photo.values.empty()) {
        LogWarning(photo.reason, "; skipped");
        extracted.failed.push_back({i, photo.reason});
        continue;
      }
      std::copy(photo.values.begin(), photo.values.end(), row(i).begin());
      if (store != nullptr && keys[at]) kept.emplace_back(*keys[at], std::move(photo.values));
    }
    if (store != nullptr) store->Append(kept);
  };

  std::vector<Window> windows;
  for (const Window& window : PlanWindows(count, describer.options())) {
    const auto first = finished.begin() + static_cast<std::ptrdiff_t>(window.first);
    if (!std::all_of(first, first + static_cast<std::ptrdiff_t>(window.count), [](bool is) { return is; }))
      windows.push_back(window);
  }
  const nn::IntraOpThreads one_thread_a_photo(1);
  const numerics::SingleThreadedBlas one_thread_a_whitening;
  const int threads = context.ThreadCount();
  const auto window_count = std::ssize(windows);
  OrderedPrefetch<WindowImages> loaded(window_count, threads, 2 * threads, [&](int64_t w) {
    const Window& window = windows[ToIndex(w)];
    WindowImages images = LoadWindow(photos, window, describer.options(), context);
    if (describer.IsOnCpu()) {
      one_thread_a_photo.Enter();
      DescribeWindow(describer, photos, window, images);
    }
    return images;
  });
  context.Report({"describing photos", done, count, ""});
  for (const Window& window : windows) {
    WindowImages images = *loaded.Next();
    if (!describer.IsOnCpu()) DescribeWindow(describer, photos, window, images);
    keep(window, std::move(images.photos));
    context.Report({"describing photos", done, count, ""});
  }
  VANTAGE_CHECK(done == count, count - done, " of ", count,
                " photos were neither described nor named as failed");
  std::sort(extracted.failed.begin(), extracted.failed.end(),
            [](const FailedRequest& a, const FailedRequest& b) { return a.index < b.index; });
  return extracted;
} catch (...) {
  RethrowAsError();
}

DescriptorFile ExtractNamedPhotos(const Describer& describer, NamedPhotos photos, const RunContext& context,
                                  DescriptorStore* store) try {
  ExtractedDescriptors extracted =
      ExtractDescriptors(describer, PhotoFiles(std::move(photos.requests)), context, store);
  DescriptorFile file;
  file.left_out = std::move(photos.left_out);
  std::vector<bool> failed(photos.names.size());
  for (const FailedRequest& photo : extracted.failed) {
    failed[ToIndex(photo.index)] = true;
    file.failed.push_back({photos.names[ToIndex(photo.index)], photo.reason});
  }
  // Failed photos are read again anyway.
  if (file.failed.size() == failed.size() && store != nullptr) store->Remove();
  VANTAGE_CHECK(file.failed.size() < failed.size(), "none of the ", failed.size(), " photos could be read");
  Eigen::Index rows = 0;  // moved up in place: the matrix may be most of the memory
  for (size_t i = 0; i < failed.size(); ++i) {
    if (failed[i]) continue;
    file.descriptors.names.push_back(std::move(photos.names[i]));
    extracted.values.row(rows++) = extracted.values.row(static_cast<Eigen::Index>(i));
  }
  extracted.values.conservativeResize(rows, Eigen::NoChange);
  file.descriptors.values = std::move(extracted.values);
  return file;
} catch (...) {
  RethrowAsError();
}

}  // namespace vantage

// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <cmath>
#include <opencv2/core.hpp>
#include <opencv2/features2d.hpp>

#include "util/index.h"
#include "util/string.h"
#include "vantage/error.h"
#include "vantage/matching.h"

namespace vantage {
namespace {

constexpr int kSmallestSide = 16;  // pixels; SIFT's pyramid has no level for smaller photos

// ITU-R BT.601 weights, as OpenCV's conversion uses.
cv::Mat ToGrey(const Image& image) {
  cv::Mat grey(image.height, image.width, CV_8UC1);
  for (int y = 0; y < image.height; ++y) {
    const uint8_t* source = image.Row(y);
    auto* target = grey.ptr<uint8_t>(y);
    for (int x = 0; x < image.width; ++x, source += 3) {
      target[x] = static_cast<uint8_t>((299 * source[0] + 587 * source[1] + 114 * source[2] + 500) / 1000);
    }
  }
  return grey;
}

SiftDescriptor ToRootSift(const float* histogram) {
  float sum = 0;
  for (size_t i = 0; i < std::tuple_size_v<SiftDescriptor>; ++i) sum += histogram[i];
  SiftDescriptor descriptor{};
  if (sum <= 0) return descriptor;
  for (size_t i = 0; i < descriptor.size(); ++i) {
    descriptor[i] = static_cast<uint8_t>(std::min(255.0F, std::round(512 * std::sqrt(histogram[i] / sum))));
  }
  return descriptor;
}

void TurnThreadsOff() {
  [[maybe_unused]] static const bool kOnce = [] {
    cv::setNumThreads(0);
    return true;
  }();
}

}  // namespace

void Declare(OptionsDescription& description, FeatureOptions& options) {
  description.Add("max_features", options.max_features, "Most features of a photo, the strongest")
      .Range(1, 100000);
  description
      .Add("max_image_size", options.max_image_size,
           "Longest side that photos are reduced to for features, pixels")
      .Range(kSmallestSide, 65536);
}

LocalFeatures DetectFeatures(const Image& photo, const FeatureOptions& options) {
  CheckOptions(options);
  LocalFeatures features;
  features.width = photo.width;
  features.height = photo.height;
  const ImageSize size = ThumbnailSize(photo.width, photo.height, options.max_image_size);
  if (std::min(size.width, size.height) < kSmallestSide) return features;
  TurnThreadsOff();
  const Image small = Thumbnail(photo, options.max_image_size);
  const float scale_x = static_cast<float>(photo.width) / static_cast<float>(small.width);
  const float scale_y = static_cast<float>(photo.height) / static_cast<float>(small.height);
  std::vector<cv::KeyPoint> keypoints;
  cv::Mat histograms;
  try {
    cv::SIFT::create(options.max_features)
        ->detectAndCompute(ToGrey(small), cv::noArray(), keypoints, histograms);
  } catch (const cv::Exception& error) {
    throw Error(StrCat("SIFT of a photo of ", small.width, " x ", small.height, " pixels: ", error.what()));
  }
  // OpenCV keeps all features as strong as the last one, which may exceed max_features.
  keypoints.resize(std::min(keypoints.size(), ToIndex(options.max_features)));
  for (size_t i = 0; i < keypoints.size(); ++i) {
    const cv::KeyPoint& k = keypoints[i];
    // OpenCV's (0, 0) is the centre of the first pixel.
    features.keypoints.push_back(
        {(k.pt.x + 0.5F) * scale_x, (k.pt.y + 0.5F) * scale_y, k.size * (scale_x + scale_y) / 2, k.angle});
    features.descriptors.push_back(ToRootSift(histograms.ptr<float>(static_cast<int>(i))));
  }
  return features;
}

}  // namespace vantage

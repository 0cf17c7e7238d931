// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "vantage/config/options_description.h"
#include "vantage/image/image.h"

namespace vantage {

struct FeatureOptions {
  // Most features of a photo, the strongest. [1, 100000].
  int max_features = 2048;
  // Features are looked for in the photo reduced to this longest side, pixels. Range [16, 65536].
  int max_image_size = 640;
};
void Declare(OptionsDescription& description, FeatureOptions& options);

// Where a feature is and how large and turned what it describes.
struct Keypoint {
  float x = 0;  // pixels of the photo, from its top left corner
  float y = 0;
  float size = 0;   // diameter, pixels of the photo
  float angle = 0;  // degrees, clockwise
};

// RootSIFT (Arandjelovic and Zisserman 2012): square roots of the L1-normalised histogram, times 512, of
// length about 512; the numbers that COLMAP keeps in its databases.
using SiftDescriptor = std::array<uint8_t, 128>;

struct LocalFeatures {
  int width = 0;  // of the photo, pixels
  int height = 0;
  std::vector<Keypoint> keypoints;
  std::vector<SiftDescriptor> descriptors;  // of the keypoints

  size_t size() const { return keypoints.size(); }
};

// SIFT (Lowe 2004). A photo that is blank or smaller than 16 pixels has no features. The same photo gives the
// same features on any thread. Turns OpenCV's own threads off in the whole process (cv::setNumThreads), since
// photos are worked on side by side.
LocalFeatures DetectFeatures(const Image& photo, const FeatureOptions& options);

}  // namespace vantage

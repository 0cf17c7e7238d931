// SPDX-License-Identifier: BSD-3-Clause
#include "vantage/matching.h"

#include "util/log.h"
#include "vantage/error.h"
#include "vantage/image.h"
#include "vantage/run_context.h"

namespace vantage {
namespace {

constexpr size_t kMostKnown = 1024;  // photos, 0.3 MiB each

std::string KeyOf(const std::filesystem::path& photo, const std::optional<Box>& box) {
  return box ? StrCat(photo.string(), '\n', box->left, ' ', box->top, ' ', box->right, ' ', box->bottom)
             : photo.string();
}

}  // namespace

PhotoMatcher::PhotoMatcher(const FeatureOptions& features, const MatchOptions& match)
    : feature_options_(features), match_options_(match) {
  CheckOptions(features);
  CheckOptions(match);
}

int64_t PhotoMatcher::Inliers(const std::filesystem::path& a, const std::filesystem::path& b,
                              const std::optional<Box>& box) {
  const auto of_a = FeaturesOf(a, box);
  const auto of_b = FeaturesOf(b, std::nullopt);
  const auto inliers = static_cast<int64_t>(MatchFeatures(*of_a, *of_b, match_options_).inliers.size());
  return inliers >= match_options_.min_inliers ? inliers : 0;
}

std::shared_ptr<const LocalFeatures> PhotoMatcher::FeaturesOf(const std::filesystem::path& photo,
                                                              const std::optional<Box>& box) {
  const std::string key = KeyOf(photo, box);
  {
    const std::scoped_lock lock(mutex_);
    if (const auto known = known_.find(key); known != known_.end()) return known->second;
  }
  auto features = std::make_shared<LocalFeatures>();
  try {
    const Image image = ReadImage(photo);
    *features = DetectFeatures(box ? Crop(image, *box) : image, feature_options_);
  } catch (const Error& error) {
    LogWarning("not compared: ", error.what());
  }
  const std::scoped_lock lock(mutex_);
  if (known_.emplace(key, features).second) order_.push_back(key);
  if (order_.size() > kMostKnown) {
    known_.erase(order_.front());
    order_.pop_front();
  }
  return features;
}

}  // namespace vantage

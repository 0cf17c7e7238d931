// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <deque>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>

#include "vantage/features/geometric_match.h"
#include "vantage/features/local_features.h"

namespace vantage {

// Compares photos by their local features, and keeps those of the photos seen last. May be called from
// several threads.
class PhotoMatcher {
 public:
  PhotoMatcher(const FeatureOptions& features, const MatchOptions& match);

  // Features that fit one geometry, or 0 where there are fewer than the options ask for, or a photo cannot be
  // read.
  int64_t Inliers(const std::filesystem::path& a, const std::filesystem::path& b);

 private:
  std::shared_ptr<const LocalFeatures> FeaturesOf(const std::filesystem::path& photo);

  FeatureOptions feature_options_;
  MatchOptions match_options_;
  std::mutex mutex_;
  std::map<std::filesystem::path, std::shared_ptr<const LocalFeatures>> known_;
  std::deque<std::filesystem::path> order_;  // of known_, oldest first
};

}  // namespace vantage

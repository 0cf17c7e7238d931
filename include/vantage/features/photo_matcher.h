// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <deque>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "vantage/features/geometric_match.h"
#include "vantage/features/local_features.h"

namespace vantage {

// Compares photos by their local features, and keeps those of the photos seen last. May be called from
// several threads.
class PhotoMatcher {
 public:
  PhotoMatcher(const FeatureOptions& features, const MatchOptions& match);

  // Features that fit one geometry, or 0 where there are fewer than the options ask for, or a photo cannot be
  // read. box: the part of `a` that is compared, pixels; the whole photo where there is none.
  int64_t Inliers(const std::filesystem::path& a, const std::filesystem::path& b,
                  const std::optional<Box>& box = std::nullopt);

 private:
  std::shared_ptr<const LocalFeatures> FeaturesOf(const std::filesystem::path& photo,
                                                  const std::optional<Box>& box);

  FeatureOptions feature_options_;
  MatchOptions match_options_;
  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<const LocalFeatures>> known_;  // by path and box
  std::deque<std::string> order_;                                      // of known_, oldest first
};

}  // namespace vantage

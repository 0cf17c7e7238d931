// SPDX-License-Identifier: BSD-3-Clause
// All names of vantage, unqualified: a name of two things would not compile.
#include <vantage/vantage.h>

using namespace vantage;

// A descriptor and a photo of a training set are both looked up by "index" and "match".
size_t Use(const Index& index, const Match& match, PhotoId photo, const LocalFeatures& features) {
  const GeometricMatch verified = MatchFeatures(features, features, {});
  return static_cast<size_t>(index.size()) + match.id.size() + IndexOf(photo) + verified.inliers.size();
}

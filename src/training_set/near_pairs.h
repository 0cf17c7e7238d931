// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <vector>

#include "vantage/descriptors.h"
#include "vantage/run_context.h"

namespace vantage::training_set {

// Rows of two matrices of descriptors.
struct NearPair {
  int64_t a = 0;
  int64_t b = 0;
  float similarity = 0;  // inner product
};

// Each row of `a` with its nearest of `b`; of these the `count` nearest pairs, nearest first. a: N x D, b: M
// x D.
std::vector<NearPair> NearestPairs(const DescriptorMatrix& a, const DescriptorMatrix& b, int count);

// Two scenes, the smaller number first, and their nearest photos: rows of each one's descriptors.
struct NearScenes {
  size_t a = 0;
  size_t b = 0;
  std::vector<NearPair> photos;  // nearest first
};

// Each scene with the `scene_count` others whose nearest photo is nearest to one of its own, and `pair_count`
// pairs of photos (NearestPairs) of each; ordered by scene numbers. scenes: descriptors of each one's photos.
std::vector<NearScenes> FindNearScenes(const std::vector<DescriptorMatrix>& scenes, int scene_count,
                                       int pair_count, const RunContext& context);

}  // namespace vantage::training_set

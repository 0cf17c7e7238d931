// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <vector>

#include "vantage/descriptors.h"
#include "vantage/run_context.h"

namespace vantage::training_set {

// A row in each of two matrices of descriptors.
struct NearPair {
  int64_t a = 0;
  int64_t b = 0;
  float similarity = 0;  // inner product
};

// Pairs each row of `a` with its nearest row of `b`, and returns the `count` most similar pairs, most similar
// first. a: N x D, b: M x D.
std::vector<NearPair> NearestPairs(const DescriptorMatrix& a, const DescriptorMatrix& b, int count);

// Two scenes, the smaller number first, and their nearest photos, as rows of each scene's descriptors.
struct NearScenes {
  size_t a = 0;
  size_t b = 0;
  std::vector<NearPair> photos;  // nearest first
};

// Pairs each scene with the `scene_count` other scenes that have the most similar pair of photos with it, and
// returns at most `pair_count` pairs of photos (NearestPairs) for each pair of scenes, ordered by scene
// numbers. scenes: descriptors of the photos of each scene. Compares all pairs of scenes.
std::vector<NearScenes> FindNearScenes(const std::vector<DescriptorMatrix>& scenes, int scene_count,
                                       int pair_count, const RunContext& context);

}  // namespace vantage::training_set

// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "vantage/search/knn.h"

namespace vantage {

inline bool Better(const Neighbor& a, const Neighbor& b) {
  return a.score > b.score || (a.score == b.score && a.index < b.index);
}

// Keeps the k best of `count` candidates whose indices begin at first_index, beside those that the heap holds
// already; its top is the worst of them. std::sort_heap with Better puts the best first. Later candidates
// have larger indices: of equal scores the earlier stays.
inline void OfferAll(std::vector<Neighbor>& heap, size_t k, int64_t first_index, const float* scores,
                     int64_t count) {
  int64_t i = 0;
  for (; i < count && heap.size() < k; ++i) {
    heap.push_back({first_index + i, scores[i]});
    std::push_heap(heap.begin(), heap.end(), Better);
  }
  if (k == 0) return;
  for (; i < count; ++i) {
    if (!(scores[i] > heap.front().score)) continue;
    std::pop_heap(heap.begin(), heap.end(), Better);
    heap.back() = {first_index + i, scores[i]};
    std::push_heap(heap.begin(), heap.end(), Better);
  }
}

}  // namespace vantage

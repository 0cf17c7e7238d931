// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "vantage/search.h"

namespace vantage::search {

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
  const auto offer = [&](int64_t j) {
    if (!(scores[j] > heap.front().score)) return;
    std::pop_heap(heap.begin(), heap.end(), Better);
    heap.back() = {first_index + j, scores[j]};
    std::push_heap(heap.begin(), heap.end(), Better);
  };
  // Nearly all candidates are worse than the worst that is kept: many at once, in vector registers.
  constexpr int64_t kAtOnce = 64;
  for (; i + kAtOnce <= count; i += kAtOnce) {
    const float worst = heap.front().score;
    int any = 0;
    for (int64_t j = 0; j < kAtOnce; ++j) any |= static_cast<int>(scores[i + j] > worst);
    if (any == 0) continue;
    for (int64_t j = 0; j < kAtOnce; ++j) offer(i + j);
  }
  for (; i < count; ++i) offer(i);
}

}  // namespace vantage::search

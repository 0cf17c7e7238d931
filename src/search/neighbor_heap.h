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

// Updates a heap of the k best candidates with `count` more, whose indices start at first_index. The top of
// the heap is the worst candidate; std::sort_heap with Better puts the best first. Indices must be larger
// than those already in the heap, so that the smaller index is kept if scores are equal.
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
  // Nearly all candidates are worse than the worst in the heap, so vector registers compare many at once.
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

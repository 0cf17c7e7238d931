// SPDX-License-Identifier: BSD-3-Clause
#include "search/join_pairs.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "util/index.h"

namespace vantage::search {

void PairUnion::Add(const std::string& source, const std::vector<RowPair>& pairs) {
  std::vector<std::pair<RowPair, int64_t>> ordered;  // with the place in the list
  for (size_t i = 0; i < pairs.size(); ++i) {
    if (pairs[i].first != pairs[i].second)
      ordered.emplace_back(std::minmax({pairs[i].first, pairs[i].second}), static_cast<int64_t>(i));
  }
  std::sort(ordered.begin(), ordered.end());
  const auto same = [](const auto& a, const auto& b) { return a.first == b.first; };
  ordered.erase(std::unique(ordered.begin(), ordered.end(), same), ordered.end());
  PairSource& counts = sources_.emplace_back(PairSource{source, std::ssize(ordered), 0});

  std::erase_if(ordered, [&](const auto& pair) {
    return std::binary_search(known_.begin(), known_.end(), pair.first);
  });
  counts.added = std::ssize(ordered);
  const std::ptrdiff_t before = std::ssize(known_);
  for (const auto& [pair, place] : ordered) known_.push_back(pair);
  std::inplace_merge(known_.begin(), known_.begin() + before, known_.end());
  std::sort(ordered.begin(), ordered.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
  for (const auto& [pair, place] : ordered) pairs_.push_back(pairs[ToIndex(place)]);
}

}  // namespace vantage::search

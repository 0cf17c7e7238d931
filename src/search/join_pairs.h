// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "vantage/search.h"

namespace vantage::search {

// The pairs of several sources, each once, whatever its order in a source; a photo is never paired with
// itself.
class PairUnion {
 public:
  // Adds the pairs of a source, and counts how many of them no earlier source has.
  void Add(const std::string& source, const std::vector<RowPair>& pairs);

  const std::vector<PairSource>& sources() const { return sources_; }
  // In the order in which they were added first, and as they were added: (query, photo) stays so.
  const std::vector<RowPair>& pairs() const { return pairs_; }

 private:
  std::vector<RowPair> pairs_;
  std::vector<RowPair> known_;  // the same, the smaller row first, sorted
  std::vector<PairSource> sources_;
};

}  // namespace vantage::search

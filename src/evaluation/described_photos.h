// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "vantage/descriptors.h"
#include "vantage/evaluation.h"
#include "vantage/options.h"
#include "vantage/photos.h"
#include "vantage/run_context.h"
#include "vantage/search.h"

namespace vantage::evaluation {

// Finds rows of descriptors by photo names from sparse models and lists of pairs.
class DescribedPhotos {
 public:
  explicit DescribedPhotos(const std::vector<std::string>& names);

  // The row of the descriptor named `name`, else of `scene`/`name`.
  std::optional<int64_t> Row(const std::string& name, const std::string& scene) const;
  // The rows of the pairs, the smaller first. Skips pairs in which a photo has no descriptor.
  std::vector<RowPair> Rows(const std::vector<NamePair>& pairs, const std::string& scene) const;

 private:
  PhotoFinder finder_;
};

}  // namespace vantage::evaluation

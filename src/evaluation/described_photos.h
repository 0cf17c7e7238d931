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

// Finds rows of descriptors by names of models and lists of pairs.
class DescribedPhotos {
 public:
  explicit DescribedPhotos(const Descriptors& photos);

  // `name` is that of a descriptor, or that after `scene` and a slash.
  std::optional<int64_t> Row(const std::string& name, const std::string& scene) const;
  // The rows of pairs whose photos both have a descriptor.
  std::vector<RowPair> Rows(const std::vector<NamePair>& pairs, const std::string& scene) const;

 private:
  PhotoFinder finder_;
};

}  // namespace vantage::evaluation

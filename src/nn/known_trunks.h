// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace vantage::nn {

using TensorShapes = std::map<std::string, std::vector<int64_t>>;

// What a file's tensors tell of a trunk without building it.
struct KnownTrunk {
  std::string architecture;
  std::string last_tensor;  // a tensor that the family's smaller trunks lack ends so, under any numbering
  std::vector<int64_t> shape;
  int64_t output_channels = 0;
};

// The trunk whose weights these are, under the names of torchvision, cirtorch or CosPlace; null where none
// fits. Only one tensor is looked at: the others may still be missing.
const KnownTrunk* RecogniseTrunk(const TensorShapes& shapes);

// Null where it is not known.
const KnownTrunk* FindKnownTrunk(const std::string& architecture);

}  // namespace vantage::nn

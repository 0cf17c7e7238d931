// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "nn/model_source.h"
#include "vantage/model.h"

namespace vantage::nn {

// What a file says of the network that its tensors belong to.
struct NetOfSource {
  NetWish found;
  // Whether there is only a trunk, of which published weights may lack what descriptors need.
  bool is_trunk_only = false;
};

// Reads it from meta if the file has one, else from the tensors' names and shapes. Builds no network.
// Throws Error naming the file if meta is damaged.
NetOfSource FindNet(const ModelSource& source);

// As above, from names and shapes alone, which are the project's own.
NetOfSource FindNet(const TensorShapes& shapes);

}  // namespace vantage::nn

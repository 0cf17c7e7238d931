// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "nn/descriptor_net.h"
#include "nn/model_source.h"

namespace vantage::nn {

// What a file says of the network that its tensors belong to.
struct NetOfSource {
  // Names that the file does not tell are empty: the architecture where no known trunk fits, the pooling
  // where there is only a trunk.
  DescriptorNetOptions options;
  // Whether there is only a trunk, of which published weights may lack what descriptors need.
  bool is_trunk_only = false;
};

// Reads it from meta where the file has one, else from the tensors' names and shapes. Builds no network.
// Throws Error naming the file where meta is damaged.
NetOfSource FindNet(const ModelSource& source);

// As above, from names and shapes alone.
NetOfSource FindNet(const TensorShapes& shapes);

}  // namespace vantage::nn

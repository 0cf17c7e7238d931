// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "nn/model_source.h"
#include "vantage/model.h"
#include "vantage/preprocessing.h"

namespace vantage::nn {

// What a file reveals about the network that its tensors belong to.
struct NetOfSource {
  std::string architecture = {};  // "": not known
  // None if the tensors are those of a trunk alone, as in published trunk weights.
  HeadChoice head{""};
  // Keys of the head's options that the file does not reveal.
  std::vector<std::string> unrevealed = {};
  // Set by the layouts of published networks: how the authors prepare photos, and the licence of the weights.
  // Files with meta have these in meta.
  std::optional<Preprocessing> preprocessing = {};
  std::string licence = {};

  DescriptorNetOptions options() const { return {architecture, head}; }
};

// Determines the network from meta if the file has one, else from the tensors' names and shapes. Constructs
// no network. Throws Error naming the file if meta is damaged.
NetOfSource FindNet(const ModelSource& source);

// How far a source's tensors are those of the network that FindNet finds.
struct NetMatch {
  NetOfSource net = {};
  size_t matched = 0;      // tensors of the network that the source has
  bool has_trunk = false;  // whether it has all of the trunk's tensors
  // Names of tensors that the network does not have, in the project's layout.
  std::vector<std::string> unknown = {};
};
// Compares names; constructs the network without its weights. A source that FindNet cannot read has none.
NetMatch MatchNet(const ModelSource& source);

// Determines the network from names and shapes alone; the names must be the project's own.
NetOfSource FindNet(const TensorShapes& shapes);

}  // namespace vantage::nn

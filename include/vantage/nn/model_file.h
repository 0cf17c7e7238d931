// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include "vantage/nn/descriptor_net.h"
#include "vantage/nn/torch_value.h"
#include "vantage/search/whitening.h"

namespace vantage {

// A whitening of a model's descriptors, as cirtorch keeps it in meta['Lw'].
struct ModelWhitening {
  std::optional<Whitening> single_scale;
  std::optional<Whitening> multi_scale;
};

// A descriptor network and everything that another user of the file needs to get the same descriptors.
struct Model {
  DescriptorNet net;
  std::map<std::string, ModelWhitening> whitenings;
  // The whitening that belongs to the descriptor unless another is asked for; "": none.
  std::string default_whitening;
  // Longest side that photos are reduced to, pixels; 0: not known.
  int image_size = 0;
  // Of the weights; "" where not known.
  std::string licence;
  // Where it came from, as JSON text: configuration, training set, trunk weights, version.
  std::string origin = "{}";
};

// Reads a checkpoint of this project or of cirtorch, or bare weights of a trunk (torchvision's names), which
// then make a network of `options`; a checkpoint's own architecture goes before. Throws Error naming the file
// where it is damaged, and naming tensors (three first) that are unknown, missing or of another shape.
Model ReadModel(const std::filesystem::path& path, const DescriptorNetOptions& options = {});

// Writes a checkpoint in cirtorch's schema, which Python's torch.load opens: meta, state_dict and `more`
// entries of the top dictionary.
void WriteModel(Model& model, const std::filesystem::path& path, const TorchDict& more = {});

// Writes a trunk's tensors alone, under its own (torchvision's) names.
void WriteTrunkWeights(const Trunk& trunk, const std::filesystem::path& path);

}  // namespace vantage

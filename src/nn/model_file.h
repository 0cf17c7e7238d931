// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "nn/descriptor_net.h"
#include "nn/torch_value.h"
#include "vantage/model.h"
#include "vantage/whitening.h"

namespace vantage::nn {

// What vantage::Model holds: a descriptor network and everything that another user of the file needs to get
// the same descriptors.
struct ModelParts {
  DescriptorNet net;
  std::map<std::string, ModelWhitening> whitenings;
  // The whitening that belongs to the descriptor unless another is asked for; "": none.
  std::string default_whitening;
  // Longest side that photos are reduced to, pixels; 0: not known.
  int image_size = 0;
  // Scales that photos are described at unless others are asked for; see Network::ForwardAtScales.
  std::vector<double> scales = {1};
  // Of the weights; "" where not known.
  std::string licence;
  // Where it came from, as JSON text: configuration, training set, trunk weights, version.
  std::string origin = "{}";
  // SHA-256 of the file that ReadModel read it from. Whoever changes the model empties it; "" if there is no
  // such file.
  std::string file_sha256;
};

// See Model::Read.
ModelParts ReadModel(const std::filesystem::path& path, const NetWish& wanted = {},
                     const std::vector<std::string>& allow_missing = {});

// Writes a checkpoint. As PyTorch file it is one in cirtorch's schema, which Python's torch.load opens: meta,
// state_dict and `more` entries of the top dictionary. Where the name ends in .safetensors it is one of that
// format, with the same meta in its metadata and the whitenings as tensors, and without `more`.
void WriteModel(const ModelParts& model, const std::filesystem::path& path, const TorchDict& more = {});

// See Model::Write.
void WriteModelAs(const ModelParts& model, const std::string& format, const std::filesystem::path& path);

// SHA-256 over names, types, shapes and elements of all tensors, in the order of Network::Replace: tells
// whether two files hold the same weights, whatever their format.
std::string WeightsSha256(const Network& net);

}  // namespace vantage::nn

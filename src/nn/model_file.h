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
#include "vantage/preprocessing.h"
#include "vantage/whitening.h"

namespace vantage::nn {

// The contents of vantage::Model: a descriptor network and everything else that is needed to compute the same
// descriptors.
struct ModelParts {
  DescriptorNet net;
  std::map<std::string, ModelWhitening> whitenings;
  // The whitening that is applied unless another is requested; "": none.
  std::string default_whitening;
  // How photos are prepared to be described, and how they were for training; unset: unknown.
  std::optional<Preprocessing> preprocessing;
  std::optional<Preprocessing> training_preprocessing;
  // Whether photos are turned as their EXIF orientation says; unset: unknown, as for weights of a trunk
  // alone. The code of published retrieval networks does not turn them.
  std::optional<bool> applies_exif_orientation;
  // Scales at which photos are described by default; see Network::ForwardAtScales.
  std::vector<double> scales = {1};
  // Licence of the weights; "" if unknown.
  std::string licence;
  // Provenance as JSON text: configuration, training set, trunk weights, version.
  std::string origin = "{}";
  // SHA-256 of the file that ReadModel read; "" if there is no such file. Code that changes the model must
  // clear it.
  std::string file_sha256;
};

// See Model::Read.
ModelParts ReadModel(const std::filesystem::path& path, const NetWish& wanted = {},
                     const std::vector<std::string>& allow_missing = {});

// Writes a checkpoint. A name that ends in .safetensors gives a safetensors file, with meta in its metadata,
// the whitenings as tensors, and without `more`. Any other name gives a PyTorch file in cirtorch's schema,
// which Python's torch.load opens; its top dictionary has meta, state_dict and the entries of `more`.
void WriteModel(const ModelParts& model, const std::filesystem::path& path, const TorchDict& more = {});

// See Model::Write.
void WriteModelAs(const ModelParts& model, const std::string& format, const std::filesystem::path& path);

// "checkpoint (...), safetensors, ...": the formats of Model::Formats and what they hold, for help texts.
std::string FormatsHelp();

// SHA-256 over names, types, shapes and elements of all tensors, in the order of Network::Replace. Files with
// the same weights have the same hash, whatever their formats.
std::string WeightsSha256(const Network& net);

}  // namespace vantage::nn

// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "nn/layouts/layout.h"

// Shared by the layouts of vision transformers. The project's own names are those of DINOv2's and DINOv3's
// code.
namespace vantage::nn {

// Pairs of a part of a foreign name and what takes its place.
using NameParts = std::vector<std::pair<std::string, std::string>>;
// Replaces each part that the name contains, in order.
std::string Renamed(std::string name, const NameParts& parts);

// Makes one tensor of those named "PREFIX.0.weight", "PREFIX.1.weight", ..., for the given ends of prefixes.
// "PREFIX.1.bias" may be missing between others: it is zero.
std::vector<SourceTensor> Joined(std::vector<SourceTensor> tensors, const std::vector<std::string>& prefixes);

// A tensor of zeros.
SourceTensor Zeros(const std::string& name, std::vector<int64_t> shape);

// Adds the mask token, which is used in pretraining alone, next to a class token without one: zeros. The
// class token's name may have a prefix.
std::vector<SourceTensor> WithMaskToken(std::vector<SourceTensor> tensors);

// Adds the tensors of DINOv2's and DINOv3's own files that other code does without, if they are missing: the
// mask token, biases of queries, keys and values, their masks, and the periods of rotary positions.
std::vector<SourceTensor> WithUnusedTensors(std::vector<SourceTensor> tensors);

// Sets the rule by which the layout's code resizes positions of networks without registers.
void TellPositions(const char* rule, NetOfSource& found);

// The tensors of the model's trunk. Throws UsageError if it is no vision transformer.
NamedTensors VisionTransformerTensors(const ModelParts& model, const std::string& layout);

bool Has(const NamedTensors& tensors, const std::string& name);

}  // namespace vantage::nn

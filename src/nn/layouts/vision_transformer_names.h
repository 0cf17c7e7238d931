// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "nn/layouts/layout.h"

// Functions shared by the layouts of vision transformers. The project's own names are those of DINOv2's and
// DINOv3's code.
namespace vantage::nn {

// Pairs of a part of a foreign name and its replacement.
using NameParts = std::vector<std::pair<std::string, std::string>>;
// Replaces the first occurrence of each part in the name, in the order of `parts`.
std::string Renamed(std::string name, const NameParts& parts);

// Concatenates the tensors "PREFIX.0.weight", "PREFIX.1.weight", ... along their first dimension to
// "PREFIX.weight", and their biases to "PREFIX.bias", for each PREFIX that ends in one of `prefixes`. A
// number missing before others stands for zeros: keys without a bias between queries and values.
std::vector<SourceTensor> Joined(std::vector<SourceTensor> tensors, const std::vector<std::string>& prefixes);

// Adds a mask token of zeros if there is a class token (whose name may have a prefix) and no mask token. Only
// pretraining uses mask tokens.
std::vector<SourceTensor> WithMaskToken(std::vector<SourceTensor> tensors);

// Adds tensors of DINOv2's and DINOv3's own files that other codes omit, if they are missing: the mask token
// and, without learned positions (DINOv3), zero biases of queries, keys and values, their masks, and the
// periods of rotary positions for heads of 64 channels.
std::vector<SourceTensor> WithUnusedTensors(std::vector<SourceTensor> tensors);

// Sets the rule by which the layout's code resizes positions. Does so only for networks without registers,
// since all codes use one rule for the others.
void SetPositionRule(const char* rule, NetOfSource& found);

// The tensors of the model's trunk. Throws UsageError if it is not a vision transformer. layout: names the
// layout in the message, such as "timm's".
NamedTensors VisionTransformerTensors(const ModelParts& model, const std::string& layout);

bool Has(const NamedTensors& tensors, const std::string& name);

// Whether the trunk, whose tensors' names begin with `prefix`, is a DINOv2 without registers: the one that
// the code of SALAD, MegaLoc and BoQ has.
bool HasPlainDinov2(const NamedTensors& tensors, const std::string& prefix);

}  // namespace vantage::nn

// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "nn/descriptor_net.h"
#include "nn/torch_value.h"
#include "vantage/whitening.h"

namespace vantage::nn {

// A descriptor network and everything that another user of the file needs to get the same descriptors.
struct Model {
  DescriptorNet net;
  std::map<std::string, ModelWhitening> whitenings;
  // The whitening that belongs to the descriptor unless another is asked for; "": none.
  std::string default_whitening;
  // Longest side that photos are reduced to, pixels; 0: not known.
  int image_size = 0;
  // Scales that photos are described at unless others are asked for; see DescriptorNet::Forward.
  std::vector<double> scales = {1};
  // Of the weights; "" where not known.
  std::string licence;
  // Where it came from, as JSON text: configuration, training set, trunk weights, version.
  std::string origin = "{}";
  // SHA-256 of the file that ReadModel read it from. Whoever changes the model empties it; "" if there is no
  // such file.
  std::string file_sha256;
};

// For ReadModel: the network that the file holds, whatever it is; trunk weights alone get GeM.
DescriptorNetOptions AsTheFileHasIt();

// Reads a model: a checkpoint of this project or of cirtorch, CosPlace's or EigenPlaces' weights, or bare
// weights of a trunk under torchvision's names; a PyTorch file (of the zip format or the one before),
// safetensors, or the MATLAB file of NetVLAD that hloc takes, told by its first bytes. What the network is
// made of stands in the file's meta, or else is found from the tensors' names and shapes.
//
// wanted: what the network must be made of where a name is not empty; of trunk weights alone it says what
// follows the trunk. Throws UsageError where the file contradicts it.
//
// allow_missing: beginnings of names. A tensor that begins so may be missing in the file (it keeps its
// initial value, which is logged) or may be unknown to the network (it is left out). Classifiers of published
// weights are left out without it. A name is the file's or the network's.
//
// Throws Error naming the file where it is damaged or its weights are not those that it was written with, and
// naming tensors (three first, with shapes) that are unknown, missing or of another shape.
Model ReadModel(const std::filesystem::path& path, const DescriptorNetOptions& wanted = AsTheFileHasIt(),
                const std::vector<std::string>& allow_missing = {});

// Writes a checkpoint. As PyTorch file it is one in cirtorch's schema, which Python's torch.load opens: meta,
// state_dict and `more` entries of the top dictionary. Where the name ends in .safetensors it is one of that
// format, with the same meta in its metadata and the whitenings as tensors, and without `more`.
void WriteModel(Model& model, const std::filesystem::path& path, const TorchDict& more = {});

// "checkpoint" (as WriteModel), "cosplace" (the bare tensors as CosPlace and EigenPlaces publish them),
// "safetensors" (a checkpoint), "weights" (the trunk's tensors alone under its own, torchvision's, names).
std::vector<std::string> ModelFormats();

// Writes a model in one of these formats. Bare tensors go into a safetensors file where the name ends so.
// Throws UsageError for an unknown format, or one that the network or the name does not fit.
void WriteModelAs(Model& model, const std::string& format, const std::filesystem::path& path);

// SHA-256 over names, types, shapes and elements of all tensors, in the order of DescriptorNet::Visit: tells
// whether two files hold the same weights, whatever their format.
std::string WeightsSha256(DescriptorNet& net);

}  // namespace vantage::nn

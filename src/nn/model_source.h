// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "nn/trunk.h"
#include "serialize/element_type.h"
#include "vantage/model.h"
#include "vantage/preprocessing.h"

namespace vantage::nn {

// A tensor of a file, not read yet.
struct SourceTensor {
  std::string name;  // in the file, without what NetworkPlace says is left out
  serialize::ElementType type = serialize::ElementType::kFloat32;
  std::vector<int64_t> shape;
  // Writes the elements, in C order. elements: as many bytes as they take, see BytesOf.
  std::function<void(std::span<char> elements)> read;
};

// The number of bytes that the tensor's elements take. Throws Error if no integer can count them.
size_t BytesOf(const SourceTensor& tensor);

// Copies all elements of the tensor `name`. Throws Error if the sizes differ.
void CopyElements(const std::string& name, std::string_view bytes, std::span<char> elements);

// Reads one tensor after the other. Throws Error if their sizes do not add up to that of `elements`.
void ReadParts(const std::vector<SourceTensor>& parts, std::span<char> elements);

// A tensor whose elements are `bytes`, in C order.
SourceTensor InMemory(const std::string& name, serialize::ElementType type, std::vector<int64_t> shape,
                      std::string_view bytes);

// A tensor of zeros.
SourceTensor Zeros(const std::string& name, std::vector<int64_t> shape,
                   serialize::ElementType type = serialize::ElementType::kFloat32);

// Where a network's tensors are in their file, and what else is there.
struct NetworkPlace {
  std::string dictionaries;        // keys of the dictionaries, joined by points: "state_dict"; "": the root
  std::string prefix;              // of the tensors' names, left out: "model."
  std::set<std::string> wrappers;  // parts of the tensors' names, left out: "module"
  // What is not the network's, by key or beginning of names, and what it is: "8 tensors", "dict".
  std::map<std::string, std::string> ignored;
  // A whole network among several.
  struct Network {
    std::string name;  // beginning of its tensors' names, with the keys of their dictionaries
    std::string architecture;
    int64_t tensors = 0;
  };
  std::vector<Network> networks;  // empty if there is only one
};

// A model file as named tensors and metadata, independent of its format. Opening it reads only names, shapes
// and metadata; tensors are read on request.
struct ModelSource {
  std::string path;
  std::string format;                 // "PyTorch zip", "PyTorch before 1.6", "safetensors", "MATLAB 5"
  std::vector<SourceTensor> tensors;  // of the network, in the file's order
  // Names in the network's dictionary whose values are no tensors, or none that can be read, and why.
  std::map<std::string, std::string> unreadable;
  NetworkPlace place;
  // Tensors of learned whitenings, under "NAME.ss.m", "NAME.ss.P", "NAME.ms.m", "NAME.ms.P".
  std::map<std::string, SourceTensor> whitenings;
  // Normalisation of pixels, if the file states it outside of meta.
  std::optional<Normalization> normalization;
  nlohmann::json meta;            // in cirtorch's schema; null if the file has none
  std::string kind;               // of a file of another project whose facts are in meta; "": of no such
  nlohmann::json epoch;           // that training had reached; null if the file does not say
  bool has_optimizer = false;     // whether the file holds the optimiser's state
  bool reads_in_parallel = true;  // whether `read` of two tensors may be called at the same time
};

// Opens a file of any supported format, recognised by its first bytes, and finds the network in it
// (find_network.h). wish: its `state` and `rename` are applied. Throws Error naming the file if it holds no
// named tensors, or the file and the place if it is damaged; UsageError for a wish that does not fit.
ModelSource OpenModelSource(const std::filesystem::path& path, const NetWish& wish = {});

// Key of the part of meta that vantage adds, and key of the __metadata__ entry that holds meta in safetensors
// files.
inline constexpr const char* kOwnMeta = "vantage";
inline constexpr const char* kSafetensorsMeta = "meta";
// Name prefix of whitenings' tensors in safetensors files.
inline constexpr const char* kSafetensorsWhitening = "Lw.";

// Splits the key of a whitening's tensor: {"NAME", "ss"} for "NAME.ss.m".
std::pair<std::string, std::string> WhiteningOf(const std::string& key);

// Replaces an obsolete tensor name: "norm1" for "norm.1" of old DenseNet weights, "features.0.weight" for
// "0.weight" of the trunks that cirtorch publishes alone. Returns other names unchanged.
std::string CurrentName(const std::string& name);

// The tensors' shapes under their current names.
TensorShapes ShapesOf(const ModelSource& source);

}  // namespace vantage::nn

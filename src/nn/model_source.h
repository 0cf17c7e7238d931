// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "nn/trunk.h"
#include "serialize/element_type.h"
#include "vantage/preprocessing.h"

namespace vantage::nn {

// A tensor of a file, not read yet.
struct SourceTensor {
  std::string name;  // in the file
  serialize::ElementType type = serialize::ElementType::kFloat32;
  std::vector<int64_t> shape;
  std::function<std::string()> read;  // the elements, in C order
};

// A model file as named tensors and metadata, independent of its format. Opening it reads only names, shapes
// and metadata; tensors are read on request.
struct ModelSource {
  std::string path;
  std::string format;                 // "PyTorch zip", "PyTorch before 1.6", "safetensors", "MATLAB 5"
  std::vector<SourceTensor> tensors;  // of the network, in the file's order
  // Tensors of learned whitenings, under "NAME.ss.m", "NAME.ss.P", "NAME.ms.m", "NAME.ms.P".
  std::map<std::string, SourceTensor> whitenings;
  // Normalisation of pixels, if the file states it outside of meta.
  std::optional<Normalization> normalization;
  nlohmann::json meta;            // in cirtorch's schema; null if the file has none
  nlohmann::json epoch;           // that training had reached; null if the file does not say
  bool has_optimizer = false;     // whether the file holds the optimiser's state
  bool is_state_dict = true;      // whether the file holds nothing but tensors
  bool reads_in_parallel = true;  // whether `read` of two tensors may be called at the same time
};

// Opens a file of any supported format, recognised by its first bytes. Throws Error naming the file if it
// holds no named tensors, or the file and the place if it is damaged.
ModelSource OpenModelSource(const std::filesystem::path& path);

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

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

namespace vantage::nn {

// A tensor of a file that is still to be read.
struct SourceTensor {
  std::string name;  // in the file
  serialize::ElementType type = serialize::ElementType::kFloat32;
  std::vector<int64_t> shape;
  std::function<std::string()> read;  // the elements, in C order
};

// A model file as named tensors and facts, whatever its format. Nothing but names, shapes and facts is read
// before it is asked for.
struct ModelSource {
  std::string path;
  std::string format;                 // "PyTorch zip", "PyTorch before 1.6", "safetensors", "MATLAB 5"
  std::vector<SourceTensor> tensors;  // of the network, in the file's order
  // Of learned whitenings, by "NAME.ss.m", "NAME.ss.P", "NAME.ms.m", "NAME.ms.P".
  std::map<std::string, SourceTensor> whitenings;
  // Of pixels, where the file says it otherwise than in meta.
  std::optional<Normalization> normalization;
  nlohmann::json meta;         // of cirtorch's schema; null where the file has none
  nlohmann::json epoch;        // that training had reached; null where the file does not say
  bool has_optimizer = false;  // whether the optimiser's state is in it
  bool is_state_dict = true;   // whether the tensors are all that the file holds
};

// Opens a file of any format, told by its first bytes. Throws Error naming the file and the place where it is
// damaged, or where it holds no named tensors.
ModelSource OpenModelSource(const std::filesystem::path& path);

// The part of meta that vantage adds, and in safetensors files the entry of __metadata__ that holds meta.
inline constexpr const char* kOwnMeta = "vantage";
inline constexpr const char* kSafetensorsMeta = "meta";
// What whitenings' tensors begin with in safetensors files.
inline constexpr const char* kSafetensorsWhitening = "Lw.";

// {"NAME", "ss"} of "NAME.ss.m".
std::pair<std::string, std::string> WhiteningOf(const std::string& key);

// Names that files still carry by the ones that took their place: old DenseNet weights' "norm.1" by "norm1",
// "0.weight" of the trunks that cirtorch publishes by themselves by "features.0.weight".
std::string CurrentName(const std::string& name);

// The tensors' shapes under their current names.
TensorShapes ShapesOf(const ModelSource& source);

}  // namespace vantage::nn

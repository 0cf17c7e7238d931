// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "vantage/serialize/element_type.h"

namespace vantage {

struct TensorInfo {
  std::string name;
  ElementType type = ElementType::kFloat32;
  std::vector<int64_t> shape;
};

// What a model file holds.
struct ModelInfo {
  // "vantage checkpoint", "cirtorch checkpoint", "CosPlace or EigenPlaces weights", "NetVLAD weights of
  // MVA 2022's code", "pytorch-NetVlad weights", "hloc's NetVLAD weights", "weights of resnet18"
  // (with its classifier: as torchvision publishes them), "trunk weights of resnet18", "unknown weights".
  std::string kind;
  std::string format;  // "PyTorch zip", "PyTorch before 1.6", "safetensors", "MATLAB 5"
  std::vector<TensorInfo> tensors;
  // Elements of all tensors but the statistics of batch norms.
  int64_t parameters = 0;
  // "" where the file does not tell.
  std::string architecture;
  std::string pooling;
  std::string head;
  int64_t dimension = 0;  // of the descriptors; 0 where the file does not tell
  struct WhiteningInfo {
    std::string name;
    std::string scales;  // "ss": learned at one scale, "ms": at several
    std::vector<int64_t> shape;
  };
  std::vector<WhiteningInfo> whitenings;
  // As cirtorch's checkpoints and this project's have them, JSON text: mean, std, and under "vantage"
  // everything that this project adds; "null" where there is none.
  std::string meta = "null";
  // Epoch that training had reached; -1 where the file does not tell.
  int64_t epoch = -1;
  bool has_optimizer = false;
};

// Reads names, shapes and facts of a model file, and no weights. Throws Error naming the file where it is
// damaged or no model's.
ModelInfo ReadModelInfo(const std::filesystem::path& path);

// As an object of the facts that there are. Of the tensors, the first three stand in it, or all.
nlohmann::json ToJson(const ModelInfo& info, bool all_tensors);

}  // namespace vantage

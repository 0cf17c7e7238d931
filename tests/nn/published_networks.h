// SPDX-License-Identifier: BSD-3-Clause
// Files as other projects publish them, with weights filled by the formula of shared/reference/vit.
#pragma once

#include <ATen/core/Tensor.h>
#include <ATen/ops/zeros.h>

#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "nn/images_to_tensor.h"
#include "nn/torch_value.h"
#include "serialize/safetensors.h"
#include "testing/files.h"
#include "testing/tensors.h"
#include "util/file.h"

namespace vantage::nn {

using PublishedTensors = std::map<std::string, at::Tensor>;

inline constexpr const char* kVitFolder = "reference/vit/";

inline at::Tensor VitReference(const std::string& name) {
  return vantage::testing::ReadNpyTensor(vantage::testing::SharedFolder() / kVitFolder / (name + ".npy"));
}

// The input of references whose network takes any size.
inline at::Tensor CropOfBerlin() {
  Image image = ReadImage(vantage::testing::SharedFolder() / "reference/pillow/berlin_02_362.png");
  return ImagesToTensor({image}, {}).narrow(2, 0, 128).narrow(3, 0, 160);
}

// Names and shapes of another code's tensors, filled by the reference's formula.
inline PublishedTensors Published(const std::string& tag) {
  PublishedTensors tensors;
  const auto shapes =
      nlohmann::json::parse(ReadFile(vantage::testing::SharedFolder() / kVitFolder / (tag + ".json")));
  for (const auto& [name, shape] : shapes.items()) {
    const bool is_count = name.ends_with("num_batches_tracked");
    tensors[name] = at::zeros(shape.get<std::vector<int64_t>>(), is_count ? at::kLong : at::kFloat);
    vantage::testing::FillByFormula(name, tensors[name]);
  }
  return tensors;
}

// A bare dictionary, in the format that the name's ending says.
inline void WritePublished(const PublishedTensors& tensors, const std::filesystem::path& path) {
  if (path.extension() == ".safetensors") {
    std::vector<serialize::SafetensorsEntry> entries;
    for (const auto& [name, tensor] : tensors) {
      entries.push_back({name,
                         TypeOf(tensor),
                         tensor.sizes().vec(),
                         {static_cast<const char*>(tensor.const_data_ptr()), tensor.nbytes()}});
    }
    return serialize::WriteSafetensors(path, std::move(entries), {});
  }
  TorchDict state;
  for (const auto& [name, tensor] : tensors) state.Set(name, {tensor});
  WriteTorchFile({state}, path);
}

}  // namespace vantage::nn

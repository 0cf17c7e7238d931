// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "serialize/torch_file.h"

namespace vantage::nn {

struct TorchValue;

// A Python dictionary; `ordered` ones are written as collections.OrderedDict.
struct TorchDict {
  std::vector<std::pair<TorchValue, TorchValue>> items;
  bool ordered = false;

  // Defined where TorchValue is complete.
  TorchDict();
  TorchDict(const TorchDict& other);
  TorchDict(TorchDict&& other) noexcept;
  TorchDict& operator=(const TorchDict& other);
  TorchDict& operator=(TorchDict&& other) noexcept;
  ~TorchDict();

  void Set(std::string key, TorchValue value);
};

// What torch.save can be given: Python's plain types and tensors.
struct TorchValue {
  std::variant<std::monostate, bool, int64_t, double, std::string, at::Tensor, std::vector<TorchValue>,
               TorchDict>
      data;
};

// Writes a file that Python's torch.load opens, with weights_only=True too. Tensors are written contiguous,
// each with a storage of its own. The same value gives the same bytes. Throws Error where the disk is full.
void WriteTorchFile(const TorchValue& value, const std::filesystem::path& path);

// The tensor behind a pickled value of the file, contiguous, on the CPU. Throws Error naming `what`.
at::Tensor ReadTensor(const serialize::TorchFile& file, const serialize::PickleValue& value,
                      const std::string& what);

// A tensor of elements that lie in C order. bytes: as many as type and shape say.
at::Tensor MakeTensor(serialize::ElementType type, const std::vector<int64_t>& shape, std::string_view bytes);
// Throws Error for a type that is not written.
serialize::ElementType TypeOf(const at::Tensor& tensor);

// Plain values as Python's.
TorchValue FromJson(const nlohmann::json& json);

}  // namespace vantage::nn

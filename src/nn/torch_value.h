// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "serialize/torch_file.h"

namespace vantage::nn {

struct TorchValue;

// A Python dictionary; written as a collections.OrderedDict if `ordered`.
struct TorchDict {
  std::vector<std::pair<TorchValue, TorchValue>> items;
  bool ordered = false;

  // Defined in the .cc file, where TorchValue is complete.
  TorchDict();
  TorchDict(const TorchDict& other);
  TorchDict(TorchDict&& other) noexcept;
  TorchDict& operator=(const TorchDict& other);
  TorchDict& operator=(TorchDict&& other) noexcept;
  ~TorchDict();

  void Set(std::string key, TorchValue value);
};

// A value that torch.save accepts: Python's plain types and tensors.
struct TorchValue {
  std::variant<std::monostate, bool, int64_t, double, std::string, at::Tensor, std::vector<TorchValue>,
               TorchDict>
      data;
};

// Writes a file that Python's torch.load can open, also with weights_only=True. Tensors are written
// contiguous, each with its own storage. Equal values give the same bytes. Throws Error if the disk is full.
void WriteTorchFile(const TorchValue& value, const std::filesystem::path& path);

// The tensor that a pickled value of the file refers to, contiguous, on the CPU. Throws Error naming `what`.
at::Tensor ReadTensor(const serialize::TorchFile& file, const serialize::PickleValue& value,
                      const std::string& what);

// Makes a tensor in LibTorch's memory, where `read` writes its elements in C order.
at::Tensor MakeTensor(serialize::ElementType type, const std::vector<int64_t>& shape,
                      const std::function<void(std::span<char> elements)>& read);
// The element type of a tensor. Throws Error for a type that cannot be written.
serialize::ElementType TypeOf(const at::Tensor& tensor);

// Converts JSON values to Python's plain types.
TorchValue FromJson(const nlohmann::json& json);

}  // namespace vantage::nn

// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace vantage::serialize {

// Element types of tensors in files.
enum class ElementType {
  kFloat32,
  kFloat64,
  kFloat16,
  kBfloat16,
  kInt64,
  kInt32,
  kInt16,
  kInt8,
  kUint8,
  kBool
};

// "float32", and the bytes of one element.
const char* ElementTypeName(ElementType type);
int64_t ElementSize(ElementType type);

// The product of the sizes; nothing if a size is negative or the product overflows int64.
std::optional<int64_t> CountElements(const std::vector<int64_t>& shape);

// "(64 x 3 x 3 x 3)"; "()" for a scalar.
std::string ShapeText(const std::vector<int64_t>& shape);

}  // namespace vantage::serialize

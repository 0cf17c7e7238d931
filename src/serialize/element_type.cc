// SPDX-License-Identifier: BSD-3-Clause
#include "serialize/element_type.h"

#include <array>

#include "util/string.h"

namespace vantage::serialize {
namespace {

struct ElementTypeRow {
  const char* name;
  int64_t size;
};

// In the order of the enumeration.
constexpr std::array<ElementTypeRow, 10> kRows = {{{"float32", 4},
                                                   {"float64", 8},
                                                   {"float16", 2},
                                                   {"bfloat16", 2},
                                                   {"int64", 8},
                                                   {"int32", 4},
                                                   {"int16", 2},
                                                   {"int8", 1},
                                                   {"uint8", 1},
                                                   {"bool", 1}}};

}  // namespace

const char* ElementTypeName(ElementType type) { return kRows[static_cast<size_t>(type)].name; }

int64_t ElementSize(ElementType type) { return kRows[static_cast<size_t>(type)].size; }

std::optional<int64_t> CountElements(const std::vector<int64_t>& shape) {
  int64_t count = 1;
  for (const int64_t size : shape) {
    if (size < 0 || __builtin_mul_overflow(count, size, &count)) return std::nullopt;
  }
  return count;
}

std::string ShapeText(const std::vector<int64_t>& shape) {
  std::vector<std::string> sizes;
  for (const int64_t size : shape) sizes.push_back(std::to_string(size));
  return "(" + Join(sizes, " x ") + ")";
}

}  // namespace vantage::serialize

// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <string_view>

namespace vantage::image {

// The little-endian number of `size` bytes (at most 4) at the offset; 0 if it is not entirely inside `bytes`.
inline uint32_t LittleEndian(std::string_view bytes, uint64_t offset, uint64_t size) {
  if (offset > bytes.size() || size > bytes.size() - offset) return 0;
  uint32_t value = 0;
  for (uint64_t i = size; i > 0; --i) value = value << 8 | static_cast<unsigned char>(bytes[offset + i - 1]);
  return value;
}

// At most `size` bytes from the offset on; "" if the offset is past the end.
inline std::string_view Part(std::string_view bytes, uint64_t offset, uint64_t size = UINT64_MAX) {
  return offset < bytes.size() ? bytes.substr(offset, size) : std::string_view();
}

}  // namespace vantage::image

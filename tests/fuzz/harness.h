// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string_view>

namespace vantage::fuzz {

// The memory that a reader may hold at a time in addition to its input, as stated in its header.
struct MemoryBound {
  uint64_t bytes_per_byte = 0;  // of the input
  uint64_t fixed = uint64_t{1} << 20;
};

// Calls `read`, for which a vantage::Error is an answer like any other. Aborts, which libFuzzer reports with
// the input, where the thread's live heap memory grows above the bound meanwhile.
void Run(std::string_view input, const MemoryBound& bound, const std::function<void()>& read);

inline std::string_view View(const uint8_t* data, size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

// A file that lives in memory and as long as the object, for readers that want a path.
class MemoryFile {
 public:
  explicit MemoryFile(std::string_view bytes);
  ~MemoryFile();
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;

  std::filesystem::path path() const;

 private:
  int descriptor_ = -1;
};

}  // namespace vantage::fuzz

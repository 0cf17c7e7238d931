// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "serialize/element_type.h"
#include "util/file.h"

namespace vantage::serialize {

// A file of named tensors in the safetensors format: the header's length (8 bytes, little-endian), the header
// (JSON: type, shape and offsets of each tensor, and "__metadata__", a dictionary of strings), and the
// tensors' elements without gaps, little-endian, in C order.
class SafetensorsFile {
 public:
  struct Tensor {
    std::string name;
    ElementType type = ElementType::kFloat32;
    std::vector<int64_t> shape;
    uint64_t offset = 0;  // of the first element in the file
    uint64_t size = 0;    // bytes
  };

  // Reads the header. Throws Error naming the file and the tensor if the header is malformed or larger than
  // the format allows (100 MB), if two tensors have the same name, if a tensor's size does not match its type
  // and shape, or if the tensors do not fill the rest of the file without gaps.
  explicit SafetensorsFile(const std::filesystem::path& path);

  const std::string& source() const { return source_; }
  // In file order.
  const std::vector<Tensor>& tensors() const { return tensors_; }
  const std::map<std::string, std::string>& metadata() const { return metadata_; }

  // Writes the elements, in C order. elements: as many bytes as they take.
  void Read(const Tensor& tensor, std::span<char> elements) const;

  // True if the file starts like a safetensors file.
  static bool LooksLikeSafetensors(const InputFile& file);

 private:
  std::string source_;
  InputFile file_;
  std::vector<Tensor> tensors_;
  std::map<std::string, std::string> metadata_;
};

// A tensor to be written; `bytes` hold its elements in C order.
struct SafetensorsEntry {
  std::string name;
  ElementType type = ElementType::kFloat32;
  std::vector<int64_t> shape;
  std::string_view bytes;
};

// Writes a safetensors file atomically. The largest element types come first, so that all elements are
// aligned. Throws Error if two entries have the same name or the disk is full.
void WriteSafetensors(const std::filesystem::path& path, std::vector<SafetensorsEntry> tensors,
                      const std::map<std::string, std::string>& metadata);

}  // namespace vantage::serialize

// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "serialize/element_type.h"
#include "serialize/pickle.h"
#include "serialize/zip.h"
#include "util/file.h"

namespace vantage::serialize {

// A tensor in a PyTorch file: a view of a storage, which several tensors may share.
struct TensorRecord {
  ElementType type = ElementType::kFloat32;
  std::vector<int64_t> shape;
  std::vector<int64_t> strides;  // in elements
  int64_t offset = 0;            // of the first element in the storage, in elements
  std::string storage;           // key of the storage
  int64_t storage_elements = 0;  // of the whole storage

  // Bytes that the tensor's elements take.
  size_t bytes() const;
};

// A file written by Python's torch.save, in the zip format or in the one before PyTorch 1.6. Unpickling runs
// no code.
class TorchFile {
 public:
  // Reads the pickles, but no storage. What other globals than PyTorch's and NumPy's make is opaque. Throws
  // Error naming the file and the offset if the file is damaged. Uses at most 512 bytes of memory for each
  // byte of the file's pickles (in the old format, for each of the file's first 64 MB).
  explicit TorchFile(const std::filesystem::path& path);

  const PickleValue& root() const { return document_->root(); }
  const std::string& source() const { return source_; }

  static bool IsTensor(const PickleValue& value);

  // The tensor that a value describes; IsTensor(value) must hold. Throws Error naming `what` if the tensor is
  // malformed, is of an unknown type, or exceeds its storage, or if the storage exceeds the file.
  TensorRecord Tensor(const PickleValue& value, const std::string& what) const;

  // Writes the tensor's elements, little-endian, in C order. elements: TensorRecord::bytes of room.
  // Throws Error if the tensor's storage is damaged.
  void Read(const TensorRecord& tensor, std::span<char> elements) const;

  // Whether the file is in the zip format.
  bool is_zip() const { return zip_ != nullptr; }

 private:
  struct Storage {
    uint64_t offset = 0;  // in the file; old format only
    uint64_t size = 0;    // bytes
  };

  // Size of a storage in bytes. Throws Error if it is missing.
  uint64_t StorageSize(const TensorRecord& tensor) const;
  void ReadStorage(const TensorRecord& tensor, std::span<char> bytes) const;
  // As IsTensor, but false for a parameter (a tensor in torch._utils._rebuild_parameter).
  static bool IsTensorObject(const PickleValue& value);
  void ReadZip();
  void ReadLegacy();

  std::string source_;
  InputFile file_;
  std::unique_ptr<ZipReader> zip_;  // null for the old format
  std::string prefix_;              // prefix of the names in the zip archive
  std::unique_ptr<PickleDocument> document_;
  std::map<std::string, Storage> legacy_storages_;
};

}  // namespace vantage::serialize

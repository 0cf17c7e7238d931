// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "serialize/element_type.h"
#include "serialize/pickle.h"
#include "serialize/zip.h"
#include "util/file.h"

namespace vantage::serialize {

// A tensor in a PyTorch file: a view into a storage, which several may share.
struct TensorRecord {
  ElementType type = ElementType::kFloat32;
  std::vector<int64_t> shape;
  std::vector<int64_t> strides;  // elements
  int64_t offset = 0;            // of the first element in the storage, elements
  std::string storage;           // key of the storage
  int64_t storage_elements = 0;  // of the whole storage
};

// A file written by Python's torch.save, both the zip format and the one before PyTorch 1.6. Unpickling runs
// no code.
class TorchFile {
 public:
  // Throws Error naming the file and offset where it is damaged, or the global that is not allowed in it.
  // Takes at most 512 bytes of memory for each byte of the file's pickles (of an old file, of its first
  // 64 MB) and reads no storage.
  explicit TorchFile(const std::filesystem::path& path);

  const PickleValue& root() const { return document_->root(); }
  const std::string& source() const { return source_; }

  static bool IsTensor(const PickleValue& value);

  // The tensor behind a value for which IsTensor holds. Throws Error naming `what` where it is malformed, of
  // an unknown type, or reaches outside its storage, or the storage outside the file.
  TensorRecord Tensor(const PickleValue& value, const std::string& what) const;

  // The tensor's elements, little-endian, in C order. Throws Error where its storage is damaged.
  std::string Read(const TensorRecord& tensor) const;

  // Whether the file is of the zip format.
  bool is_zip() const { return zip_ != nullptr; }

 private:
  struct Storage {
    uint64_t offset = 0;  // in the file; of old files only
    uint64_t size = 0;    // bytes
  };

  // Bytes of a storage, which must be there.
  uint64_t StorageSize(const TensorRecord& tensor) const;
  std::string ReadStorage(const TensorRecord& tensor) const;
  // As IsTensor, but for a parameter's wrapping.
  static bool IsTensorObject(const PickleValue& value);
  void ReadZip();
  void ReadLegacy();

  std::string source_;
  InputFile file_;
  std::unique_ptr<ZipReader> zip_;  // null for old files
  std::string prefix_;              // of the names in the zip archive
  std::unique_ptr<PickleDocument> document_;
  std::map<std::string, Storage> legacy_storages_;
};

}  // namespace vantage::serialize

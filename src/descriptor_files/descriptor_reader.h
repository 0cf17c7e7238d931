// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>

#include "util/file.h"
#include "vantage/descriptors.h"

namespace vantage::descriptor_files {

// A descriptor file opened for reading.
class DescriptorReader {
 public:
  DescriptorReader(std::filesystem::path path, bool normalise)
      : path_(std::move(path)), normalise_(normalise) {}
  virtual ~DescriptorReader() = default;
  DescriptorReader(const DescriptorReader&) = delete;
  DescriptorReader& operator=(const DescriptorReader&) = delete;

  const std::filesystem::path& path() const { return path_; }
  // The content of the file except the descriptors' values, which are empty here.
  const DescriptorFile& facts() const { return facts_; }
  int64_t rows() const { return std::ssize(facts_.descriptors.names); }
  // 0 for an HDF5 file without rows.
  int64_t dimension() const { return dimension_; }

  // Rows first .. first + count - 1. Throws Error naming the row if a value is not finite.
  DescriptorMatrix Read(int64_t first, int64_t count) const;

  // Returns true to the first caller only, which checks the lengths of all rows while it reads them.
  bool ClaimLengths() const { return !lengths_claimed_.exchange(true); }

  // Reads all rows into `values` (rows() x dimension()), a block at a time.
  void ReadInto(Eigen::Ref<DescriptorMatrix> values) const;

 protected:
  // The rows as they are stored. Opening has checked that the file is large enough for all rows.
  virtual DescriptorMatrix ReadStored(int64_t first, int64_t count) const = 0;

  std::filesystem::path path_;
  DescriptorFile facts_;
  int64_t dimension_ = 0;

 private:
  bool normalise_;
  mutable std::atomic<bool> lengths_claimed_ = false;
};

// Opens a descriptor file of either format, and checks everything except the values.
std::unique_ptr<DescriptorReader> OpenDescriptors(const std::filesystem::path& path,
                                                  const DescriptorReading& reading = {});
std::unique_ptr<DescriptorReader> OpenNpyDescriptors(const std::filesystem::path& npy_path,
                                                     const DescriptorReading& reading);
std::unique_ptr<DescriptorReader> OpenHdf5Descriptors(const std::filesystem::path& path,
                                                      const DescriptorReading& reading);

// The HDF5 group of each name. Throws Error naming `target` if a name has no group or two have the same.
std::vector<std::string> Hdf5Groups(const std::vector<std::string>& names,
                                    const std::filesystem::path& target);

void WriteNpyDescriptors(const DescriptorFile& file, const std::filesystem::path& npy_path, bool float16);
void WriteHdf5Descriptors(const DescriptorFile& file, const std::filesystem::path& path, bool float16);

// Replaces .npy, .json, .h5 or .hdf5 by `extension`: NAME.npy becomes NAME.json. Appends it to other paths.
std::filesystem::path ReplaceExtension(std::filesystem::path path, const char* extension);

// The JSON text of NAME.json and of an HDF5 file's attribute: names, failed, provenance, and the
// ArrayIdentity of the .npy file that they belong to ("": none, for an HDF5 file, which has both). JSON text
// must be UTF-8, so a name that is not gets replacement characters, and `name_bytes` has its bytes in
// hexadecimal by its row.
std::string FactsText(const DescriptorFile& file, const std::string& array = "");

struct ParsedFacts {
  DescriptorFile file;  // without values
  std::string array;    // ArrayIdentity; "" if the text has none
};
// The inverse of FactsText. Throws Error naming `source` if the text is not such JSON or a name repeats.
ParsedFacts ParseFacts(const std::string& text, const std::string& source);

// Throws Error naming `source` if a name repeats.
void RefuseRepeatedNames(const std::vector<std::string>& names, const std::string& source);

// Identifies a .npy file: the SHA-256 of its size and its first and last 64 KiB. Reading the whole file would
// take as long as a search.
std::string ArrayIdentity(const InputFile& npy);

// Number of rows to convert at a time, so that a block of float32 is about 1 MiB.
int64_t RowsPerBlock(int64_t dimension);

}  // namespace vantage::descriptor_files

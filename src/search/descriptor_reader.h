// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>

#include "vantage/search/descriptors.h"

namespace vantage {

// A descriptor file opened for reading.
class DescriptorReader {
 public:
  explicit DescriptorReader(std::filesystem::path path) : path_(std::move(path)) {}
  virtual ~DescriptorReader() = default;
  DescriptorReader(const DescriptorReader&) = delete;
  DescriptorReader& operator=(const DescriptorReader&) = delete;

  const std::filesystem::path& path() const { return path_; }
  // What the file says beside its values, which are left empty here.
  const DescriptorFile& facts() const { return facts_; }
  int64_t rows() const { return static_cast<int64_t>(facts_.descriptors.names.size()); }
  // Of an HDF5 file without any row: 0.
  int64_t dimension() const { return dimension_; }

  // Rows first .. first + count - 1, as they are in the file. The file is known to be large enough for them.
  virtual DescriptorMatrix Read(int64_t first, int64_t count) const = 0;

  // Reads all rows, a block at a time, into `values` (rows() x dimension()); throws Error where one is not
  // finite.
  void ReadInto(Eigen::Ref<DescriptorMatrix> values) const;

 protected:
  std::filesystem::path path_;
  DescriptorFile facts_;
  int64_t dimension_ = 0;
};

// Finds out the format, checks everything but the values.
std::unique_ptr<DescriptorReader> OpenDescriptors(const std::filesystem::path& path);
std::unique_ptr<DescriptorReader> OpenNpyDescriptors(const std::filesystem::path& npy_path);
std::unique_ptr<DescriptorReader> OpenHdf5Descriptors(const std::filesystem::path& path);

void WriteNpyDescriptors(const DescriptorFile& file, const std::filesystem::path& npy_path, bool float16);
void WriteHdf5Descriptors(const DescriptorFile& file, const std::filesystem::path& path, bool float16);

// NAME.npy to NAME.json and the other way round.
std::filesystem::path ReplaceExtension(std::filesystem::path path, const char* extension);

// The JSON text that stands in NAME.json, and in an HDF5 file's attribute: names, failed, provenance. Names
// that are no UTF-8 are kept as far as JSON can.
std::string FactsText(const DescriptorFile& file);
// Throws Error naming `source` where the text is no such JSON or a name repeats.
DescriptorFile ParseFacts(const std::string& text, const std::string& source);

// Rows that are converted at a time, so that a block has about a megabyte.
int64_t RowsPerBlock(int64_t dimension);

}  // namespace vantage

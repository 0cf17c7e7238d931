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
  explicit DescriptorReader(std::filesystem::path path) : path_(std::move(path)) {}
  virtual ~DescriptorReader() = default;
  DescriptorReader(const DescriptorReader&) = delete;
  DescriptorReader& operator=(const DescriptorReader&) = delete;

  const std::filesystem::path& path() const { return path_; }
  // What the file says beside its values, which are left empty here.
  const DescriptorFile& facts() const { return facts_; }
  int64_t rows() const { return std::ssize(facts_.descriptors.names); }
  // Of an HDF5 file without any row: 0.
  int64_t dimension() const { return dimension_; }

  // Rows first .. first + count - 1, as they are in the file. The file is known to be large enough for them.
  virtual DescriptorMatrix Read(int64_t first, int64_t count) const = 0;

  // True once: the caller reads all rows and looks at their lengths.
  bool ClaimLengths() const { return !lengths_claimed_.exchange(true); }

  // Reads all rows, a block at a time, into `values` (rows() x dimension()); throws Error where one is not
  // finite.
  void ReadInto(Eigen::Ref<DescriptorMatrix> values) const;

 protected:
  std::filesystem::path path_;
  DescriptorFile facts_;
  int64_t dimension_ = 0;

 private:
  mutable std::atomic<bool> lengths_claimed_ = false;
};

// Finds out the format, checks everything but the values.
std::unique_ptr<DescriptorReader> OpenDescriptors(const std::filesystem::path& path);
std::unique_ptr<DescriptorReader> OpenNpyDescriptors(const std::filesystem::path& npy_path);
std::unique_ptr<DescriptorReader> OpenHdf5Descriptors(const std::filesystem::path& path);

// A group for each name; throws Error naming `target` if a name gives none or two give the same.
std::vector<std::string> Hdf5Groups(const std::vector<std::string>& names,
                                    const std::filesystem::path& target);

void WriteNpyDescriptors(const DescriptorFile& file, const std::filesystem::path& npy_path, bool float16);
void WriteHdf5Descriptors(const DescriptorFile& file, const std::filesystem::path& path, bool float16);

// NAME.npy to NAME.json and the other way round.
std::filesystem::path ReplaceExtension(std::filesystem::path path, const char* extension);

// The JSON text in NAME.json, and in an HDF5 file's attribute: names, failed, provenance, and which array
// they belong to
// ("" for none: an HDF5 file holds both). JSON holds UTF-8 only: a name in other bytes is shown with
// replacement characters, and `name_bytes` holds its bytes, as hexadecimal digits, by its row.
std::string FactsText(const DescriptorFile& file, const std::string& array = "");

struct ParsedFacts {
  DescriptorFile file;  // without values
  std::string array;    // "" if the text does not say
};
// Throws Error naming `source` if the text is no such JSON or a name repeats.
ParsedFacts ParseFacts(const std::string& text, const std::string& source);

// Tells apart .npy files: their size, and a SHA-256 of their first and last 64 KiB. Reading them whole would
// take as long as searching them.
std::string ArrayIdentity(const InputFile& npy);

// Rows that are converted at a time, so that a block has about a megabyte.
int64_t RowsPerBlock(int64_t dimension);

}  // namespace vantage::descriptor_files

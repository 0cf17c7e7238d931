// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>

#include "util/index.h"
#include "vantage/descriptors.h"

namespace vantage::descriptors {

// Descriptors in memory or on disk (such as those of a DescriptorDatabase) that can be read block by block,
// any number of times.
struct DescriptorRows {
  int64_t size = 0;
  int64_t dimension = 0;
  // Reads rows first .. first + count - 1.
  std::function<DescriptorMatrix(int64_t first, int64_t count)> read;
};

// The rows of a matrix, which must outlive the result.
DescriptorRows RowsOf(const Eigen::Ref<const DescriptorMatrix>& descriptors);

// Descriptors in a temporary file on disk, for the lifetime of the object. The file has no name in its
// folder, so nothing is left behind, even if the process is killed.
class ScratchDescriptors {
 public:
  // folder: must have enough free space. Throws Error if it cannot be written to.
  ScratchDescriptors(const std::filesystem::path& folder, int64_t dimension);
  ~ScratchDescriptors();
  ScratchDescriptors(const ScratchDescriptors&) = delete;
  ScratchDescriptors& operator=(const ScratchDescriptors&) = delete;

  int64_t size() const { return size_; }
  // Throws Error if the number of columns is not `dimension`, or if the disk is full.
  void Append(const Eigen::Ref<const DescriptorMatrix>& rows);
  // The rows appended so far. The object must outlive them.
  DescriptorRows rows() const;

 private:
  size_t RowBytes() const { return ToIndex(dimension_) * sizeof(float); }
  DescriptorMatrix Read(int64_t first, int64_t count) const;

  std::filesystem::path path_;
  int64_t dimension_;
  int64_t size_ = 0;
  int file_ = -1;
};

}  // namespace vantage::descriptors

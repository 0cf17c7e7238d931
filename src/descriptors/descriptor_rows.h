// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>

#include "util/index.h"
#include "vantage/descriptors.h"

namespace vantage::descriptors {

// Descriptors that are read block by block and as often as they are needed, wherever they lie: as those of a
// DescriptorDatabase.
struct DescriptorRows {
  int64_t size = 0;
  int64_t dimension = 0;
  // Rows first .. first + count - 1.
  std::function<DescriptorMatrix(int64_t first, int64_t count)> read;
};

// Of a matrix that outlives it.
DescriptorRows RowsOf(const Eigen::Ref<const DescriptorMatrix>& descriptors);

// Descriptors on disk for as long as the object lives: a file that no folder lists, so that nothing stays
// whatever becomes of the process.
class ScratchDescriptors {
 public:
  // folder: where there is room for them. Throws Error where it cannot be written to.
  ScratchDescriptors(const std::filesystem::path& folder, int64_t dimension);
  ~ScratchDescriptors();
  ScratchDescriptors(const ScratchDescriptors&) = delete;
  ScratchDescriptors& operator=(const ScratchDescriptors&) = delete;

  int64_t size() const { return size_; }
  // Throws Error where the disk is full.
  void Append(const Eigen::Ref<const DescriptorMatrix>& rows);
  // Of what has been appended so far; the object outlives them.
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

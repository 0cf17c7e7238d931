// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "util/file_lock.h"
#include "vantage/describer.h"

namespace vantage::extract {

// Names a descriptor in a store: the first half of a SHA-256.
using DescriptorKey = std::array<unsigned char, 16>;

// The key of what a describer makes of a photo. It changes with whatever decides the descriptor: the
// describer (Describer::identity), the photo's path, size and time of change, its box and its turn. None if
// there is no such file.
std::optional<DescriptorKey> KeyOf(const std::string& describer_identity, const PhotoRequest& photo);

// Descriptors on disk while a task makes them, so that a task that was killed resumes without making them
// again, with photos that were added, too. Photos that failed are not kept: they are read again. One process
// at a time holds a store.
class DescriptorStore {
 public:
  // Opens the file or makes it. What a killed process left half-written at the end is cut off. Throws Error
  // if another process holds the file, or if it is no store.
  explicit DescriptorStore(std::filesystem::path path);
  // Deletes the file if it holds no descriptor.
  ~DescriptorStore();
  DescriptorStore(const DescriptorStore&) = delete;
  DescriptorStore& operator=(const DescriptorStore&) = delete;

  const std::filesystem::path& path() const { return path_; }
  // Number of descriptors.
  size_t size() const { return places_.size(); }
  // Number of descriptors that earlier runs left; 0 from the second call on.
  size_t TakeHeldBefore() { return std::exchange(held_before_, 0); }

  // Fills `values` if the store has a descriptor of that key and of as many dimensions.
  bool Read(const DescriptorKey& key, std::span<float> values) const;

  // Adds descriptors of equal dimension: all or, if the process is killed, none of them. Throws Error if the
  // disk is full.
  void Append(const std::vector<std::pair<DescriptorKey, std::vector<float>>>& descriptors);

  // Forgets all descriptors.
  void Clear();

  // Deletes the file. No other call may follow.
  void Remove();

  // Deletes the store that an earlier run left, if there is one. Throws as the constructor does.
  static void Discard(const std::filesystem::path& path);

 private:
  struct Place {
    uint64_t offset = 0;  // of the first float
    uint32_t dimension = 0;
  };
  // Notes the places of the descriptors in a record's payload that begins at `offset`; false if it is
  // damaged.
  bool Index(const std::string& payload, uint64_t offset);
  void Cut(uint64_t size) const;

  std::filesystem::path path_;
  FileLock lock_;
  uint64_t begin_ = 0;  // of the first record after the file's head
  uint64_t end_ = 0;    // of the whole records
  size_t held_before_ = 0;
  bool is_removed_ = false;
  std::map<DescriptorKey, Place> places_;
};

}  // namespace vantage::extract

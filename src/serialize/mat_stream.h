// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "util/file.h"

namespace vantage::serialize {

// The bytes of a variable of a MATLAB file, one after the other, inflated where they are compressed.
class MatStream {
 public:
  // `where` names the file and the variable in errors. file outlives it.
  MatStream(const InputFile& file, uint64_t offset, uint64_t size, bool compressed, std::string where);
  ~MatStream();
  MatStream(const MatStream&) = delete;
  MatStream& operator=(const MatStream&) = delete;

  uint64_t position() const { return position_; }
  // "FILE: variable 1: byte 96", to begin an error with.
  std::string Where() const;

  // Throws Error where the bytes end before, or what is compressed is damaged.
  void Read(void* data, uint64_t size);
  void Skip(uint64_t size);
  // Whether there is nothing more; compressed bytes are checked against their checksum then.
  bool AtEnd();

 private:
  struct Inflater;

  // Bytes that were made: fewer than `size` at the end alone.
  uint64_t Inflate(void* data, uint64_t size);

  const InputFile& file_;
  uint64_t next_;  // in the file
  uint64_t end_;
  uint64_t position_ = 0;
  std::string where_;
  std::unique_ptr<Inflater> inflater_;  // null where not compressed
};

}  // namespace vantage::serialize

// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "util/file.h"

namespace vantage::serialize {

// The bytes of one variable of a MATLAB file as a sequential stream, inflated if they are compressed.
class MatStream {
 public:
  // `where` names the file and the variable in errors. `file` must outlive the stream.
  MatStream(const InputFile& file, uint64_t offset, uint64_t size, bool compressed, std::string where);
  ~MatStream();
  MatStream(const MatStream&) = delete;
  MatStream& operator=(const MatStream&) = delete;

  uint64_t position() const { return position_; }
  // "FILE: variable 1: byte 96": the beginning of an error message.
  std::string Where() const;

  // Throws Error if the bytes end earlier or the compressed data are damaged.
  void Read(void* data, uint64_t size);
  void Skip(uint64_t size);
  // Whether the stream is at its end. At the end of compressed bytes, their checksum is verified.
  bool AtEnd();

 private:
  struct Inflater;

  // Returns the number of inflated bytes: fewer than `size` only at the end.
  uint64_t Inflate(void* data, uint64_t size);

  const InputFile& file_;
  uint64_t next_;  // next offset in the file
  uint64_t end_;
  uint64_t position_ = 0;
  std::string where_;
  std::unique_ptr<Inflater> inflater_;  // null if not compressed
};

}  // namespace vantage::serialize

// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace vantage::serialize {

// CRC-32C (Castagnoli; RFC 3720, appendix B.4).
uint32_t Crc32c(std::string_view bytes);

// A record of the TFRecord format: length, data, and of each its CRC-32C, masked as TensorFlow does
// (tensorflow/core/lib/hash/crc32c.h).
std::string TfRecord(std::string_view data);

// A file that TensorBoard shows as curves: TFRecords of `Event` messages (tensorflow/core/util/event.proto).
// Each process writes a file of its own, events.out.tfevents.TIME.HOST.PID.vantage; TIME, in seconds, is
// later than that of every file in the folder, since TensorBoard reads them in the order of their names.
class TensorBoardFile {
 public:
  // Makes the folder and the file, which says that a session starts at `first_step`: TensorBoard forgets what
  // earlier files of the folder hold of this step and later ones. Throws Error where it cannot be written.
  TensorBoardFile(const std::filesystem::path& folder, int64_t first_step);
  ~TensorBoardFile();
  TensorBoardFile(const TensorBoardFile&) = delete;
  TensorBoardFile& operator=(const TensorBoardFile&) = delete;

  const std::filesystem::path& path() const { return path_; }

  // A value of the curve `tag`, rounded to float32; "loss/train" stands in the group "loss". Kept in memory
  // until Flush.
  void AddScalar(std::string_view tag, double value, int64_t step);

  // Appends what has been added to the file. Throws Error where the disk is full.
  void Flush();

 private:
  std::filesystem::path path_;
  int descriptor_ = -1;
  std::string buffer_;
};

}  // namespace vantage::serialize

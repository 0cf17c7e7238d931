// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace vantage::serialize {

// CRC-32C (Castagnoli; RFC 3720, appendix B.4).
uint32_t Crc32c(std::string_view bytes);

// A record of the TFRecord format: length, its CRC-32C, data, its CRC-32C. The checksums are masked as in
// TensorFlow (tensorflow/core/lib/hash/crc32c.h).
std::string TfRecord(std::string_view data);

// A file that TensorBoard shows as curves: TFRecords of `Event` messages (tensorflow/core/util/event.proto).
// Each process writes its own file, events.out.tfevents.TIME.HOST.PID.vantage. TIME, in seconds, is later
// than that of every other file in the folder, since TensorBoard reads files in the order of their names.
class TensorBoardFile {
 public:
  // Makes the folder and the file, and records a session start at `first_step`: TensorBoard discards the
  // values of earlier files from this step on. Throws Error if the file cannot be written.
  TensorBoardFile(const std::filesystem::path& folder, int64_t first_step);
  ~TensorBoardFile();
  TensorBoardFile(const TensorBoardFile&) = delete;
  TensorBoardFile& operator=(const TensorBoardFile&) = delete;

  const std::filesystem::path& path() const { return path_; }

  // Adds a value to the curve `tag`, rounded to float32. TensorBoard shows "loss/train" in the group "loss".
  // The value is kept in memory until Flush.
  void AddScalar(std::string_view tag, double value, int64_t step);

  // Appends the values added so far to the file. Throws Error if the disk is full.
  void Flush();

 private:
  std::filesystem::path path_;
  int descriptor_ = -1;
  std::string buffer_;
};

}  // namespace vantage::serialize

// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace vantage::sfm {

// COLMAP's progress, from the lines that it prints.
class ColmapLog {
 public:
  // Reads what is appended to the log from now on. photos: number of photos of the scene.
  ColmapLog(std::filesystem::path log, int64_t photos);

  // Reads new lines and returns the finished part of the running command, in [0, 1]: photos for
  // feature_extractor, blocks for matchers, registered photos for mapper (which seldom registers all).
  double DonePart();

 private:
  void TakeLine(std::string_view line);

  std::filesystem::path log_;
  double photos_;
  uint64_t read_ = 0;  // bytes
  std::string rest_;   // a line without its end yet
  double part_ = 0;
  double registered_before_ = 0;  // registered by mapper in its finished models
  double registered_ = 0;
};

// True if the mapper's output says that it found nothing to reconstruct. Its exit code does not: it is the
// same for a missing folder or a wrong option.
bool SaysNoModel(std::string_view text);

}  // namespace vantage::sfm

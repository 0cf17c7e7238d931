// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace vantage::sfm {

// How far COLMAP has come, from the lines that it prints.
class ColmapLog {
 public:
  // Looks at what is appended to the log from now on; of a scene with so many photos.
  ColmapLog(std::filesystem::path log, int64_t photos);

  // Reads what is new and returns the part of the running command that is done, in [0, 1]: photos of
  // feature_extractor, blocks of the matchers, photos registered by mapper, which seldom reach all.
  double DonePart();

 private:
  void TakeLine(std::string_view line);

  std::filesystem::path log_;
  double photos_;
  uint64_t read_ = 0;  // bytes
  std::string rest_;   // a line that has no end yet
  double part_ = 0;
  double registered_before_ = 0;  // by mapper, in models that it is done with
  double registered_ = 0;
};

// True if the mapper's own words say that it found nothing to reconstruct. Its exit code alone does not: it
// is the same for a missing folder or a wrong option.
bool SaysNoModel(std::string_view text);

}  // namespace vantage::sfm

// SPDX-License-Identifier: BSD-3-Clause
#include "sfm/colmap_log.h"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <vector>

#include "util/index.h"

namespace vantage::sfm {
namespace {

// The first whole numbers of a text, at most four.
std::vector<double> Numbers(std::string_view text) {
  std::vector<double> numbers;
  for (size_t i = 0; i < text.size() && numbers.size() < 4;) {
    uint32_t number = 0;
    const auto [end, error] = std::from_chars(text.data() + i, text.data() + text.size(), number);
    if (error == std::errc()) numbers.push_back(number);
    i = std::max(i + 1, ToIndex(end - text.data()));
  }
  return numbers;
}

// The part of the line after `words`; empty if the line does not contain them.
std::string_view After(std::string_view line, std::string_view words) {
  const size_t at = line.find(words);
  return at == line.npos ? std::string_view() : line.substr(at + words.size());
}

}  // namespace

ColmapLog::ColmapLog(std::filesystem::path log, int64_t photos)
    : log_(std::move(log)), photos_(static_cast<double>(std::max<int64_t>(1, photos))) {
  std::error_code error;
  const uintmax_t size = std::filesystem::file_size(log_, error);
  if (!error) read_ = size;
}

double ColmapLog::DonePart() {
  std::ifstream file(log_, std::ios::binary);
  file.seekg(static_cast<std::streamoff>(read_));
  char buffer[4096];
  while (file.read(buffer, sizeof(buffer)), file.gcount() > 0) {
    const auto count = ToIndex(file.gcount());
    read_ += count;
    rest_.append(buffer, count);
    size_t start = 0;
    for (size_t end = rest_.find('\n'); end != rest_.npos; end = rest_.find('\n', start)) {
      TakeLine(std::string_view(rest_).substr(start, end - start));
      start = end + 1;
    }
    rest_.erase(0, start);
  }
  return std::clamp(part_, 0.0, 1.0);
}

void ColmapLog::TakeLine(std::string_view line) {
  // "Processed file [3/9]"
  const std::vector<double> file = Numbers(After(line, "Processed file ["));
  if (file.size() >= 2 && file[1] > 0) part_ = file[0] / file[1];
  // "Matching block [2/3, 1/3]" of exhaustive_matcher, "[2/3]" of matches_importer. Printed when a block
  // begins.
  const std::string_view block_text = After(line, "ing block [");
  const std::vector<double> block = Numbers(block_text.substr(0, block_text.find(']')));
  if (block.size() >= 2 && block[1] > 0) {
    const bool has_inner = block.size() == 4 && block[3] > 0;
    const double inner = has_inner ? (block[2] - 1) / block[3] : 0;
    part_ = (block[0] - 1 + inner) / block[1];
  }
  // "Registering image #4 (3)": image 4 is the third of this model.
  const std::vector<double> image = Numbers(After(line, "Registering image #"));
  if (image.size() >= 2) {
    if (image.back() < registered_) registered_before_ += registered_;
    registered_ = image.back();
    part_ = (registered_before_ + registered_) / photos_;
  }
}

// Messages of COLMAP 3.5 to 3.8 (exe/sfm.cc, controllers/incremental_mapper.cc) and later
// (incremental_pipeline.cc).
bool SaysNoModel(std::string_view text) {
  for (const char* words : {"failed to create sparse model", "No good initial image pair found",
                            "No images with matches found in the database"}) {
    if (text.find(words) != text.npos) return true;
  }
  return false;
}

}  // namespace vantage::sfm

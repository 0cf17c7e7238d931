// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cmath>
#include <filesystem>
#include <limits>
#include <sstream>
#include <string>

#include "sfm/colmap_files.h"
#include "util/check.h"
#include "util/file.h"
#include "vantage/colmap.h"

namespace vantage::sfm {

// Reads a text file line by line. Every error names the file and the line.
class TextReader {
 public:
  explicit TextReader(const std::filesystem::path& path)
      : source_(path.string()), text_(ReadFile(path, uint64_t{1} << 36)), lines_(text_) {}

  // Moves to the next line that is not a comment, and not empty unless `keep_empty` is set. False at the end
  // of the file.
  bool NextLine(bool keep_empty) {
    std::string line;
    while (std::getline(lines_, line)) {
      ++number_;
      const std::string_view trimmed = Trim(line);
      if ((trimmed.empty() && !keep_empty) || (!trimmed.empty() && trimmed[0] == '#')) continue;
      words_ = std::istringstream{std::string(trimmed)};
      return true;
    }
    return false;
  }

  bool HasMore() {
    words_ >> std::ws;
    return !words_.eof();
  }

  std::string Word(const char* what) {
    std::string word;
    words_ >> word;
    VANTAGE_CHECK(!word.empty(), Place(), ": ", what, " is missing");
    return word;
  }

  // The rest of the line, for names, which may contain spaces.
  std::string Rest(const char* what) {
    std::string rest;
    std::getline(words_ >> std::ws, rest);
    VANTAGE_CHECK(!rest.empty(), Place(), ": ", what, " is missing");
    return rest;
  }

  double Number(const char* what) {
    const double value = ParseDouble(Word(what), StrCat(Place(), ": ", what));
    VANTAGE_CHECK(std::isfinite(value), Place(), ": ", what, " is not finite");
    return value;
  }

  template <typename T>
  T Integer(const char* what) {
    const long long value = ParseInteger(Word(what), StrCat(Place(), ": ", what));
    VANTAGE_CHECK(value >= 0 && static_cast<unsigned long long>(value) <= std::numeric_limits<T>::max(),
                  Place(), ": ", what, " ", value, " is out of range");
    return static_cast<T>(value);
  }

  // QW, QX, QY, QZ, TX, TY, TZ.
  Pose ReadPose() {
    const double w = Number("QW");
    const double x = Number("QX");
    const double y = Number("QY");
    const double z = Number("QZ");
    Pose pose;
    pose.rotation = Eigen::Quaterniond(w, x, y, z);
    VANTAGE_CHECK(pose.rotation.norm() > 0, Place(), ": a rotation of length zero");
    MakeUnit(pose.rotation);
    for (int k = 0; k < 3; ++k) pose.translation[k] = Number("T");
    return pose;
  }

  // Reads a point's number. COLMAP writes -1 for an observation without a point.
  PointId Point() {
    const long long value = ParseInteger(Word("POINT3D_ID"), StrCat(Place(), ": POINT3D_ID"));
    return value == -1 ? kNoPoint : PointId{static_cast<uint64_t>(value)};
  }

  std::string Place() const { return StrCat(source_, ":", number_); }

 private:
  std::string source_;
  std::string text_;
  std::istringstream lines_;
  std::istringstream words_;
  int64_t number_ = 0;
};

}  // namespace vantage::sfm

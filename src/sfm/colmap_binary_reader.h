// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cmath>
#include <cstring>
#include <filesystem>
#include <string>

#include "sfm/colmap_files.h"
#include "util/check.h"
#include "util/file.h"
#include "vantage/colmap.h"

namespace vantage::sfm {

// Reads a binary file record by record. Every error names the file, the record and the offset.
class BinaryReader {
 public:
  explicit BinaryReader(const std::filesystem::path& path)
      : source_(path.string()), bytes_(ReadFile(path, uint64_t{1} << 36)) {}

  template <typename T>
  T Read() {
    Require(sizeof(T));
    T value;
    std::memcpy(&value, bytes_.data() + offset_, sizeof(T));
    offset_ += sizeof(T);
    return value;
  }

  double ReadFinite() {
    const auto value = Read<double>();
    if (!std::isfinite(value)) Fail("a number that is not finite");
    return value;
  }

  // Rotation (w, x, y, z) and translation.
  Pose ReadPose() {
    const double w = ReadFinite();
    const double x = ReadFinite();
    const double y = ReadFinite();
    const double z = ReadFinite();
    Pose pose;
    pose.rotation = Eigen::Quaterniond(w, x, y, z);
    if (pose.rotation.norm() == 0) Fail("a rotation of length zero");
    MakeUnit(pose.rotation);
    for (int k = 0; k < 3; ++k) pose.translation[k] = ReadFinite();
    return pose;
  }

  std::string ReadName() {
    const size_t end = bytes_.find('\0', offset_);
    if (end == bytes_.npos) Fail("a name without end");
    std::string name = bytes_.substr(offset_, end - offset_);
    offset_ = end + 1;
    return name;
  }

  // Reads a number of records of at least `record_size` bytes each. Throws Error if the rest of the file
  // cannot hold that many.
  template <typename Count = uint64_t>
  uint64_t ReadCount(uint64_t record_size) {
    const uint64_t count = Read<Count>();
    if (count > (bytes_.size() - offset_) / record_size) {
      Fail(StrCat(count, " records announced, more than the file's ", bytes_.size(), " bytes can hold"));
    }
    return count;
  }

  void Enter(const char* kind, uint64_t index) {
    kind_ = kind;
    index_ = index;
  }

  std::string Place() const { return StrCat(source_, ": ", kind_, " ", index_, " at byte ", offset_); }

  [[noreturn]] void Fail(const std::string& what) const { throw Error(StrCat(Place(), ": ", what)); }

  void ExpectEnd() const {
    VANTAGE_CHECK(offset_ == bytes_.size(), source_, ": ", bytes_.size() - offset_,
                  " bytes left after the last ", kind_);
  }

 private:
  void Require(size_t size) const {
    if (size > bytes_.size() - offset_) Fail(StrCat("truncated: the file ends at byte ", bytes_.size()));
  }

  std::string source_;
  std::string bytes_;
  size_t offset_ = 0;
  const char* kind_ = "header";
  uint64_t index_ = 0;
};

}  // namespace vantage::sfm

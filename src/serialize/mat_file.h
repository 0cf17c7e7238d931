// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "util/file.h"

namespace vantage::serialize {

class MatStream;

// A value of a MATLAB file. Numbers are not loaded: only their place in the file is kept.
struct MatValue {
  enum class Kind { kNumbers, kCells, kStruct, kOther };  // kOther: text, sparse and complex arrays, objects

  Kind kind = Kind::kOther;
  std::vector<int64_t> shape;  // column-major: the first index varies fastest
  // For a struct: `fields` holds the names; `items` holds the values of all fields of the first element, then
  // of the second, and so on.
  std::vector<std::string> fields;
  std::vector<MatValue> items;  // for cells: in column-major order

  size_t variable = 0;   // index of the variable in the file
  uint64_t offset = 0;   // of the numbers, within the variable's (inflated) bytes
  uint64_t size = 0;     // bytes
  uint32_t storage = 0;  // storage type (the format's number for it)

  int64_t elements() const;
  // A field of a struct that has one element; null if there is no such field.
  const MatValue* Find(std::string_view field) const;
};

// A MATLAB level 5 file, which `save` writes by default or with -v6. Each variable may be compressed with
// zlib. Specification: "MAT-File Format" (MathWorks). Supports arrays, cells and structs. Elements of arrays
// are read only by Read, so memory is bounded by the number of values (at most 65,536, names of fields
// included).
class MatFile {
 public:
  // Scans the whole file. Throws Error naming the file, the variable and the byte in it if the file is
  // truncated, damaged, of another version or byte order, or has too many values.
  explicit MatFile(const std::filesystem::path& path);
  ~MatFile();
  MatFile(const MatFile&) = delete;
  MatFile& operator=(const MatFile&) = delete;

  const std::string& source() const { return source_; }
  // Null if there is no such variable.
  const MatValue* Find(std::string_view name) const;

  // Numbers as float32, column-major. A compressed variable is inflated from its beginning again unless
  // `value` is behind the previous Read in the same variable. Not thread-safe: call from one thread at a
  // time.
  std::vector<float> Read(const MatValue& value) const;

  // True if the file starts like a level 5 file.
  static bool LooksLikeMat(const InputFile& file);

 private:
  struct Variable {
    std::string name;
    uint64_t offset = 0;  // of the variable's bytes in the file
    uint64_t size = 0;    // bytes in the file (compressed if `compressed`)
    bool compressed = false;
    MatValue value;
  };
  std::unique_ptr<MatStream> Open(const Variable& variable) const;
  void ReadVariable(Variable variable);

  std::string source_;
  InputFile file_;
  std::vector<Variable> variables_;
  int64_t values_ = 0;                         // number of values of all variables
  mutable std::unique_ptr<MatStream> stream_;  // where the last Read ended
  mutable size_t streamed_variable_ = 0;
};

}  // namespace vantage::serialize

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

// A value of a MATLAB file. Of numbers it knows where they lie.
struct MatValue {
  enum class Kind { kNumbers, kCells, kStruct, kOther };  // other: text, sparse and complex arrays, objects

  Kind kind = Kind::kOther;
  std::vector<int64_t> shape;  // the first index runs fastest
  // Of a struct: names, and in `items` the values of all names of the first element, then of the second.
  std::vector<std::string> fields;
  std::vector<MatValue> items;  // of cells: in the order of their elements

  size_t variable = 0;   // of the file
  uint64_t offset = 0;   // of the numbers in the variable's bytes
  uint64_t size = 0;     // bytes
  uint32_t storage = 0;  // type that they are stored in, as the format numbers them

  int64_t elements() const;
  // The field of a struct of one element; null where there is none.
  const MatValue* Find(std::string_view field) const;
};

// A file of MATLAB's level 5, as `save` writes it by default or with -v6: variables, each compressed by zlib
// or not. The specification is "MAT-File Format" (MathWorks). Its arrays, cells and structs are read;
// elements of arrays when they are asked for, so that memory is bounded by the number of values (65,536 at
// most, with the names of fields).
class MatFile {
 public:
  // Goes through the whole file. Throws Error naming the file, the variable and the byte in it where it is
  // cut, damaged, of another version or byte order, or has too many values.
  explicit MatFile(const std::filesystem::path& path);
  ~MatFile();
  MatFile(const MatFile&) = delete;
  MatFile& operator=(const MatFile&) = delete;

  const std::string& source() const { return source_; }
  // Null where there is no such variable.
  const MatValue* Find(std::string_view name) const;

  // Numbers as float32, the first index runs fastest. A compressed variable is gone through from its
  // beginning unless they lie behind those that were read last. One thread at a time.
  std::vector<float> Read(const MatValue& value) const;

  // True if the file starts like one.
  static bool LooksLikeMat(const InputFile& file);

 private:
  struct Variable {
    std::string name;
    uint64_t offset = 0;  // of its bytes in the file
    uint64_t size = 0;    // of them there
    bool compressed = false;
    MatValue value;
  };
  std::unique_ptr<MatStream> Open(const Variable& variable) const;
  void ReadVariable(Variable variable);

  std::string source_;
  InputFile file_;
  std::vector<Variable> variables_;
  int64_t values_ = 0;                         // of all variables
  mutable std::unique_ptr<MatStream> stream_;  // where the last Read ended
  mutable size_t streamed_variable_ = 0;
};

}  // namespace vantage::serialize

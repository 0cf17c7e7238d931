// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "util/file.h"
#include "vantage/error.h"

namespace vantage::serialize {

// An n-dimensional array in C order as NumPy's .npy stores it.
struct NpyArray {
  std::string dtype;  // NumPy's little-endian code: "<f4", "<f8", "<f2", "<i8", "<i4", "<u2", "|u1", ...
  std::vector<int64_t> shape;
  std::string data;  // product(shape) elements

  int64_t size() const;

  // The elements converted to T. Throws Error if the type is not float32/64, (u)int8/16/32/64 or bool, or if
  // a float is out of range of an integer T.
  template <typename T>
  std::vector<T> As() const;
};

// "<f4" for float, and so on.
template <typename T>
std::string NpyDtype();

// Location of the elements in an .npy file, for partial reads.
struct NpyLayout {
  std::string dtype;           // NumPy's code, of either byte order: "<f4", ">f4"
  bool fortran_order = false;  // the first index varies fastest
  std::vector<int64_t> shape;
  int64_t item_size = 0;     // bytes of an element
  uint64_t data_offset = 0;  // of the first element in the file

  int64_t size() const;
};

// Reads the layout from the file's header. Throws Error naming the file if the header is malformed or the
// file is shorter than the elements.
NpyLayout ReadNpyLayout(const InputFile& file);

// The whole array; throws as ReadNpyLayout does, and if the array is big-endian or in Fortran order.
// Allocates memory for the bytes that the file holds, not for those that its header announces.
NpyArray ReadNpy(const std::filesystem::path& path);
NpyArray ParseNpy(std::string_view bytes, const std::string& source);

// The header of an .npy with this element type and shape; the elements follow it in the file.
std::string NpyHeader(const std::string& dtype, const std::vector<int64_t>& shape);

// Written atomically. `values` holds product(shape) elements in C order.
template <typename T>
void WriteNpy(const std::filesystem::path& path, std::span<const T> values,
              const std::vector<int64_t>& shape);

}  // namespace vantage::serialize

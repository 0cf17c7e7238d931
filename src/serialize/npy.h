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

  // The elements converted to T. Throws Error where the type is none of float32/64, (u)int8/16/32/64, bool,
  // or where a float is too large for an integer T.
  template <typename T>
  std::vector<T> As() const;
};

// "<f4" for float, and so on.
template <typename T>
std::string NpyDtype();

// Where the elements of an .npy lie, for reading them in parts.
struct NpyLayout {
  std::string dtype;
  std::vector<int64_t> shape;
  int64_t item_size = 0;     // bytes of an element
  uint64_t data_offset = 0;  // of the first element in the file

  int64_t size() const;
};

// The layout that the file's header gives. Throws Error naming the file where the header is malformed, the
// file ends before the elements do, or they are in Fortran order.
NpyLayout ReadNpyLayout(const InputFile& file);

// The whole array; throws as ReadNpyLayout. Memory is taken for what the file holds, not for what its header
// announces.
NpyArray ReadNpy(const std::filesystem::path& path);
NpyArray ParseNpy(std::string_view bytes, const std::string& source);

// The header of an .npy with this element type and shape; the elements follow it in the file.
std::string NpyHeader(const std::string& dtype, const std::vector<int64_t>& shape);

// Written atomically. `values` holds product(shape) elements in C order.
template <typename T>
void WriteNpy(const std::filesystem::path& path, std::span<const T> values,
              const std::vector<int64_t>& shape);

}  // namespace vantage::serialize

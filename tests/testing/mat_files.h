// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace vantage::testing {

// Parts of MATLAB files of level 5, as bytes. Types and classes are the format's numbers.

// A data element; up to 4 bytes in its tag's place where `small`.
std::string MatElement(uint32_t type, const std::string& data, bool small = false);
// An array of class `kind`, whose parts behind its name are `content`.
std::string MatArray(uint32_t kind, const std::vector<int32_t>& shape, const std::string& name,
                     const std::string& content, uint32_t flags = 0);
// Single-precision numbers, the first index running fastest.
std::string MatNumbers(const std::vector<int32_t>& shape, const std::vector<float>& values,
                       const std::string& name = "");
std::string MatCells(const std::vector<std::string>& items);
// A struct array of one element.
std::string MatStruct(const std::vector<std::string>& fields, const std::vector<std::string>& items,
                      const std::string& name = "");
// The file's header and variables, each compressed by zlib or not.
std::string MatFileOf(const std::vector<std::string>& variables, bool compressed);

}  // namespace vantage::testing

// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace vantage {

// A line of a text file, without white space at its ends.
struct TextLine {
  std::string text;
  int64_t number = 0;  // from 1
};

// The lines of a text file, without a byte-order mark, carriage returns, empty lines and lines that begin
// with '#'. Bytes are kept as they are: names need not be UTF-8. Throws Error if the file cannot be read or
// is larger than `max_bytes`.
std::vector<TextLine> ReadLines(const std::filesystem::path& path, uint64_t max_bytes = uint64_t{1} << 32);

// The same for a text in memory.
std::vector<TextLine> LinesOf(const std::string& text);

// Whether the text can be one of several words in such a line, and its first: it is not empty, has no white
// space, and does not begin with '#'.
bool IsWord(std::string_view text);

}  // namespace vantage

// SPDX-License-Identifier: BSD-3-Clause
#include "util/lines.h"

#include <sstream>

#include "util/file.h"
#include "util/string.h"

namespace vantage {

std::vector<TextLine> LinesOf(const std::string& text) {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  std::istringstream stream(text.starts_with(kByteOrderMark) ? text.substr(kByteOrderMark.size()) : text);
  std::vector<TextLine> lines;
  int64_t number = 0;
  for (std::string line; std::getline(stream, line);) {
    ++number;
    std::string trimmed(Trim(line));
    if (!trimmed.empty() && trimmed[0] != '#') lines.push_back({std::move(trimmed), number});
  }
  return lines;
}

std::vector<TextLine> ReadLines(const std::filesystem::path& path, uint64_t max_bytes) {
  return LinesOf(ReadFile(path, max_bytes));
}

bool IsWord(std::string_view text) {
  return !text.empty() && text.find_first_of(" \t\r\n\v\f") == text.npos && !text.starts_with('#');
}

}  // namespace vantage

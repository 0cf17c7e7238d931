// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace vantage {

// The arguments written one after the other with operator<<.
template <typename... Args>
std::string StrCat(const Args&... args) {
  std::ostringstream out;
  (out << ... << args);
  return out.str();
}

// Parts of `text` between separators; "" gives no part, "a,,b" three.
std::vector<std::string> SplitText(std::string_view text, char separator);

// The parts with `separator` between them.
std::string Join(const std::vector<std::string>& parts, std::string_view separator);

// `text` without white space at its ends.
std::string_view Trim(std::string_view text);

// ASCII lower case.
std::string ToLower(std::string_view text);

// Whether the bytes are well-formed UTF-8 (RFC 3629): no overlong forms, no surrogates.
bool IsUtf8(std::string_view text);

// Two hexadecimal digits a byte, and the inverse. FromHex throws Error naming `what` for any other text.
std::string ToHex(std::string_view bytes);
std::string FromHex(std::string_view digits, std::string_view what);

// Writes every byte except ASCII letters, digits and "/-._~" as a percent and two digits, "%20" (RFC 3986,
// section 2.1).
std::string PercentEncode(std::string_view text);

// The inverse of PercentEncode. A '%' that two hexadecimal digits do not follow is kept.
std::string PercentDecode(std::string_view text);

// Natural order: img9 is before img10. Runs of digits are compared as numbers, everything else by bytes. A
// total order: texts that differ only in leading zeros are compared by bytes.
bool NaturallyBefore(std::string_view a, std::string_view b);

// The shortest decimal that reads back as the same number.
std::string FormatShortest(double value);

// Fixed-point with `digits` decimals.
std::string FormatFixed(double value, int digits);

// With leading zeros: "0007" for 7 and four digits.
std::string FormatPadded(int64_t value, int digits);

// "0.2 s", "12 s", "3 min 05 s", "2 h 14 min".
std::string FormatDuration(double seconds);

// The candidate with the smallest edit distance to `word`, or "" if none is near enough to be a misspelling.
std::string NearestWord(std::string_view word, const std::vector<std::string>& candidates);
// "; did you mean 'size'?", with the nearest word, or "" if none is near.
std::string DidYouMean(std::string_view word, const std::vector<std::string>& candidates);

// `text` as a number. Throws Error naming `what` if the whole text is not a number or is out of range.
double ParseDouble(std::string_view text, std::string_view what);
long long ParseInteger(std::string_view text, std::string_view what);

}  // namespace vantage

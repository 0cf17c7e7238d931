// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cmath>
#include <string>
#include <type_traits>
#include <vector>

#include "util/check.h"
#include "util/string.h"
#include "vantage/options.h"

namespace vantage::config {

// Throws UsageError naming `source` if the option's value breaks its rule.
void CheckOption(const OptionField& field, const std::string& source);

template <typename T>
struct IsList : std::false_type {};
template <typename T>
struct IsList<std::vector<T>> : std::true_type {};

template <typename T>
std::string OptionTypeName(const T& value) {
  if constexpr (std::is_same_v<T, bool>) {
    return "true or false";
  } else if constexpr (std::is_integral_v<T>) {
    return "whole number";
  } else if constexpr (std::is_floating_point_v<T>) {
    return "number";
  } else if constexpr (IsList<T>::value) {
    return "list, each a " + OptionTypeName(typename T::value_type{});
  } else {
    static_cast<void>(value);
    return "string";
  }
}

inline std::string TomlText(const std::string& text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      quoted += '\\';
      quoted += c;
    } else if (c == '\n') {
      quoted += "\\n";
    } else if (static_cast<unsigned char>(c) < ' ' || c == '\x7f') {
      // TOML 1.0 forbids control characters in strings.
      constexpr char kDigits[] = "0123456789abcdef";
      quoted += "\\u00";
      quoted += kDigits[c >> 4];
      quoted += kDigits[c & 15];
    } else {
      quoted += c;
    }
  }
  return quoted + "\"";
}

inline std::string TomlText(bool value) { return value ? "true" : "false"; }

inline std::string TomlText(double value) {
  std::string text = FormatShortest(value);
  if (std::isfinite(value) && text.find_first_of(".e") == text.npos) text += ".0";
  return text;
}

template <typename T>
requires std::is_integral_v<T> std::string TomlText(T value) { return std::to_string(value); }

template <typename T>
std::string TomlText(const std::vector<T>& values) {
  std::vector<std::string> texts;
  for (const T& value : values) texts.push_back(TomlText(value));
  return StrCat("[", Join(texts, ", "), "]");
}

// Parses a value of a command line. Throws Error if the text is not a value of this type.
template <typename T>
T ParseOption(const std::string& text) {
  if constexpr (std::is_same_v<T, bool>) {
    if (text == "true" || text == "1" || text == "yes") return true;
    if (text == "false" || text == "0" || text == "no") return false;
    throw Error("not true or false");
  } else if constexpr (std::is_integral_v<T>) {
    const long long value = ParseInteger(text, "value");
    VANTAGE_CHECK(value == static_cast<T>(value), "out of range");
    return static_cast<T>(value);
  } else if constexpr (std::is_floating_point_v<T>) {
    return ParseDouble(text, "value");
  } else if constexpr (IsList<T>::value) {
    T values;
    for (const std::string& part : SplitText(text, ',')) {
      values.push_back(ParseOption<typename T::value_type>(std::string(Trim(part))));
    }
    return values;
  } else {
    return text;
  }
}

}  // namespace vantage::config

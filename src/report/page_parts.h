// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace vantage::report {

// What several pages are made of, as HTML.

// A number in large type with what it counts; all HTML.
std::string Tile(const std::string& value, const std::string& label, const std::string& detail);

// "3 photos", "1 photo".
std::string Counted(int64_t count, const std::string& noun, const std::string& plural);

// "0.25", "1.41", "1234": three digits, and whole numbers whole.
std::string ShortNumber(double value);

// Photos of the page that could not be read, with reasons; "" where all could. The reasons are text.
std::string UnreadableSection(const std::vector<std::string>& unreadable);

}  // namespace vantage::report

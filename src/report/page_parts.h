// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace vantage::report {

// Parts that several pages share, as HTML.

// A number in large type with what it counts. All arguments are HTML.
std::string Tile(const std::string& value, const std::string& label, const std::string& detail);

// "3 photos", "1 photo".
std::string Counted(int64_t count, const std::string& noun, const std::string& plural);

// "0.25", "1.41", "1234": three significant digits; from 100 on, rounded to a whole number.
std::string ShortNumber(double value);

// Lists the page's photos that could not be read, with reasons; "" if there are none. unreadable: plain text.
std::string UnreadableSection(const std::vector<std::string>& unreadable);

}  // namespace vantage::report

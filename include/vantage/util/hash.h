// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace vantage {

// SHA-256 as 64 hexadecimal digits.
std::string Sha256(std::string_view bytes);

// SHA-256 of a file's content, read in pieces. Throws Error if it cannot be read.
std::string Sha256OfFile(const std::filesystem::path& path);

}  // namespace vantage

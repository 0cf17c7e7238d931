// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

namespace vantage {

// SHA-256 of bytes that are added in pieces.
class Sha256Digest {
 public:
  Sha256Digest();
  void Add(std::string_view bytes);
  // The digest as 64 hexadecimal digits. Call it once, after the last Add.
  std::string Hex();

 private:
  std::unique_ptr<void, void (*)(void*)> context_;
};

// SHA-256 as 64 hexadecimal digits.
std::string Sha256(std::string_view bytes);

// SHA-256 of a file's content, read in pieces. Throws Error if it cannot be read.
std::string Sha256OfFile(const std::filesystem::path& path);

}  // namespace vantage

// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace vantage::testing {

// Writes a PyTorch file of the zip format around a pickle, with one storage under the key "0".
void WriteZipTorchFile(const std::filesystem::path& path, const std::string& pickle,
                       const std::string& storage);

// The bytes of a file from before PyTorch 1.6 around a pickle, with one storage of `elements` elements.
std::string LegacyTorchFile(const std::string& pickle, const std::string& storage, uint64_t elements,
                            const std::string& key = "0");

}  // namespace vantage::testing

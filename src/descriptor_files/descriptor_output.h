// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "util/output.h"
#include "vantage/descriptors.h"
#include "vantage/options.h"

namespace vantage::descriptor_files {

// Checks, before any work, the path that WriteDescriptors will write: format, extension, and each file by
// CheckOutput. Throws UsageError or Error.
void CheckDescriptorOutput(const std::filesystem::path& path, const DescriptorFormat& format,
                           const OutputRules& rules);

// Checks, before any work, that WriteDescriptors can write descriptors with these names to that path. Throws
// Error.
void CheckDescriptorNames(const std::filesystem::path& path, const DescriptorFormat& format,
                          const std::vector<std::string>& names);

}  // namespace vantage::descriptor_files

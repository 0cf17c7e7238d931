// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "util/output.h"
#include "vantage/run_context.h"
#include "vantage/search.h"

namespace vantage::search {

// Checks, before the search, the path that WriteRankedLists will write: its extension, and CheckOutput.
// Throws UsageError or Error.
void CheckRankedListsOutput(const std::filesystem::path& path, const OutputRules& rules);

// Checks, before the search, that WriteRankedLists can write these names to that path. Throws UsageError.
void CheckRankedListsNames(const std::filesystem::path& path, const std::vector<std::string>& names);

}  // namespace vantage::search

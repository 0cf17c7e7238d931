// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <filesystem>
#include <string>

namespace vantage::sfm {

// COLMAP's matches_importer reads a list of pairs that cannot contain names with white space or with a
// leading '#' (a comment). While it runs, such photos have other names in the database.

// The photo's temporary name: percent-encoded if a list of pairs cannot contain the name (IsWord), or if it
// has a '%', so that different names stay different.
std::string ListName(const std::string& name);

// Give all images of a database their temporary names, and their own names back. Both do nothing if the
// images already have these names. A call that is killed leaves all images renamed or none.
void TakeListNames(const std::filesystem::path& database);
void TakeOwnNames(const std::filesystem::path& database);

}  // namespace vantage::sfm

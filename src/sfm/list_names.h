// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <filesystem>
#include <string>

namespace vantage::sfm {

// A list of pairs, as COLMAP's matches_importer reads it, can name no photo with a blank in its name, nor one
// whose name begins as a comment does. While it runs, such photos have other names in the database.

// True if a list cannot hold the name.
bool NeedsListName(const std::string& name);

// What the photo is called meanwhile: percent-encoded where the name has a blank, a '#' or a '%', so that no
// two names become one.
std::string ListName(const std::string& name);

// Gives all images of a database those names, and their own back. Does nothing where that was done before; a
// call that is killed leaves all or none renamed.
void TakeListNames(const std::filesystem::path& database);
void TakeOwnNames(const std::filesystem::path& database);

}  // namespace vantage::sfm

// SPDX-License-Identifier: BSD-3-Clause
#include "training_set/photo_files.h"

#include <system_error>

namespace vantage::training_set {

namespace fs = std::filesystem;

fs::path PhotoFiles::Find(const fs::path& path) {
  std::error_code error;
  const fs::path folder = path.has_parent_path() ? path.parent_path() : fs::path(".");
  const auto [entry, is_new] = folders_.try_emplace(folder);
  if (is_new) entry->second = fs::canonical(folder, error);
  if (entry->second.empty()) return {};
  const fs::path file = entry->second / path.filename();
  const fs::file_status status = fs::symlink_status(file, error);
  if (fs::is_regular_file(status)) return file;
  if (!fs::is_symlink(status) || !fs::is_regular_file(file, error)) return {};
  return fs::canonical(file, error);
}

}  // namespace vantage::training_set

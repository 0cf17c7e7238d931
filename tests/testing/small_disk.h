// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>

namespace vantage::testing {

// What `body` returns in a child process for which a disk of `kib` KiB is mounted at the folder. Empty if the
// system does not allow mounting, which needs unprivileged user namespaces or root.
std::optional<std::string> OnSmallDisk(const std::filesystem::path& folder, int kib,
                                       const std::function<std::string()>& body);

}  // namespace vantage::testing

// Skips the test where `report` of OnSmallDisk holds nothing.
#define VANTAGE_REQUIRE_SMALL_DISK(report)                                                           \
  if (!(report).has_value()) {                                                                       \
    GTEST_SKIP() << "needs the right to mount a small disk (unprivileged user namespaces, or root)"; \
  }                                                                                                  \
  static_assert(true, "")

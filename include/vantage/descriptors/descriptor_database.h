// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "vantage/descriptors/descriptors.h"

namespace vantage {

class DescriptorReader;

// A descriptor file that is read block by block, for databases larger than memory. What was read stays in the
// system's page cache, as it would with a mapped file; but a file that is cut meanwhile is an Error and not
// the end of the process.
class DescriptorDatabase {
 public:
  // Reads the names, not the values. Throws Error as ReadDescriptors does for what they show.
  explicit DescriptorDatabase(const std::filesystem::path& path);
  ~DescriptorDatabase();
  DescriptorDatabase(DescriptorDatabase&&) noexcept;

  const std::filesystem::path& path() const;
  const std::vector<std::string>& names() const;
  const DescriptorProvenance& provenance() const;
  int64_t size() const;
  int64_t dimension() const;

  // Rows first .. first + count - 1. From any thread. Throws Error naming the row where a value is not
  // finite.
  DescriptorMatrix Read(int64_t first, int64_t count) const;
  // True once. What reads the whole database then looks at the rows' lengths; see WarnOfLengths.
  bool ClaimLengths() const;
  // The rows in the order of `rows`.
  DescriptorMatrix ReadRows(const std::vector<int64_t>& rows) const;

 private:
  std::unique_ptr<DescriptorReader> reader_;
};

}  // namespace vantage

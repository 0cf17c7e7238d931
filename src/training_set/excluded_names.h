// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

namespace vantage::training_set {

// The entries, with each entry that ends in .txt replaced by the lines of that file (ReadLines). Throws Error
// if a file cannot be read.
std::vector<std::string> ReadNameLists(const std::vector<std::string>& entries);

// Names of scenes or classes to exclude. Comparison ignores case, '_', '-' and spaces.
class NamesToExclude {
 public:
  explicit NamesToExclude(const std::vector<std::string>& names);

  // "'Eiffel Tower' is excluded by name" if one of the names is listed, else "". Records every match for
  // Unmet.
  std::string Why(const std::set<std::string>& names);

  // The listed names that no call of Why matched, as they were given.
  std::vector<std::string> Unmet() const;

 private:
  std::map<std::string, std::string> given_;  // listed name by its form for comparison
  std::set<std::string> met_;
};

}  // namespace vantage::training_set

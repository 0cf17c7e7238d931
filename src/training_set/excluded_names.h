// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

namespace vantage::training_set {

// Names; an entry that ends in .txt is a file with a name a line (ReadLines). Throws Error if it cannot be
// read.
std::vector<std::string> ReadNameLists(const std::vector<std::string>& entries);

// Names of scenes or classes to leave out, compared without regard to case, and to '_', '-' and spaces.
class NamesToExclude {
 public:
  explicit NamesToExclude(const std::vector<std::string>& names);

  // "'Eiffel Tower' is excluded by name" if one of the names is listed, else "". Each match counts as met.
  std::string Why(const std::set<std::string>& names);

  // Those that no call of Why met, as they were given.
  std::vector<std::string> Unmet() const;

 private:
  std::map<std::string, std::string> given_;  // by what is compared
  std::set<std::string> met_;
};

}  // namespace vantage::training_set

// SPDX-License-Identifier: BSD-3-Clause
#include "training_set/excluded_names.h"

#include "util/lines.h"
#include "util/string.h"
#include "vantage/error.h"

namespace vantage::training_set {
namespace {

std::string NameForComparison(const std::string& name) {
  std::string plain;
  for (const char c : ToLower(name)) {
    if (c != '_' && c != '-' && c != ' ') plain += c;
  }
  return plain;
}

}  // namespace

std::vector<std::string> ReadNameLists(const std::vector<std::string>& entries) {
  std::vector<std::string> names;
  for (const std::string& entry : entries) {
    if (!entry.ends_with(".txt")) {
      names.push_back(entry);
      continue;
    }
    for (const TextLine& line : ReadLines(entry)) names.push_back(line.text);
  }
  return names;
}

NamesToExclude::NamesToExclude(const std::vector<std::string>& names) {
  for (const std::string& name : names) given_[NameForComparison(name)] = name;
}

std::string NamesToExclude::Why(const std::set<std::string>& names) {
  std::string why;
  for (const std::string& name : names) {
    const auto found = given_.find(NameForComparison(name));
    if (found == given_.end()) continue;
    met_.insert(found->first);
    why = StrCat("'", found->second, "' is excluded by name");
  }
  return why;
}

std::vector<std::string> NamesToExclude::Unmet() const {
  std::vector<std::string> unmet;
  for (const auto& [compared, name] : given_) {
    if (met_.count(compared) == 0) unmet.push_back(name);
  }
  return unmet;
}

}  // namespace vantage::training_set

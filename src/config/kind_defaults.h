// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <any>
#include <string_view>
#include <vector>

#include "vantage/choice.h"
#include "vantage/options.h"

namespace vantage::config {

// A kind's option fields, holding their default values.
class KindDefaults {
 public:
  explicit KindDefaults(const Kind& kind) : values_(kind.defaults) { kind.declare(description_, values_); }
  KindDefaults(const KindDefaults&) = delete;  // the description points into the values
  KindDefaults& operator=(const KindDefaults&) = delete;

  const std::vector<OptionField>& fields() const { return description_.fields(); }
  // Null if the kind has no such option.
  const OptionField* Find(std::string_view key) const { return description_.Find(key); }

 private:
  std::any values_;
  OptionsDescription description_;
};

}  // namespace vantage::config

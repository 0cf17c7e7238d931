// SPDX-License-Identifier: BSD-3-Clause
#include "training_set/positive_rule.h"

#include <algorithm>
#include <array>

#include "util/check.h"
#include "vantage/training_set.h"

namespace vantage::training_set {
namespace {

constexpr std::array<PositiveRule, 3> kRules{{
    {.name = "m1", .by_descriptor = true},
    {.name = "m2"},
    {.name = "m3", .at_random = true},
}};

}  // namespace

const PositiveRule& PositiveRuleOf(const TupleOptions& options) {
  const auto* const rule = std::find_if(
      kRules.begin(), kRules.end(), [&](const PositiveRule& one) { return one.name == options.positives; });
  VANTAGE_CHECK(rule != kRules.end(), "positives: '", options.positives, "' is no rule");
  return *rule;
}

std::vector<std::string> PositiveRuleNames() {
  std::vector<std::string> names;
  for (const PositiveRule& rule : kRules) names.emplace_back(rule.name);
  return names;
}

}  // namespace vantage::training_set

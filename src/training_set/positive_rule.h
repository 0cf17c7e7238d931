// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>
#include <vector>

namespace vantage {
struct TupleOptions;
}  // namespace vantage

namespace vantage::training_set {

// A way of choosing a query's positive among its candidates (TPAMI 2019, section 4.2).
struct PositiveRule {
  const char* name;
  // The candidate nearest by descriptor, whether or not it shares points with the query.
  bool by_descriptor = false;
  // A random candidate of those with a moderate change of viewpoint. If neither is set: the candidate that
  // shares most points.
  bool at_random = false;
};

// The rule that options.positives names, which CheckOptions has accepted.
const PositiveRule& PositiveRuleOf(const TupleOptions& options);

std::vector<std::string> PositiveRuleNames();

}  // namespace vantage::training_set

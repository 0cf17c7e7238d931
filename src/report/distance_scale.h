// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <span>
#include <string>

namespace vantage::report {

// An HTML figure: the distances from a query's descriptor to its positive (NaN where it is not known) and to
// its negatives as points on a line from 0 to `longest`, the same for all queries of a page.
std::string DistanceScale(double positive, std::span<const double> negatives, double longest);

// The next tenth, from 0.1 to 2: what DistanceScale takes for the largest distance of a page.
double LongestDistance(double largest);

}  // namespace vantage::report

// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <span>
#include <string>

namespace vantage::report {

// An HTML figure: the distances from a query's descriptor to its positive (NaN if it is not known) and to its
// negatives, as points on a line from 0 to `longest`. All queries of a page use the same `longest`.
std::string DistanceScale(double positive, std::span<const double> negatives, double longest);

// The argument `longest` for a page whose largest distance is `largest`: rounded up to a tenth, clamped to
// [0.1, 2].
double LongestDistance(double largest);

}  // namespace vantage::report

// SPDX-License-Identifier: BSD-3-Clause
#include "report/distance_scale.h"

#include <algorithm>
#include <cmath>

#include "util/string.h"

namespace vantage::report {
namespace {

// Sizes of the drawing in its own units; the page scales it.
constexpr double kScaleWidth = 480;
constexpr double kScaleLeft = 8;
constexpr double kRight = kScaleWidth - 8;

std::string Point(double distance, double longest, const char* kind, const char* name) {
  const double x = kScaleLeft + std::clamp(distance / longest, 0.0, 1.0) * (kRight - kScaleLeft);
  return StrCat("<circle class=\"", kind, "\" cx=\"", FormatFixed(x, 2), "\" cy=\"10\" r=\"6\"><title>", name,
                ": distance ", FormatFixed(distance, 3), "</title></circle>");
}

}  // namespace

double LongestDistance(double largest) { return std::clamp(std::ceil(largest * 10) / 10, 0.1, 2.0); }

std::string DistanceScale(double positive, std::span<const double> negatives, double longest) {
  std::string svg = StrCat("<path class=\"axis\" d=\"M", kScaleLeft, " 10H", kRight, "\"/>");
  for (const double distance : negatives) {
    if (!std::isnan(distance)) svg += Point(distance, longest, "negative", "negative");
  }
  std::string words = "distances of negatives";
  if (!std::isnan(positive)) {
    svg += Point(positive, longest, "chosen", "chosen positive");
    words = StrCat("distance of the chosen positive ", FormatFixed(positive, 3), ", and of negatives");
  }
  return StrCat("<figure class=\"distances\"><svg viewBox=\"0 0 ", kScaleWidth,
                " 34\" role=\"img\" aria-label=\"", words, "\">", svg, "<text x=\"", kScaleLeft,
                "\" y=\"31\">0</text><text x=\"", kRight, "\" y=\"31\" text-anchor=\"end\">distance ",
                FormatFixed(longest, 1), "</text></svg></figure>");
}

}  // namespace vantage::report

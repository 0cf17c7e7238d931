// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <numbers>

#include "util/check.h"
#include "util/index.h"
#include "vantage/search.h"

namespace vantage {
namespace {

constexpr double kEarthRadius = 6371008.8;  // metres, mean (IUGG)
constexpr double kDegree = std::numbers::pi / 180;

// The position on a sphere of radius 1.
std::array<double, 3> OnSphere(const GeoPosition& position) {
  const double latitude = position.latitude * kDegree;
  const double longitude = position.longitude * kDegree;
  return {std::cos(latitude) * std::cos(longitude), std::cos(latitude) * std::sin(longitude),
          std::sin(latitude)};
}

}  // namespace

double GreatCircleDistance(const GeoPosition& a, const GeoPosition& b) {
  // The haversine formula, which is exact for near places too.
  const double latitude = std::sin(kDegree * (b.latitude - a.latitude) / 2);
  const double longitude = std::sin(kDegree * (b.longitude - a.longitude) / 2);
  const double square = latitude * latitude + std::cos(kDegree * a.latitude) *
                                                  std::cos(kDegree * b.latitude) * longitude * longitude;
  return 2 * kEarthRadius * std::asin(std::min(1.0, std::sqrt(square)));
}

std::vector<RowPair> PairsByPosition(const std::vector<std::optional<GeoPosition>>& positions,
                                     double radius) {
  VANTAGE_CHECK(radius > 0, "pairs by position: a radius of ", radius, " metres");
  // Points at most this far apart are in one cell of this size, or in cells that touch. A chord is shorter
  // than the arc; the smallest size is some centimetres.
  constexpr double kSmallestEarth = 6371000;  // metres, below the radius that GreatCircleDistance takes
  const double size = std::max(radius / kSmallestEarth, 1e-8);
  using Cell = std::array<int64_t, 3>;
  std::map<Cell, std::vector<int64_t>> rows_of;
  std::vector<RowPair> pairs;
  for (size_t row = 0; row < positions.size(); ++row) {
    if (!positions[row]) continue;
    const auto point = OnSphere(*positions[row]);
    Cell cell{};
    for (size_t i = 0; i < 3; ++i) cell[i] = std::llround(std::floor(point[i] / size));
    for (int64_t offset = 0; offset < 27; ++offset) {
      const auto near =
          rows_of.find({cell[0] + offset / 9 - 1, cell[1] + offset / 3 % 3 - 1, cell[2] + offset % 3 - 1});
      if (near == rows_of.end()) continue;
      for (const int64_t other : near->second) {
        if (GreatCircleDistance(*positions[ToIndex(other)], *positions[row]) <= radius)
          pairs.emplace_back(other, static_cast<int64_t>(row));
      }
    }
    rows_of[cell].push_back(static_cast<int64_t>(row));
  }
  std::sort(pairs.begin(), pairs.end());
  return pairs;
}

}  // namespace vantage

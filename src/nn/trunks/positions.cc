// SPDX-License-Identifier: BSD-3-Clause
#include "nn/trunks/positions.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/_upsample_bicubic2d_aa.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/upsample_bicubic2d.h>
#include <ATen/ops/zeros.h>

#include <array>
#include <cmath>
#include <numbers>
#include <utility>

#include "util/check.h"
#include "util/string.h"
#include "vantage/error.h"

namespace vantage::nn {
namespace {

constexpr std::array<std::pair<const char*, PositionRule>, 3> kPositionRules = {
    {{"offset", PositionRule::kOffset},
     {"size", PositionRule::kSize},
     {"antialias", PositionRule::kAntialias}}};

// Centres of `count` patches along a side, in -1..1.
at::Tensor Centres(int64_t count, const at::TensorOptions& options) {
  return (at::arange(count, options) + 0.5) / static_cast<double>(count) * 2 - 1;
}

}  // namespace

std::vector<std::string> PositionRuleNames() {
  std::vector<std::string> names;
  for (const auto& [name, rule] : kPositionRules) names.emplace_back(name);
  return names;
}

PositionRule ParsePositionRule(const std::string& name) {
  for (const auto& [known, rule] : kPositionRules) {
    if (name == known) return rule;
  }
  throw UsageError(StrCat("positions: '", name, "' is not one of ", Join(PositionRuleNames(), ", ")));
}

at::Tensor ResizePositions(const at::Tensor& positions_1NC, int64_t rows, int64_t columns,
                           PositionRule rule) {
  const auto side = static_cast<int64_t>(std::lround(std::sqrt(positions_1NC.size(1))));
  VANTAGE_CHECK(side * side == positions_1NC.size(1), positions_1NC.size(1),
                " positions are not a square grid");
  if (rows == side && columns == side) return positions_1NC;
  constexpr double kOffset = 0.1;
  const auto factor = [&](int64_t to) {
    return (static_cast<double>(to) + kOffset) / static_cast<double>(side);
  };
  const at::Tensor grid = positions_1NC.reshape({1, side, side, -1}).permute({0, 3, 1, 2});
  const std::array size = {rows, columns};
  at::Tensor resized;
  switch (rule) {
    case PositionRule::kOffset:
      resized = at::upsample_bicubic2d(grid, size, /*align_corners=*/false, factor(rows), factor(columns));
      break;
    case PositionRule::kSize:
      resized = at::upsample_bicubic2d(grid, size, /*align_corners=*/false);
      break;
    case PositionRule::kAntialias:
      resized = at::_upsample_bicubic2d_aa(grid, size, /*align_corners=*/false);
      break;
  }
  return resized.permute({0, 2, 3, 1}).reshape({1, rows * columns, -1});
}

RotaryTable MakeRotaryTable(const at::Tensor& periods, int64_t rows, int64_t columns, int64_t others) {
  const at::Tensor factors = 2 * std::numbers::pi / periods;
  const int64_t quarter = factors.size(0);
  const at::Tensor y = Centres(rows, factors.options()).view({rows, 1, 1}) * factors;
  const at::Tensor x = Centres(columns, factors.options()).view({1, columns, 1}) * factors;
  const std::array shape = {rows, columns, quarter};
  const at::Tensor angles = at::cat({y.expand(shape), x.expand(shape)}, 2).flatten(0, 1);
  const at::Tensor all = at::cat({at::zeros({others, 2 * quarter}, angles.options()), angles}, 0);
  return {all.cos(), all.sin()};
}

at::Tensor Turn(const at::Tensor& x_BHNC, const RotaryTable& table) {
  const int64_t half = x_BHNC.size(-1) / 2;
  const at::Tensor first = x_BHNC.narrow(-1, 0, half);
  const at::Tensor second = x_BHNC.narrow(-1, half, half);
  return at::cat({first * table.cos_ND - second * table.sin_ND, second * table.cos_ND + first * table.sin_ND},
                 -1);
}

}  // namespace vantage::nn

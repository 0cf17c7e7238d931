// SPDX-License-Identifier: BSD-3-Clause
#include <nlohmann/json.hpp>

#include "numerics/shrinkage_json.h"
#include "util/string.h"
#include "vantage/whitening.h"

namespace vantage {
namespace {

std::string Percent(double value) { return FormatFixed(100 * value, 1); }

}  // namespace

std::string Summary(const ShrinkageChoice& choice) {
  const std::string value = FormatShortest(choice.shrinkage);
  if (!choice.is_measured) {
    return StrCat("shrinkage ", value,
                  ", not measured: fewer than two scenes have pairs, so that none can be left out");
  }
  const double gain = choice.map - choice.unwhitened_map;
  std::string text = StrCat("shrinkage ", value, " by leaving scenes out: mAP ", Percent(choice.map), ", ",
                            Percent(choice.unwhitened_map), " without whitening (", gain < 0 ? "" : "+",
                            Percent(gain), " ± ", Percent(choice.gain_half_width), ", 95 %; ", choice.queries,
                            " queries of ", choice.scenes, " scenes)");
  if (choice.least_alike < choice.most_alike) {
    text += StrCat("; ", FormatShortest(choice.least_alike), " to ", FormatShortest(choice.most_alike),
                   " cannot be distinguished from the best, ", FormatShortest(choice.best));
  }
  if (gain < 0) {
    text += "; no shrinkage is as good as no whitening here";
  } else if (gain <= choice.gain_half_width) {
    text += "; whether whitening gains is not sure";
  }
  return text;
}

nlohmann::json ToJson(const ShrinkageChoice& choice) {
  nlohmann::json result = {{"shrinkage", choice.shrinkage}, {"measured", choice.is_measured}};
  if (!choice.is_measured) return result;
  nlohmann::json curve = nlohmann::json::array();
  for (const auto& [shrinkage, map] : choice.curve) curve.push_back({shrinkage, map});
  result.update({{"map", choice.map},
                 {"unwhitened_map", choice.unwhitened_map},
                 {"gain_half_width", choice.gain_half_width},
                 {"best", choice.best},
                 {"alike", {choice.least_alike, choice.most_alike}},
                 {"folds", choice.folds},
                 {"scenes", choice.scenes},
                 {"queries", choice.queries},
                 {"curve", curve}});
  return result;
}

}  // namespace vantage

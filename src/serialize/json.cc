// SPDX-License-Identifier: BSD-3-Clause
#include "serialize/json.h"

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "util/check.h"
#include "util/rethrow.h"

namespace vantage::serialize {

nlohmann::json ParseJson(std::string_view text, const std::string& source) {
  using nlohmann::json;
  constexpr int kMaxDepth = 64;
  const auto check = [&](int depth, json::parse_event_t /*event*/, const json& /*parsed*/) {
    VANTAGE_CHECK(depth <= kMaxDepth, source, ": JSON that nests more than ", kMaxDepth, " deep");
    return true;
  };
  try {
    return json::parse(text, check);
  } catch (const json::exception& error) {
    throw Error(StrCat(source, ": not valid JSON: ", PlainReason(error)));
  }
}

nlohmann::json NumberOrNull(double value) {
  return std::isnan(value) ? nlohmann::json(nullptr) : nlohmann::json(value);
}

double NumberOrNaN(const nlohmann::json& value) {
  return value.is_null() ? std::numeric_limits<double>::quiet_NaN() : value.get<double>();
}

}  // namespace vantage::serialize

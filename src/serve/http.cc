// SPDX-License-Identifier: BSD-3-Clause
#include "serve/http.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "util/string.h"

namespace vantage::serve {
namespace {

// In a query, "+" is a space (application/x-www-form-urlencoded).
std::string DecodeQuery(std::string text) {
  std::replace(text.begin(), text.end(), '+', ' ');
  return PercentDecode(text);
}

}  // namespace

HttpAnswer JsonAnswer(const nlohmann::json& value, int status) {
  return {.status = status,
          .type = "application/json",
          .body = value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)};
}

HttpAnswer ErrorAnswer(int status, const std::string& message) {
  return JsonAnswer({{"error", message}}, status);
}

HttpRequest ParseTarget(const std::string& target) {
  HttpRequest request;
  const size_t question = target.find('?');
  request.path = PercentDecode(target.substr(0, question));
  if (question == std::string::npos) return request;
  for (const std::string& pair : SplitText(target.substr(question + 1), '&')) {
    const size_t equals = pair.find('=');
    const std::string value = equals == std::string::npos ? "" : pair.substr(equals + 1);
    request.query.emplace(DecodeQuery(pair.substr(0, equals)), DecodeQuery(value));
  }
  return request;
}

}  // namespace vantage::serve

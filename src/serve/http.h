// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <functional>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "vantage/error.h"

namespace vantage::serve {

// A request, decoded. Names are bytes: they need not be UTF-8.
struct HttpRequest {
  std::string method;                        // "GET", "POST", ...; "GET" for HEAD too
  std::string path;                          // without the query, percent-decoded: "/photo/a b.jpg"
  std::map<std::string, std::string> query;  // decoded; the first value of each name
  // Receives the body. Throws HttpError if it is too large, incomplete or late.
  std::function<std::string()> read_body;
};

struct HttpAnswer {
  int status = 200;
  std::string type;  // MIME type
  std::string body;
  std::string policy = "default-src 'none'; frame-ancestors 'none'";  // Content-Security-Policy
};

// Becomes an answer with this status and {"error": message}.
class HttpError : public Error {
 public:
  HttpError(int status, const std::string& message) : Error(message), status_(status) {}

  int status() const { return status_; }

 private:
  int status_;
};

// Bytes of texts that are not UTF-8 become U+FFFD.
HttpAnswer JsonAnswer(const nlohmann::json& value, int status = 200);

// {"error": message}.
HttpAnswer ErrorAnswer(int status, const std::string& message);

// Splits and decodes what a request line names: "/photo/a%20b.jpg?k=3". method, read_body: as received.
HttpRequest ParseTarget(const std::string& target);

}  // namespace vantage::serve

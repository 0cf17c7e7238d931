// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "serve/http.h"
#include "vantage/run_context.h"

namespace vantage::serve {

// What clients may cost. Memory: connections * (max_body + 1 MiB), besides that of answers.
struct HttpLimits {
  int64_t max_body = int64_t{20} << 20;  // bytes of a request's body; more: status 413
  // Seconds within which a client must send its whole request, and again receive the whole answer.
  double timeout = 30;
  // Connections that are served at the same time; others wait in the system's queue.
  int connections = 32;
};

// An HTTP server for browsers and programs, one request a connection. Every answer forbids caching, embedding
// in other sites' pages, and guessing of its type. On a loopback address it refuses requests whose Host is
// another name: a page of another site whose name resolves to this machine could read the answers otherwise
// (DNS rebinding). It refuses what other sites' pages request, if the browser says so (Sec-Fetch-Site),
// except for opening "/".
class HttpServer {
 public:
  // Called from several threads. HttpError, UsageError and Error become answers.
  using Handler = std::function<HttpAnswer(const HttpRequest& request)>;

  // Starts to listen. port 0: any free one. Throws Error if the address cannot be used, or if vantage was
  // built without cpp-httplib.
  HttpServer(const std::string& host, int port, const HttpLimits& limits, Handler handler);
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  int port() const;
  // Whether only programs on this machine can connect.
  bool IsLoopback() const;
  // "http://127.0.0.1:8080/"
  std::string url() const;

  // Answers requests until the context is cancelled, then drops all clients and waits for the handlers that
  // are still computing. Throws Interrupted, and Error if listening fails.
  void Run(const RunContext& context);

  // Reads one request from the connected stream socket, answers it and closes the socket, in the caller's
  // thread.
  void Serve(int socket);

 private:
  class Server;
  std::unique_ptr<Server> server_;
  std::string host_;
};

}  // namespace vantage::serve

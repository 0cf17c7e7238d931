// SPDX-License-Identifier: BSD-3-Clause
#include "serve/http_server.h"

#include "util/check.h"

#ifdef VANTAGE_WITH_HTTPLIB

#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <exception>
#include <semaphore>
#include <thread>
#include <utility>

#include "serve/connection.h"
#include "util/log.h"
#include "util/stopwatch.h"
#include "util/string.h"

namespace vantage::serve {
namespace {

constexpr std::chrono::milliseconds kCancelInterval(50);
constexpr int kWaiting = 128;  // connections in the system's queue

// Threads that each serve a connection. Waits for a free one before it accepts the next connection.
class ConnectionThreads final : public httplib::TaskQueue {
 public:
  explicit ConnectionThreads(int count) : free_(count), threads_(static_cast<size_t>(count)) {}

  using Enqueued = decltype(std::declval<httplib::TaskQueue&>().enqueue({}));  // void or bool, by version
  Enqueued enqueue(std::function<void()> serve) override {
    free_.acquire();
    threads_.enqueue([this, serve = std::move(serve)] {
      serve();
      free_.release();
    });
    return static_cast<Enqueued>(true);
  }
  void shutdown() override { threads_.shutdown(); }

 private:
  std::counting_semaphore<> free_;
  httplib::ThreadPool threads_;
};

// "localhost" of "localhost:8080", "::1" of "[::1]:8080".
std::string HostName(const std::string& host) {
  if (host.starts_with('[')) return host.substr(1, host.find(']') - 1);
  return host.substr(0, host.find(':'));
}

bool IsLoopbackName(const std::string& name) {
  in_addr address{};
  return ToLower(name) == "localhost" || name == "::1" ||
         (::inet_pton(AF_INET, name.c_str(), &address) == 1 && ntohl(address.s_addr) >> 24 == 127);
}

bool IsLoopbackAddress(const sockaddr_storage& address) {
  if (address.ss_family == AF_INET) {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(address);
    return ntohl(v4.sin_addr.s_addr) >> 24 == 127;
  }
  return address.ss_family == AF_INET6 &&
         IN6_IS_ADDR_LOOPBACK(&reinterpret_cast<const sockaddr_in6&>(address).sin6_addr) != 0;
}

// Throws HttpError for requests that pages of other sites make, and for what is not supported.
void CheckRequest(const httplib::Request& request, const std::string& path, bool is_loopback,
                  int64_t max_body) {
  if (is_loopback && !IsLoopbackName(HostName(request.get_header_value("Host"))))
    throw HttpError(403, "Host: this server is for programs on its own machine, by the name localhost");
  const std::string site = request.get_header_value("Sec-Fetch-Site");
  if (path != "/" && (site == "cross-site" || site == "same-site"))
    throw HttpError(403, "requests of other sites' pages are refused");
  if (request.method != "POST") return;
  if (request.is_multipart_form_data())
    throw HttpError(415, "send the photo's bytes as the body, not a form (curl --data-binary @photo.jpg)");
  if (request.has_header("Content-Encoding")) throw HttpError(415, "Content-Encoding is not supported");
  const std::string length = request.get_header_value("Content-Length", 0);
  const bool is_number =
      std::all_of(length.begin(), length.end(), [](char c) { return c >= '0' && c <= '9'; });
  if (!is_number || request.get_header_value_count("Content-Length") > 1)
    throw HttpError(400, "Content-Length is not a number");
  if (length.size() > 18 || (!length.empty() && std::stoll(length) > max_body))
    throw HttpError(413, StrCat("the photo is larger than ", max_body >> 20, " MB"));
}

std::string ReadBody(const httplib::ContentReader& reader, int64_t max_body) {
  std::string body;
  bool is_too_large = false;
  const bool is_complete = reader([&](const char* data, size_t size) {
    is_too_large = static_cast<int64_t>(body.size() + size) > max_body;
    if (!is_too_large) body.append(data, size);
    return !is_too_large;
  });
  if (is_too_large) throw HttpError(413, StrCat("the photo is larger than ", max_body >> 20, " MB"));
  if (!is_complete) throw HttpError(408, "the photo did not arrive whole in time");
  return body;
}

void Fill(httplib::Response& response, const HttpAnswer& answer) {
  response.status = answer.status;
  response.set_content(answer.body, answer.type);
  response.set_header("Content-Security-Policy", answer.policy);
}

}  // namespace

class HttpServer::Server final : public httplib::Server {
 public:
  Server(const std::string& host, int port, const HttpLimits& limits, HttpServer::Handler handler)
      : limits_(limits), handler_(std::move(handler)) {
    new_task_queue = [this] { return new ConnectionThreads(limits_.connections); };
    set_socket_options([](socket_t socket) {  // without SO_REUSEPORT: two servers would share a port
      const int yes = 1;
      ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
    });
    set_default_headers({{"Cache-Control", "no-store"},
                         {"Cross-Origin-Resource-Policy", "same-origin"},
                         {"Referrer-Policy", "no-referrer"},
                         {"X-Content-Type-Options", "nosniff"}});
    set_pre_routing_handler([this](const httplib::Request& request, httplib::Response& response) {
      if (request.method == "POST") return HandlerResponse::Unhandled;
      Answer(request, response, nullptr);
      return HandlerResponse::Handled;
    });
    Post("/", [this](const httplib::Request& request, httplib::Response& response,
                     const httplib::ContentReader& reader) { Answer(request, response, &reader); });
    // Requests that cpp-httplib itself refuses.
    set_error_handler(HandlerWithResponse([](const httplib::Request&, httplib::Response& response) {
      if (response.body.empty())
        Fill(response, ErrorAnswer(response.status, "not a request that HTTP allows"));
      return HandlerResponse::Handled;
    }));
    port_ = port == 0 ? bind_to_any_port(host) : (bind_to_port(host, port) ? port : -1);
    VANTAGE_CHECK(port_ > 0, host, ":", port, ": cannot listen there; is another program using the port?");
    ::listen(svr_sock_,
             kWaiting);  // cpp-httplib lets 5 wait: a client beyond them tries again after a second
    sockaddr_storage address{};
    socklen_t size = sizeof(address);
    ::getsockname(svr_sock_, reinterpret_cast<sockaddr*>(&address), &size);
    is_loopback_ = IsLoopbackAddress(address);
  }

  int port() const { return port_; }
  bool is_loopback() const { return is_loopback_; }

  void Serve(socket_t socket) { process_and_close_socket(socket); }

  void Run(const RunContext& context) {
    std::atomic<bool> ended = false;
    std::jthread listener([&] {
      listen_after_bind();
      ended = true;
    });
    while (!ended && !context.IsCancelled()) std::this_thread::sleep_for(kCancelInterval);
    stopping_ = true;
    while (!ended) {  // stop() has no effect before the listener is running
      stop();
      std::this_thread::sleep_for(kCancelInterval);
    }
    context.CheckCancelled();
    throw Error("the server stopped: the system accepts no more connections");
  }

 private:
  bool process_and_close_socket(socket_t socket) override {
    Connection connection(socket, limits_, stopping_);
    bool is_closed = false;
    return process_request(connection, /*close_connection=*/true, is_closed, [](httplib::Request& request) {
      request.ranges.clear();       // not supported: a list of ranges could ask for a photo a thousand times
      request.path.assign(1, '/');  // Answer uses the target; routing would match regular expressions
    });
  }

  void Answer(const httplib::Request& request, httplib::Response& response,
              const httplib::ContentReader* reader) {
    const auto start = std::chrono::steady_clock::now();
    HttpRequest parsed = ParseTarget(request.target);
    try {
      CheckRequest(request, parsed.path, is_loopback_, limits_.max_body);
      parsed.method = request.method == "HEAD" ? "GET" : request.method;
      parsed.read_body = [&] { return reader == nullptr ? "" : ReadBody(*reader, limits_.max_body); };
      Fill(response, handler_(parsed));
    } catch (const HttpError& error) {
      Fill(response, ErrorAnswer(error.status(), error.what()));
    } catch (const UsageError& error) {
      Fill(response, ErrorAnswer(400, error.what()));
    } catch (const std::bad_alloc&) {
      Fill(response, ErrorAnswer(503, "not enough memory"));
    } catch (const std::exception& error) {
      Fill(response, ErrorAnswer(500, error.what()));
    }
    LogDebug(request.method, " ", PercentEncode(parsed.path), ": ", response.status, ", ",
             FormatFixed(1000 * SecondsSince(start), 1), " ms");
  }

  const HttpLimits limits_;
  const HttpServer::Handler handler_;
  std::atomic<bool> stopping_ = false;
  int port_ = -1;
  bool is_loopback_ = false;
};

HttpServer::HttpServer(const std::string& host, int port, const HttpLimits& limits,
                       HttpServer::Handler handler)
    : server_(std::make_unique<Server>(host, port, limits, std::move(handler))), host_(host) {}

HttpServer::~HttpServer() = default;

int HttpServer::port() const { return server_->port(); }

bool HttpServer::IsLoopback() const { return server_->is_loopback(); }

std::string HttpServer::url() const {
  const bool is_v6 = host_.find(':') != std::string::npos;
  return StrCat("http://", is_v6 ? "[" : "", host_, is_v6 ? "]:" : ":", port(), "/");
}

void HttpServer::Run(const RunContext& context) { server_->Run(context); }

void HttpServer::Serve(int socket) { server_->Serve(socket); }

}  // namespace vantage::serve

#else

namespace vantage::serve {

class HttpServer::Server {};

HttpServer::HttpServer(const std::string&, int, const HttpLimits&, Handler) {
  throw Error(
      "this build of vantage has no HTTP server: install cpp-httplib (libcpp-httplib-dev and pkgconf in "
      "Debian) and build again");
}
HttpServer::~HttpServer() = default;
int HttpServer::port() const { return 0; }
bool HttpServer::IsLoopback() const { return true; }
std::string HttpServer::url() const { return ""; }
void HttpServer::Run(const RunContext&) {}
void HttpServer::Serve(int) {}

}  // namespace vantage::serve

#endif

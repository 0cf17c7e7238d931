// SPDX-License-Identifier: BSD-3-Clause
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "fuzz/harness.h"
#include "serve/http_server.h"

namespace vantage::serve {
namespace {

constexpr int64_t kMostBody = 16 << 10;

HttpAnswer Echo(const HttpRequest& request) {
  const std::string body = request.read_body();
  if (std::ssize(body) > kMostBody) std::abort();
  return JsonAnswer({{"path", request.path}, {"query", request.query}, {"bytes", body.size()}});
}

// A client that sends the bytes and then closes its side.
void Ask(HttpServer& server, std::string_view bytes) {
  std::array<int, 2> ends{};
  const int size = 1 << 20;  // the system may give less: still more than libFuzzer's longest input
  if (::socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data()) != 0) {
    std::perror("socketpair");
    std::abort();
  }
  for (const int end : ends) ::setsockopt(end, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
  if (::send(ends[0], bytes.data(), bytes.size(), MSG_DONTWAIT) != static_cast<ssize_t>(bytes.size())) {
    std::perror("send");
    std::abort();
  }
  ::shutdown(ends[0], SHUT_WR);
  server.Serve(ends[1]);
  ::close(ends[0]);
}

}  // namespace
}  // namespace vantage::serve

// Whatever a client sends gets an answer or a closed connection; the body that a handler gets is bounded. The
// bound on memory is that of a connection (http_server.h) and of the answer, in which one byte of a query can
// become several of JSON.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace vantage;
  static serve::HttpServer server("127.0.0.1", 0, {.max_body = serve::kMostBody, .timeout = 60}, serve::Echo);
  const std::string_view bytes = fuzz::View(data, size);
  fuzz::Run(bytes, {.bytes_per_byte = 64, .fixed = uint64_t{4} << 20}, [&] { serve::Ask(server, bytes); });
  return 0;
}

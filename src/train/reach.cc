// SPDX-License-Identifier: BSD-3-Clause
#include "train/reach.h"

#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <memory>

namespace vantage::train {
namespace {

class Socket {
 public:
  explicit Socket(int family)
      : descriptor_(::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)) {}
  ~Socket() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;

  bool Connect(const addrinfo& address, std::chrono::milliseconds time_limit) const {
    if (descriptor_ < 0) return false;
    if (::connect(descriptor_, address.ai_addr, address.ai_addrlen) == 0) return true;
    if (errno != EINPROGRESS) return false;
    pollfd wanted{descriptor_, POLLOUT, 0};
    if (::poll(&wanted, 1, static_cast<int>(time_limit.count())) != 1) return false;
    int error = 0;
    socklen_t length = sizeof(error);
    return ::getsockopt(descriptor_, SOL_SOCKET, SO_ERROR, &error, &length) == 0 && error == 0;
  }

  std::optional<std::string> OwnAddress() const {
    sockaddr_storage address{};
    socklen_t length = sizeof(address);
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    char text[NI_MAXHOST];
    if (::getsockname(descriptor_, generic, &length) != 0) return std::nullopt;
    if (::getnameinfo(generic, length, text, sizeof(text), nullptr, 0, NI_NUMERICHOST) != 0)
      return std::nullopt;
    return text;
  }

 private:
  int descriptor_ = -1;
};

}  // namespace

std::optional<std::string> AddressTowards(const std::string& host, int port,
                                          std::chrono::milliseconds time_limit) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found) != 0) return std::nullopt;
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> addresses(found, &::freeaddrinfo);
  for (const addrinfo* address = addresses.get(); address != nullptr; address = address->ai_next) {
    const Socket socket(address->ai_family);
    if (socket.Connect(*address, time_limit)) return socket.OwnAddress();
  }
  return std::nullopt;
}

}  // namespace vantage::train

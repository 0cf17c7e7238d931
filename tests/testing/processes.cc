// SPDX-License-Identifier: BSD-3-Clause
#include "testing/processes.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <future>

#include "util/check.h"
#include "util/subprocess.h"

namespace vantage::testing {

int FreePort() {
  const int descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof(address);
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  VANTAGE_CHECK(::bind(descriptor, generic, length) == 0 && ::getsockname(descriptor, generic, &length) == 0,
                "no free port");
  ::close(descriptor);
  return ntohs(address.sin_port);
}

std::vector<std::pair<std::string, std::string>> GroupVariables(int rank, int size, int port) {
  return {{"RANK", std::to_string(rank)},
          {"LOCAL_RANK", std::to_string(rank)},
          {"WORLD_SIZE", std::to_string(size)},
          {"MASTER_ADDR", "127.0.0.1"},
          {"MASTER_PORT", std::to_string(port)}};
}

std::vector<std::pair<int, std::string>> RunGroup(const std::vector<std::vector<std::string>>& commands) {
  const int port = FreePort();
  std::vector<std::future<std::pair<int, std::string>>> running;
  for (size_t rank = 0; rank < commands.size(); ++rank) {
    running.push_back(
        std::async(std::launch::async, CaptureCommand, commands[rank],
                   GroupVariables(static_cast<int>(rank), static_cast<int>(commands.size()), port)));
  }
  std::vector<std::pair<int, std::string>> results;
  for (auto& process : running) results.push_back(process.get());
  return results;
}

}  // namespace vantage::testing

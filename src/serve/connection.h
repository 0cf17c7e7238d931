// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <httplib.h>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>

#include "serve/http_server.h"

namespace vantage::serve {

// A client's connection with bounds that cpp-httplib 0.11 lacks: the time of a whole request instead of the
// time between two bytes, the size of all headers together, and the bytes of a request.
class Connection final : public httplib::Stream {
 public:
  // Owns the socket. stopping: becomes true to end all reading and writing.
  Connection(socket_t socket, const HttpLimits& limits, const std::atomic<bool>& stopping);
  // Closes so that a client that is still sending receives the answer: a socket that is closed with unread
  // bytes discards what was written. Waits at most a second for the client.
  ~Connection() override;
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  bool is_readable() const override { return true; }
  bool is_writable() const override { return true; }
  // -1: the time or the bytes are used up, or the client is gone.
  ssize_t read(char* data, size_t size) override;
  ssize_t write(const char* data, size_t size) override;
  void get_remote_ip_and_port(std::string& ip, int& port) const override;
  void get_local_ip_and_port(std::string& ip, int& port) const override;
  socket_t socket() const override { return socket_; }

 private:
  using Clock = std::chrono::steady_clock;

  bool Wait(short event, Clock::time_point deadline) const;
  bool Fill();
  void FollowHead(char byte);

  socket_t socket_;
  const HttpLimits& limits_;
  const std::atomic<bool>& stopping_;
  Clock::time_point deadline_;
  bool reads_ = true;  // the last call was one of read
  std::string buffer_;
  size_t used_ = 0;    // of the buffer
  int64_t remaining_;  // bytes that may be read
  std::string tail_;   // the last three bytes of the head; unused after the head
  bool head_is_read_ = false;
};

}  // namespace vantage::serve

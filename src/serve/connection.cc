// SPDX-License-Identifier: BSD-3-Clause
#include "serve/connection.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace vantage::serve {
namespace {

constexpr int64_t kMostHead = 32 << 10;      // bytes of the request line and all headers
constexpr int64_t kChunkOverhead = 1 << 20;  // of a body in chunks
constexpr size_t kBuffer = 64 << 10;
constexpr std::chrono::milliseconds kStopInterval(100);
constexpr std::chrono::seconds kLinger(1);

std::chrono::steady_clock::time_point After(double seconds) {
  using Clock = std::chrono::steady_clock;
  return Clock::now() + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
}

}  // namespace

Connection::Connection(socket_t socket, const HttpLimits& limits, const std::atomic<bool>& stopping)
    : socket_(socket),
      limits_(limits),
      stopping_(stopping),
      deadline_(After(limits.timeout)),
      remaining_(kMostHead) {}

Connection::~Connection() {
  ::shutdown(socket_, SHUT_WR);
  buffer_.resize(kBuffer);
  const Clock::time_point deadline = Clock::now() + kLinger;
  while (Wait(POLLIN, deadline) && ::recv(socket_, buffer_.data(), buffer_.size(), MSG_DONTWAIT) > 0) {
  }
  ::close(socket_);
}

ssize_t Connection::read(char* data, size_t size) {
  reads_ = true;
  if (used_ == buffer_.size() && !Fill()) return -1;
  const size_t count = std::min({size, buffer_.size() - used_, static_cast<size_t>(remaining_)});
  if (count == 0) return -1;
  std::copy_n(buffer_.data() + used_, count, data);
  used_ += count;
  remaining_ -= static_cast<int64_t>(count);
  for (size_t i = 0; i < count && !head_is_read_; ++i) FollowHead(data[i]);
  return static_cast<ssize_t>(count);
}

ssize_t Connection::write(const char* data, size_t size) {
  if (reads_) deadline_ = After(limits_.timeout);  // the time of computing does not count
  reads_ = false;
  if (!Wait(POLLOUT, deadline_)) return -1;
  return ::send(socket_, data, size, MSG_NOSIGNAL | MSG_DONTWAIT);
}

void Connection::get_remote_ip_and_port(std::string&, int&) const {}  // not used

void Connection::get_local_ip_and_port(std::string&, int&) const {}  // not used

// Whether the socket has the event before the deadline.
bool Connection::Wait(short event, Clock::time_point deadline) const {
  while (!stopping_) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
    if (left.count() <= 0) return false;
    pollfd polled{socket_, event, 0};
    const int ready = ::poll(&polled, 1, static_cast<int>(std::min(left, kStopInterval).count()));
    if (ready > 0) return true;
    if (ready < 0 && errno != EINTR) return false;
  }
  return false;
}

bool Connection::Fill() {
  if (!Wait(POLLIN, deadline_)) return false;
  buffer_.resize(kBuffer);
  const ssize_t count = ::recv(socket_, buffer_.data(), buffer_.size(), MSG_DONTWAIT);
  buffer_.resize(static_cast<size_t>(std::max<ssize_t>(0, count)));
  used_ = 0;
  return count > 0;
}

// Ends the head where cpp-httplib does: at a line of CR LF alone.
void Connection::FollowHead(char byte) {
  if (tail_.size() == 3) tail_.erase(0, 1);
  tail_ += byte;
  if (tail_ != "\n\r\n") return;
  head_is_read_ = true;
  remaining_ = limits_.max_body + kChunkOverhead;
}

}  // namespace vantage::serve

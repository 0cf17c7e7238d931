// SPDX-License-Identifier: BSD-3-Clause
#pragma once

// LibTorch's packages contain Gloo in their libraries, and c10d's header that includes Gloo's headers, but
// not Gloo's headers themselves. c10d's header needs only these declarations, because it only holds pointers
// to the types. If Gloo's headers are available, they are used instead (src/train/CMakeLists.txt).

#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace gloo {

class Context {
 public:
  void setTimeout(std::chrono::milliseconds timeout);
};

namespace rendezvous {

class Store {
 public:
  virtual ~Store();
  virtual void set(const std::string& key, const std::vector<char>& data) = 0;
  virtual std::vector<char> get(const std::string& key) = 0;
  virtual void wait(const std::vector<std::string>& keys) = 0;
  virtual void wait(const std::vector<std::string>& keys, const std::chrono::milliseconds& timeout) = 0;
};

}  // namespace rendezvous

namespace transport {

class Device;

class UnboundBuffer {
 public:
  virtual ~UnboundBuffer();
};

}  // namespace transport
}  // namespace gloo

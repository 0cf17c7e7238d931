// SPDX-License-Identifier: BSD-3-Clause
#pragma once

// LibTorch's packages hold Gloo in their libraries, and c10d's header that includes Gloo's, but not Gloo's
// headers. That header needs these names to be declared, and their layout nowhere: it holds pointers to them.
// Where the headers are there, they are taken (src/train/CMakeLists.txt).

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

// SPDX-License-Identifier: BSD-3-Clause
// What the library throws.
#pragma once

#include <stdexcept>

namespace vantage {

// Something that the user can act upon went wrong: a damaged file, a full disk, a missing folder.
// The message says what, where, and where possible what to do.
class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// A wrong option or configuration: nothing has been started.
class UsageError : public Error {
 public:
  using Error::Error;
};

// The caller asked to stop (RunContext::is_cancelled).
class Interrupted : public Error {
 public:
  using Error::Error;
};

}  // namespace vantage

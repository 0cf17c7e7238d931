// SPDX-License-Identifier: BSD-3-Clause
// Exceptions of the library.
#pragma once

#include <stdexcept>

namespace vantage {

// A failure that the user can act on: a damaged file, a full disk, a missing folder. The message says what
// failed, where, and if possible what to do.
class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// An invalid option or configuration; no work was started.
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

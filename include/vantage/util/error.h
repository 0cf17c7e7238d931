// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <stdexcept>
#include <string>

#include "vantage/util/string.h"

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

// Throws vantage::Error with the message made of the further arguments (vantage::StrCat) unless `condition`
// holds.
#define VANTAGE_CHECK(condition, ...)                         \
  do {                                                        \
    if (!(condition)) [[unlikely]] {                          \
      throw ::vantage::Error(::vantage::StrCat(__VA_ARGS__)); \
    }                                                         \
  } while (false)

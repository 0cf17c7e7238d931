// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "util/string.h"
#include "vantage/error.h"

// Throws vantage::Error with the message made of the further arguments (vantage::StrCat) unless `condition`
// holds.
#define VANTAGE_CHECK(condition, ...)                         \
  do {                                                        \
    if (!(condition)) [[unlikely]] {                          \
      throw ::vantage::Error(::vantage::StrCat(__VA_ARGS__)); \
    }                                                         \
  } while (false)

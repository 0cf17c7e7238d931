// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "util/string.h"
#include "vantage/error.h"

// Throws vantage::Error unless `condition` holds. The message is the remaining arguments, joined by
// vantage::StrCat.
#define VANTAGE_CHECK(condition, ...)                         \
  do {                                                        \
    if (!(condition)) [[unlikely]] {                          \
      throw ::vantage::Error(::vantage::StrCat(__VA_ARGS__)); \
    }                                                         \
  } while (false)

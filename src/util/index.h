// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cassert>
#include <concepts>
#include <cstddef>
#include <utility>

namespace vantage {

// Converts a count or an index (int64_t or int in vantage) to the size_t of standard containers. number: at
// least 0; builds without NDEBUG assert it. std::ssize is the opposite direction.
template <std::integral Number>
constexpr size_t ToIndex(Number number) {
  assert(std::cmp_greater_equal(number, 0));
  return static_cast<size_t>(number);
}

}  // namespace vantage

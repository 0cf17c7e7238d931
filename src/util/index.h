// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cassert>
#include <concepts>
#include <cstddef>
#include <utility>

namespace vantage {

// A count or place as the standard library's containers take it, where ours are int64_t or int. At least 0:
// sanitised builds assert it. The other way round there is std::ssize.
template <std::integral Number>
constexpr size_t ToIndex(Number number) {
  assert(std::cmp_greater_equal(number, 0));
  return static_cast<size_t>(number);
}

}  // namespace vantage

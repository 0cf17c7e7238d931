// SPDX-License-Identifier: BSD-3-Clause
#pragma once

namespace vantage {

// Whether this CPU multiplies matrices of bfloat16 in hardware (AMX or AVX512-BF16). Without, they take
// hundreds of times as long as those of float32.
bool HasFastBfloat16();

}  // namespace vantage

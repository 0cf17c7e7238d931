// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <Eigen/Core>
#include <cstdint>

namespace vantage::descriptor_files {

// Converts `count` float16 values to float32, which is exact. Uses F16C if the processor has it.
void ConvertHalf(const Eigen::half* halves, float* floats, int64_t count);

// The same on any processor.
void ConvertHalfPortably(const Eigen::half* halves, float* floats, int64_t count);

}  // namespace vantage::descriptor_files

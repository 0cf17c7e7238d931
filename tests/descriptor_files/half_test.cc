// SPDX-License-Identifier: BSD-3-Clause
#include "descriptor_files/half.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <vector>

namespace vantage::descriptor_files {
namespace {

TEST(ConvertHalf, IsTheSameOnAnyProcessor) {
  std::vector<Eigen::half> halves;
  for (uint32_t bits = 0; bits < 65536; ++bits) {
    halves.push_back(Eigen::numext::bit_cast<Eigen::half>(static_cast<uint16_t>(bits)));
  }
  std::vector<float> fast(halves.size());
  std::vector<float> portable(halves.size());
  ConvertHalf(halves.data(), fast.data(), static_cast<int64_t>(halves.size()));
  ConvertHalfPortably(halves.data(), portable.data(), static_cast<int64_t>(halves.size()));
  for (size_t i = 0; i < halves.size(); ++i) {
    if (std::isnan(portable[i])) {
      EXPECT_TRUE(std::isnan(fast[i])) << i;
    } else {
      EXPECT_EQ(std::bit_cast<uint32_t>(fast[i]), std::bit_cast<uint32_t>(portable[i])) << i;
    }
  }
  EXPECT_EQ(fast[0x3c00], 1.0F);
  EXPECT_EQ(fast[0xc000], -2.0F);
  EXPECT_EQ(fast[1], 0x1p-24F);  // the smallest
  EXPECT_EQ(fast[0x7bff], 65504.0F);
}

// The remainder that does not fill a vector register.
TEST(ConvertHalf, WritesNoMoreThanItIsAsked) {
  const std::vector<Eigen::half> halves(20, Eigen::half(0.5F));
  for (int64_t count = 0; count <= 20; ++count) {
    std::vector<float> floats(21, -1.0F);
    ConvertHalf(halves.data(), floats.data(), count);
    for (int64_t i = 0; i <= 20; ++i) EXPECT_EQ(floats[static_cast<size_t>(i)], i < count ? 0.5F : -1.0F);
  }
}

}  // namespace
}  // namespace vantage::descriptor_files

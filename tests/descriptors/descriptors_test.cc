// SPDX-License-Identifier: BSD-3-Clause
#include "vantage/descriptors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace vantage::descriptors {
namespace {

TEST(Descriptors, NormalizeRowsAddsItsEpsilon) {
  DescriptorMatrix values(2, 2);
  values << 3, 4, 0, 0;
  NormalizeRows(values);
  EXPECT_NEAR(values(0, 0), 3 / (5 + 1e-6), 1e-7);
  EXPECT_EQ(values(1, 0), 0);
}

TEST(Descriptors, SelectedRowsComeInTheirOrder) {
  const Descriptors selected = SelectRows({{"a.jpg", "b.jpg"}, DescriptorMatrix{{1, 0}, {0, 1}}}, {1, 0, 1});
  EXPECT_THAT(selected.names, ::testing::ElementsAre("b.jpg", "a.jpg", "b.jpg"));
  EXPECT_EQ(selected.values, (DescriptorMatrix{{0, 1}, {1, 0}, {0, 1}}));
}

}  // namespace
}  // namespace vantage::descriptors

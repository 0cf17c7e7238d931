// SPDX-License-Identifier: BSD-3-Clause
#include "progress_line.h"

#include <gtest/gtest.h>

#include <chrono>

namespace vantage::cli {
namespace {

using std::chrono::seconds;

constexpr ProgressLine::Time kStart;

TEST(ProgressLine, CountsWhatThisRunHasDoneForTheTimeLeft) {
  ProgressLine line;
  EXPECT_TRUE(line.Take({"describing", 900, 1000, ""}, kStart));
  EXPECT_EQ(line.Text(), "describing 900/1000 (90 %)");
  EXPECT_FALSE(line.Take({"describing", 920, 1000, "x"}, kStart + seconds(4)));
  EXPECT_EQ(line.Text(), "describing 920/1000 (92 %), 5.00/s, 16 s left; x");
}

TEST(ProgressLine, BeginsAnewWithEachTask) {
  ProgressLine line;
  EXPECT_TRUE(line.Take({"a", 1, 2, ""}, kStart));
  EXPECT_FALSE(line.Take({"a", 2, 2, ""}, kStart + seconds(1)));
  EXPECT_TRUE(line.IsFinished());
  EXPECT_TRUE(line.Take({"a", 0, 2, ""}, kStart + seconds(9)));
  EXPECT_TRUE(line.Take({"b", 1, 8, ""}, kStart + seconds(10)));
  EXPECT_FALSE(line.Take({"b", 3, 8, ""}, kStart + seconds(11)));
  EXPECT_EQ(line.Text(), "b 3/8 (37 %), 2.00/s, 2.5 s left");
}

}  // namespace
}  // namespace vantage::cli

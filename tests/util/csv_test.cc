// SPDX-License-Identifier: BSD-3-Clause
#include "util/csv.h"

#include "testing/files.h"

namespace vantage {
namespace {

using ::testing::ElementsAre;
using vantage::testing::ErrorOf;

TEST(Csv, RowsComeBack) {
  EXPECT_EQ(FormatCsvRow({"a", "b c", ""}), "a,b c,\n");
  EXPECT_EQ(FormatCsvRow({"a,b", "say \"x\""}), "\"a,b\",\"say \"\"x\"\"\"\n");
  EXPECT_THAT(ParseCsvRow("a,b c,", "f"), ElementsAre("a", "b c", ""));
  EXPECT_THAT(ParseCsvRow("\"a,b\",\"say \"\"x\"\"\"\r", "f"), ElementsAre("a,b", "say \"x\""));
  EXPECT_THAT(ParseCsvRow("", "f"), ElementsAre(""));
  EXPECT_THAT(ErrorOf([] { ParseCsvRow("\"a,b", "f:3"); }), ::testing::HasSubstr("f:3: a quote"));
}

}  // namespace
}  // namespace vantage

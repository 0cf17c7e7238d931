// SPDX-License-Identifier: BSD-3-Clause
#include "command_line.h"

#include <gmock/gmock.h>

#include "testing/files.h"

namespace vantage::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using vantage::testing::ErrorOf;

struct Line {
  Line() {
    arguments.Input("MODEL", model, "Model");
    arguments.Input("PHOTOS", photos, "Photos");
    arguments.Output("-o,--output", output, "Output");
    arguments.Require("--output");
    arguments.Option("--set", changes, "Changes");
    arguments.Option("-k", k, "Results").AtLeast(1);
    arguments.Option("--min-score", score, "Score").Range(-1, 1);
    arguments.Option("--json", json, "JSON");
  }
  void Read(const std::vector<std::string>& words) { ReadCommandLine(words, arguments); }

  tasks::Arguments arguments;
  std::string model, output;
  std::vector<std::string> photos, changes;
  int k = 10;
  double score = 0;
  bool json = false;
};

TEST(CommandLine, ValuesFollowTheirFlagsInAnySpelling) {
  Line line;
  line.Read({"m.pth", "-o", "out", "a", "-k3", "--json", "b", "--set", "x=1,2", "--set=y=3", "--min-score",
             "-0.5"});
  EXPECT_EQ(line.model, "m.pth");
  EXPECT_THAT(line.photos, ElementsAre("a", "b"));
  EXPECT_EQ(line.output, "out");
  EXPECT_THAT(line.changes, ElementsAre("x=1,2", "y=3"));
  EXPECT_EQ(line.k, 3);
  EXPECT_EQ(line.score, -0.5);
  EXPECT_TRUE(line.json);
}

TEST(CommandLine, AfterTwoDashesAllIsPositional) {
  Line line;
  line.Read({"--output=out", "--", "-m", "--json"});
  EXPECT_EQ(line.model, "-m");
  EXPECT_THAT(line.photos, ElementsAre("--json"));
  EXPECT_FALSE(line.json);
}

TEST(CommandLine, WhatIsWrongIsNamed) {
  const auto error = [](const std::vector<std::string>& words) {
    return ErrorOf([&] { Line().Read(words); });
  };
  EXPECT_THAT(error({"m", "a", "--outptu", "x"}),
              HasSubstr("unknown option '--outptu'; did you mean '--output'?"));
  EXPECT_THAT(error({"m", "a"}), HasSubstr("--output is required"));
  EXPECT_THAT(error({"m", "-o", "x"}), HasSubstr("PHOTOS is required"));
  EXPECT_THAT(error({"m", "a", "-o"}), HasSubstr("-o needs a value"));
  EXPECT_THAT(error({"m", "a", "-o", "--json"}), HasSubstr("-o needs a value"));
  EXPECT_THAT(error({"m", "a", "-o", "x", "--output", "y"}), HasSubstr("--output is given twice"));
  EXPECT_THAT(error({"m", "a", "-o", "x", "-k", "0"}), HasSubstr("-k: 'k' = 0 must be at least 1"));
  EXPECT_THAT(error({"m", "a", "-o", "x", "-k", "many"}),
              HasSubstr("-k: 'k' wants a whole number, not 'many'"));
}

}  // namespace
}  // namespace vantage::cli

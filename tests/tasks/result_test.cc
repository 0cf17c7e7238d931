// SPDX-License-Identifier: BSD-3-Clause
#include "tasks/result.h"

#include <gmock/gmock.h>

#include "testing/files.h"

namespace vantage::tasks {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using vantage::testing::ErrorOf;

TEST(Fill, WritesValuesAsTheirPlacesSay) {
  const json values = {{"name", "castle"}, {"count", 3},   {"share", 0.1234},    {"seconds", 185},
                       {"none", nullptr},  {"done", true}, {"list", {"a", "b"}}, {"part", {{"k", 7}}}};
  EXPECT_EQ(Fill("{name}: {count} of {part.k}", values), "castle: 3 of 7");
  EXPECT_EQ(Fill("{share:2} {share:%1} {count:1}", values), "0.12 12.3 3.0");
  EXPECT_EQ(Fill("{seconds:time}", values), "3 min 05 s");
  EXPECT_EQ(Fill("{none} {none:3} {none:%1}", values), "- - -");
  EXPECT_EQ(Fill("{list:n} {list:some}", values), "2 a, b");
  EXPECT_EQ(Fill("{name}{done:?; it is done}", values), "castle; it is done");
  EXPECT_EQ(Fill("{}", "text"), "text");
}

TEST(Fill, SaysWhichValueIsMissing) {
  EXPECT_THAT(ErrorOf([] { Fill("{phot}", {{"photos", 3}}); }), HasSubstr("no value 'phot'"));
  EXPECT_THAT(ErrorOf([] { Fill("{photos", {{"photos", 3}}); }), HasSubstr("no '}'"));
}

TEST(Result, TextIsMadeOfTheValues) {
  Result result =
      Result::Of({{"total", 3}, {"rows", {{{"name", "a"}, {"n", 1}}, {{"name", "long"}, {"n", 20}}}}});
  result.Line("{total} in all").Lines("rows", "  {name}").Table("rows", {{"name", "{name}"}, {"n", "{n}"}});
  EXPECT_EQ(result.text,
            "3 in all\n"
            "  a\n"
            "  long\n"
            "name   n\n"
            "a      1\n"
            "long  20\n");
}

}  // namespace
}  // namespace vantage::tasks

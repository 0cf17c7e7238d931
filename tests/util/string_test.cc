// SPDX-License-Identifier: BSD-3-Clause
#include "util/string.h"

#include <algorithm>

#include "testing/files.h"

namespace vantage {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using vantage::testing::ErrorOf;

TEST(FormatPadded, PutsZerosBefore) {
  EXPECT_EQ(FormatPadded(7, 4), "0007");
  EXPECT_EQ(FormatPadded(12345, 4), "12345");
}

TEST(String, SplitAndJoin) {
  EXPECT_THAT(SplitText("a,,b", ','), ElementsAre("a", "", "b"));
  EXPECT_THAT(SplitText("", ','), IsEmpty());
  EXPECT_EQ(Join({"a", "b"}, ", "), "a, b");
  EXPECT_EQ(Trim(" \ta b\r\n"), "a b");
  EXPECT_EQ(Trim(" \n"), "");
}

TEST(String, Utf8IsWellFormed) {
  for (const char* text :
       {"", "a.jpg", "caf\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x93\xb7", "\xf4\x8f\xbf\xbf"}) {
    EXPECT_TRUE(IsUtf8(text)) << text;
  }
  for (const char* text : {"caf\xe9", "\xc0\xaf", "\xc3", "\xe0\x80\xaf", "\xed\xa0\x80", "\xf5\x80\x80\x80",
                           "\xf4\x90\x80\x80", "\x80", "\xe2\x82"}) {
    EXPECT_FALSE(IsUtf8(text)) << ToHex(text);
  }
}

TEST(String, HexIsReadBack) {
  EXPECT_EQ(ToHex("a\xff"), "61ff");
  EXPECT_EQ(FromHex("61ff", "x"), "a\xff");
  EXPECT_EQ(FromHex("", "x"), "");
  for (const char* text : {"6", "6g", "616", "-1"}) {
    EXPECT_THAT(ErrorOf([&] { FromHex(text, "row 3"); }), HasSubstr("row 3: '")) << text;
  }
}

TEST(String, NearestWordForgivesSlipsOnly) {
  const std::vector<std::string> words = {"learning_rate", "epochs", "margin"};
  EXPECT_EQ(NearestWord("lerning_rate", words), "learning_rate");
  EXPECT_EQ(NearestWord("epoch", words), "epochs");
  EXPECT_EQ(NearestWord("zzz", words), "");
}

TEST(String, Durations) {
  EXPECT_EQ(FormatDuration(0.21), "0.2 s");
  EXPECT_EQ(FormatDuration(61), "1 min 01 s");
  EXPECT_EQ(FormatDuration(3600 * 2 + 60 * 14), "2 h 14 min");
}

TEST(String, NumbersAreParsedWhole) {
  EXPECT_EQ(ParseDouble(" 1e-6 ", "x"), 1e-6);
  EXPECT_EQ(ParseInteger("-3", "x"), -3);
  EXPECT_THAT(ErrorOf([] { ParseDouble("1.5px", "size"); }), HasSubstr("size: '1.5px' is not a number"));
  EXPECT_THAT(ErrorOf([] { ParseInteger("1.5", "size"); }), HasSubstr("not a whole number"));
  EXPECT_THAT(ErrorOf([] { ParseInteger("99999999999999999999", "size"); }), HasSubstr("size"));
}

TEST(String, ShortestReadsBackTheSame) {
  for (const double value : {0.1, 1.0 / 3, 1e300, -5e-324, 0.0}) {
    EXPECT_EQ(ParseDouble(FormatShortest(value), "value"), value);
  }
}

TEST(PercentDecode, UndoesEncoding) {
  std::string all;
  for (int byte = 0; byte < 256; ++byte) all += static_cast<char>(byte);
  EXPECT_EQ(PercentDecode(PercentEncode(all)), all);
  EXPECT_EQ(PercentDecode("50% a%2gb%2"), "50% a%2gb%2");
}

TEST(NaturallyBefore, ComparesDigitsAsNumbers) {
  std::vector<std::string> names = {"f10", "f2", "f1", "g", "f", "f02", "f2a", "f99999999999999999999", "F3"};
  std::sort(names.begin(), names.end(), NaturallyBefore);
  EXPECT_THAT(names, ElementsAre("F3", "f", "f1", "f02", "f2", "f2a", "f10", "f99999999999999999999", "g"));
}

TEST(PercentEncode, KeepsWhatUrlsMayHold) {
  EXPECT_EQ(PercentEncode("/a-b_c.d~9/Z"), "/a-b_c.d~9/Z");
  EXPECT_EQ(PercentEncode("a b\t%\xff?"), "a%20b%09%25%FF%3F");
  EXPECT_EQ(PercentEncode(""), "");
}

}  // namespace
}  // namespace vantage

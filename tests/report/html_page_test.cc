// SPDX-License-Identifier: BSD-3-Clause
#include "report/html_page.h"

#include "testing/files.h"

namespace vantage::report {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(EscapeHtml, LeavesNothingThatEndsTextOrAttribute) {
  EXPECT_EQ(EscapeHtml("a.jpg"), "a.jpg");
  EXPECT_EQ(EscapeHtml("<b a=\"x\" c='y'>&amp;"), "&lt;b a=&quot;x&quot; c=&#39;y&#39;&gt;&amp;amp;");
  for (int c = 0; c < 128; ++c) {
    const std::string html = EscapeHtml(std::string(1, static_cast<char>(c)));
    EXPECT_EQ(html.find_first_of("<>\"'"), std::string::npos) << c;
  }
}

TEST(EscapeHtml, KeepsUtf8AndReplacesWhatIsNone) {
  const std::string good = "Kölner Dom 東京 \xf0\x9f\x97\xbc";
  EXPECT_EQ(EscapeHtml(good), good);
  const std::string r = "\xef\xbf\xbd";
  EXPECT_EQ(EscapeHtml("a\xff\x62"), "a" + r + "b");
  EXPECT_EQ(EscapeHtml("\xc3"), r);                          // ends within a character
  EXPECT_EQ(EscapeHtml("\xc3<"), r + "&lt;");                // does not swallow what follows
  EXPECT_EQ(EscapeHtml("\xc0\xbc"), r + r);                  // overlong '<'
  EXPECT_EQ(EscapeHtml("\xe0\x80\xbc"), r + r + r);          // overlong '<'
  EXPECT_EQ(EscapeHtml("\xed\xa0\x80"), r + r + r);          // surrogate
  EXPECT_EQ(EscapeHtml("\xf4\x90\x80\x80"), r + r + r + r);  // beyond U+10FFFF
  EXPECT_EQ(EscapeHtml(std::string("a\0b\x1b\x7f\n", 6)), "a" + r + "b" + r + r + "\n");
}

TEST(Base64, IsThatOfTheStandard) {  // RFC 4648, section 10
  EXPECT_EQ(Base64(""), "");
  EXPECT_EQ(Base64("f"), "Zg==");
  EXPECT_EQ(Base64("fo"), "Zm8=");
  EXPECT_EQ(Base64("foo"), "Zm9v");
  EXPECT_EQ(Base64("foob"), "Zm9vYg==");
  EXPECT_EQ(Base64("fooba"), "Zm9vYmE=");
  EXPECT_EQ(Base64("foobar"), "Zm9vYmFy");
  EXPECT_EQ(Base64("\xff\xfe\xfd"), "//79");
  EXPECT_EQ(DataUri("image/jpeg", "foo"), "data:image/jpeg;base64,Zm9v");
}

TEST(HtmlPage, IsOneFileThatLoadsNothing) {
  HtmlPage page("<set>");
  page.Add("<p>text</p>");
  const std::string text = page.Text();
  EXPECT_EQ(text.rfind("<!DOCTYPE html>", 0), 0U);
  EXPECT_THAT(text, HasSubstr("<title>&lt;set&gt;</title>"));
  EXPECT_THAT(text, HasSubstr("<body>\n<p>text</p>"));
  EXPECT_THAT(text, HasSubstr("default-src 'none'"));
  EXPECT_THAT(text, Not(HasSubstr("http://")));
  EXPECT_THAT(text, Not(HasSubstr("https://")));
  EXPECT_EQ(text, page.Text());
}

}  // namespace
}  // namespace vantage::report

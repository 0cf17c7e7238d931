// SPDX-License-Identifier: BSD-3-Clause
#include "util/lines.h"

#include "testing/files.h"
#include "util/file.h"

namespace vantage {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using vantage::testing::TemporaryFolder;

std::vector<std::string> Texts(const std::string& text) {
  std::vector<std::string> texts;
  for (const TextLine& line : LinesOf(text)) texts.push_back(line.text);
  return texts;
}

TEST(Lines, LeaveOutMarksReturnsCommentsAndEmptyLines) {
  EXPECT_THAT(Texts("\xEF\xBB\xBF"
                    "a.jpg\r\n\r\n# of the castle\n  b c.jpg \t\n   \nlast.jpg"),
              ElementsAre("a.jpg", "b c.jpg", "last.jpg"));
  EXPECT_THAT(Texts(""), IsEmpty());
  EXPECT_THAT(Texts("\xEF\xBB\xBF"), IsEmpty());
}

TEST(Lines, KeepTheNumberThatAnEditorShows) {
  const std::vector<TextLine> lines = LinesOf("# head\n\na\nb");
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_EQ(lines[0].number, 3);
  EXPECT_EQ(lines[1].number, 4);
}

TEST(Lines, KeepNamesInAnyBytes) {
  const TemporaryFolder folder;
  WriteFile(folder / "list.txt", "caf\xe9.jpg\ncaf\xe8.jpg\n");
  const std::vector<TextLine> lines = ReadLines(folder / "list.txt");
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_EQ(lines[0].text, "caf\xe9.jpg");
}

TEST(IsWord, IsWhatALineOfSeveralNamesCanHold) {
  for (const char* word : {"a.jpg", "b#1.jpg", "caf\xe9.jpg", "50%.jpg"}) EXPECT_TRUE(IsWord(word)) << word;
  for (const char* text : {"", "a b.jpg", " a.jpg", "a\t.jpg", "a\n.jpg", "#1.jpg"})
    EXPECT_FALSE(IsWord(text)) << text;
}

}  // namespace
}  // namespace vantage

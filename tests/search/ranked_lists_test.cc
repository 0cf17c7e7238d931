// SPDX-License-Identifier: BSD-3-Clause
#include "search/ranked_lists.h"
#include "vantage/search.h"

#include "serialize/npy.h"
#include "testing/files.h"
#include "util/file.h"

namespace vantage::search {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using vantage::testing::ErrorOf;
using vantage::testing::TemporaryFolder;

TEST(WriteRankedLists, WritesWhatTheEndingSays) {
  const TemporaryFolder folder;
  const std::vector<std::string> names = {"a,1.jpg", "b.jpg", "c.jpg"};
  const RankedLists lists{{"q.jpg", "r.jpg"}, {{{2, 0.5F}, {0, 0.25F}}, {{1, 1}, {2, 0}}}};
  WriteRankedLists(lists, names, folder / "ranks.npy");
  const serialize::NpyArray array = serialize::ReadNpy(folder / "ranks.npy");
  EXPECT_EQ(array.dtype, "<i8");
  EXPECT_THAT(array.shape, ElementsAre(2, 2));
  EXPECT_THAT(array.As<int64_t>(), ElementsAre(2, 1, 0, 2));  // a column a query
  WriteRankedLists(lists, names, folder / "ranks.csv");
  EXPECT_EQ(ReadFile(folder / "ranks.csv"),
            "query,rank,name,score\nq.jpg,0,c.jpg,0.500000\nq.jpg,1,\"a,1.jpg\",0.250000\n"
            "r.jpg,0,b.jpg,1.000000\nr.jpg,1,c.jpg,0.000000\n");
  WriteRankedLists(lists, names, folder / "ranks.txt");
  EXPECT_EQ(ReadFile(folder / "ranks.txt"), "q.jpg 0 c.jpg 1 a,1.jpg\nr.jpg 0 b.jpg 1 c.jpg\n");
}

TEST(WriteRankedLists, RefusesWhatTheFormatCannotSay) {
  const TemporaryFolder folder;
  const RankedLists lists{{"q r.jpg", "s"}, {{{0, 1}}, {}}};
  EXPECT_THAT(ErrorOf([&] { WriteRankedLists(lists, {"a"}, folder / "ranks.txt"); }),
              HasSubstr("white space"));
  EXPECT_FALSE(std::filesystem::exists(folder / "ranks.txt"));
  EXPECT_THAT(ErrorOf([&] { WriteRankedLists(lists, {"a"}, folder / "ranks.npy"); }),
              HasSubstr("ranked lists of 1 and 0 results"));
  EXPECT_THAT(ErrorOf([&] { WriteRankedLists(lists, {"a"}, folder / "ranks.json"); }),
              HasSubstr("end in .npy, .csv or .txt"));
}

TEST(RankedLists, WritingThemCanBeInterruptedAndLeavesNothing) {
  const testing::TemporaryFolder folder;
  const RankedLists lists{{"q"}, {{{0, 1.0F}}}};
  EXPECT_THROW(WriteRankedLists(lists, {"a"}, folder / "r.csv", {.is_cancelled = [] { return true; }}),
               Interrupted);
  EXPECT_THAT(testing::FilesBelow(folder.path()), ::testing::IsEmpty());
}

TEST(RankedLists, NamesThatTheFormatCannotHoldAreFoundBeforeTheWork) {
  CheckRankedListsNames("r.csv", {"a b.jpg"});
  CheckRankedListsNames("r.npy", {"a b.jpg"});
  EXPECT_THAT(testing::ErrorOf([] {
                CheckRankedListsNames("r.txt", {"a.jpg", "a b.jpg"});
              }),
              ::testing::HasSubstr("'a b.jpg' has white space"));
}

}  // namespace
}  // namespace vantage::search

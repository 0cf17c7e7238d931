// SPDX-License-Identifier: BSD-3-Clause
// Descriptors of other programs: an array without names, rows that are not of unit length.
#include <cmath>

#include "command/run_vantage.h"
#include "serialize/npy.h"
#include "testing/files.h"
#include "util/file.h"
#include "util/string.h"
#include "vantage/descriptors.h"

namespace vantage {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using vantage::testing::Output;
using vantage::testing::Vantage;
using vantage::testing::VantageJson;

class ForeignDescriptors : public ::testing::Test {
 protected:
  // Photos in different directions. The longest rows are the farthest from the first.
  ForeignDescriptors() {
    std::vector<double> values;
    std::string names;
    for (int i = 0; i < 6; ++i) {
      const double angle = 0.1 * i + 0.01 * i * i;  // each is nearest to the one before
      values.insert(values.end(), {(i + 1) * std::cos(angle), (i + 1) * std::sin(angle)});
      names += StrCat(i / 2 == 0 ? "a/" : "b/", i, ".jpg\n");
      WriteFile(folder_ / "data" / StrCat(i / 2 == 0 ? "a/" : "b/", i, ".jpg"), "");
    }
    serialize::WriteNpy<double>(folder_ / "photos.npy", values, {6, 2});
    WriteFile(folder_ / "photos.txt", names);
    serialize::WriteNpy<double>(folder_ / "queries.npy", std::vector<double>{7, 0.1}, {1, 2});
    WriteFile(folder_ / "queries.txt", "query.jpg\n");
  }

  std::string Path(const std::string& name) const { return (folder_ / name).string(); }

  vantage::testing::TemporaryFolder folder_;
};

TEST_F(ForeignDescriptors, AreSearchedByTheirNamesAndByDirection) {
  const std::vector<std::string> search = {
      "search",        Path("photos.npy"),  "--queries", Path("queries.npy"),
      "--names",       Path("photos.txt"),  "-k",        "1",
      "--query-names", Path("queries.txt"), "-o",        Path("ranks.csv")};
  const auto with = [&](const std::string& option) {
    std::vector<std::string> arguments = search;
    arguments.push_back(option);
    return arguments;
  };
  const Output plain = Vantage(search);
  EXPECT_EQ(plain.code, 0) << plain.text;
  EXPECT_THAT(plain.text, HasSubstr("5 of 6 descriptors are not of unit length but 2 to 6, so that"));
  EXPECT_THAT(ReadFile(folder_ / "ranks.csv"), HasSubstr("query.jpg,0,b/5.jpg,"));
  const Output normalised = Vantage(with("--normalise"));
  EXPECT_THAT(normalised.text, Not(HasSubstr("unit length")));
  EXPECT_THAT(ReadFile(folder_ / "ranks.csv"), HasSubstr("query.jpg,0,a/0.jpg,"));
  EXPECT_THAT(Vantage({"search", Path("photos.npy"), "-o", Path("ranks.csv")}).text,
              HasSubstr("photos.npy: there is no photos.json with the names of its rows; --names"));
}

TEST_F(ForeignDescriptors, AreJudgedAndPairedByTheirNames) {
  const json judged = VantageJson({"evaluate", Path("photos.npy"), "--names", Path("photos.txt"),
                                   "--normalise", "--data", Path("data"), "--benchmark", "folder"});
  EXPECT_EQ(judged["photos"], 6);
  VantageJson({"pairs", Path("photos.npy"), "--names", Path("photos.txt"), "--normalise", "-k", "1", "-o",
               Path("pairs.txt")});
  EXPECT_THAT(SplitText(Trim(ReadFile(folder_ / "pairs.txt")), '\n'),
              ElementsAre("a/0.jpg a/1.jpg", "a/1.jpg b/2.jpg", "b/2.jpg b/3.jpg", "b/3.jpg b/4.jpg",
                          "b/4.jpg b/5.jpg"));
  EXPECT_EQ(
      Vantage({"pairs", Path("photos.npy"), "--names", Path("photos.txt"), "-o", Path("photos.txt")}).code,
      2);
}

TEST_F(ForeignDescriptors, BecomeFilesOfVantage) {
  VantageJson({"merge", Path("photos.npy"), Path("queries.npy"), "--names", Path("photos.txt"), "--names",
               Path("queries.txt"), "--normalise", "-o", Path("all.h5")});
  const DescriptorFile all = ReadDescriptors(folder_ / "all.h5");
  EXPECT_EQ(all.descriptors.names[6], "query.jpg");
  EXPECT_EQ(VantageJson({"info", Path("photos.npy"), "--names", Path("photos.txt")})["photos"], 6);
  UnusualLengths lengths;
  lengths.Add(all.descriptors.values);
  EXPECT_EQ(lengths.count(), 0);
  EXPECT_THAT(Vantage({"merge", Path("photos.npy"), Path("queries.npy"), "--names", Path("photos.txt"), "-o",
                       Path("all.h5")})
                  .text,
              HasSubstr("--names: 1 files of names for 2 descriptor files; name one for each"));
}

}  // namespace
}  // namespace vantage

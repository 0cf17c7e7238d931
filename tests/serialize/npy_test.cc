// SPDX-License-Identifier: BSD-3-Clause
#include "serialize/npy.h"

#include <limits>

#include "testing/files.h"
#include "util/file.h"
#include "util/random.h"

namespace vantage::serialize {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using vantage::testing::ErrorOf;
using vantage::testing::SharedFolder;
using vantage::testing::TemporaryFolder;

TEST(Npy, ReadsBackWhatItWrites) {
  const TemporaryFolder folder;
  const std::vector<float> values = {1.5F, -2, 3, 4, 5, 1e-30F};
  WriteNpy<float>(folder / "a.npy", values, {2, 3});
  const NpyArray array = ReadNpy(folder / "a.npy");
  EXPECT_EQ(array.dtype, "<f4");
  EXPECT_THAT(array.shape, ElementsAre(2, 3));
  EXPECT_EQ(array.As<float>(), values);
  WriteNpy<int64_t>(folder / "b.npy", std::vector<int64_t>{-7}, {1});
  EXPECT_THAT(ReadNpy(folder / "b.npy").As<int64_t>(), ElementsAre(-7));
}

TEST(Npy, LayoutSaysWhereTheElementsLie) {
  const TemporaryFolder folder;
  WriteFile(folder / "a.npy", NpyHeader("<f2", {2, 3}) + std::string(12, 'x'));
  const NpyLayout layout = ReadNpyLayout(InputFile(folder / "a.npy"));
  EXPECT_EQ(layout.dtype, "<f2");
  EXPECT_THAT(layout.shape, ElementsAre(2, 3));
  EXPECT_EQ(layout.item_size, 2);
  EXPECT_EQ(layout.data_offset, NpyHeader("<f2", {2, 3}).size());
  WriteFile(folder / "cut.npy", NpyHeader("<f2", {2, 3}) + std::string(11, 'x'));
  EXPECT_THAT(ErrorOf([&] { ReadNpyLayout(InputFile(folder / "cut.npy")); }),
              HasSubstr("cut.npy: npy data end"));
  // A header that claims more than the part of the file that is read.
  const std::string long_header("\x93NUMPY\x02\x00\x00\x00\x10\x00", 12);
  WriteFile(folder / "long.npy", long_header + std::string(1 << 20, ' '));
  EXPECT_THAT(ErrorOf([&] { ReadNpyLayout(InputFile(folder / "long.npy")); }),
              HasSubstr("long.npy: npy header of"));
}

TEST(Npy, HeaderIsAlignedAndLikeNumPys) {
  const std::string header = NpyHeader("<f4", {5, 512});
  EXPECT_EQ(header.size() % 64, 0U);
  EXPECT_THAT(header, HasSubstr("{'descr': '<f4', 'fortran_order': False, 'shape': (5, 512), }"));
  EXPECT_THAT(NpyHeader("<i8", {3}), HasSubstr("'shape': (3,), }"));
}

TEST(Npy, ReadsWhatNumPyWrote) {
  VANTAGE_REQUIRE_SHARED("reference/evaluation/oxford5k_ranks_u16.npy");
  const NpyArray ranks = ReadNpy(SharedFolder() / "reference/evaluation/oxford5k_ranks_u16.npy");
  EXPECT_EQ(ranks.dtype, "<u2");
  EXPECT_THAT(ranks.shape, ElementsAre(5063, 55));
  EXPECT_EQ(ranks.As<int64_t>().size(), 5063U * 55U);
}

TEST(Npy, DamageIsAnErrorThatNamesTheFile) {
  std::string good = NpyHeader("<f4", {2, 2}) + std::string(16, '\0');
  EXPECT_EQ(ParseNpy(good, "x.npy").As<float>().size(), 4U);
  EXPECT_THAT(ErrorOf([&] { ParseNpy(good.substr(0, good.size() - 1), "x.npy"); }),
              HasSubstr("x.npy: npy data end"));
  EXPECT_THAT(ErrorOf([&] { ParseNpy("not an array", "x.npy"); }), HasSubstr("x.npy: not an npy file"));
  EXPECT_THAT(ErrorOf([&] { ParseNpy("", "x.npy"); }), HasSubstr("x.npy: not an npy file"));
  EXPECT_THAT(ErrorOf([&] {
                ParseNpy(NpyHeader("<f4", {1 << 30, 1 << 30, 1 << 30}), "x.npy");
              }),
              HasSubstr("x.npy"));
  EXPECT_THAT(ErrorOf([&] { ParseNpy(NpyHeader(">f4", {1}) + "1234", "x.npy"); }),
              HasSubstr("not little-endian"));
  std::string fortran = good;
  fortran.replace(fortran.find("False"), 5, "True ");
  EXPECT_THAT(ErrorOf([&] { ParseNpy(fortran, "x.npy"); }), HasSubstr("Fortran order"));
}

TEST(Npy, SurvivesAnyFlippedByteAndAnyCut) {
  const std::string good = NpyHeader("<f4", {2, 2}) + std::string(16, '\0');
  RandomStream random(1, "npy");
  for (int i = 0; i < 2000; ++i) {
    std::string damaged = good;
    damaged[random.Below(damaged.size())] = static_cast<char>(random.Below(256));
    if (random.Chance(0.3)) damaged.resize(random.Below(damaged.size()));
    try {
      ParseNpy(damaged, "x.npy");
    } catch (const Error&) {
      // An error is expected; a flip may also give another valid array.
    }
  }
}

TEST(Npy, NumbersThatAreNoIntegersAreRefused) {
  for (const double number : {1e19, -1e19, std::numeric_limits<double>::quiet_NaN()}) {
    const TemporaryFolder folder;
    WriteNpy<double>(folder / "a.npy", std::vector<double>{number}, {1});
    const NpyArray array = ReadNpy(folder / "a.npy");
    EXPECT_EQ(array.As<double>().size(), 1U);
    EXPECT_THAT(ErrorOf([&] { array.As<int64_t>(); }), HasSubstr("is no 64-bit integer"));
  }
}

}  // namespace
}  // namespace vantage::serialize

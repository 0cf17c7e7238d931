// SPDX-License-Identifier: BSD-3-Clause
// Arrays of other programs: no NAME.json, any number format, order of bytes and of elements.
#include <algorithm>
#include <cstdlib>
#include <limits>

#include "serialize/npy.h"
#include "testing/files.h"
#include "util/file.h"
#include "util/string.h"
#include "util/subprocess.h"
#include "vantage/descriptors.h"

namespace vantage::descriptor_files {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using vantage::testing::ErrorOf;
using vantage::testing::TemporaryFolder;

// More than a block of 2^18 values, which float16 holds exactly.
DescriptorMatrix Values() {
  DescriptorMatrix values(700, 400);
  for (int64_t i = 0; i < values.size(); ++i) values.data()[i] = static_cast<float>(i * 31 % 2048);
  return values;
}

std::string Names(int64_t count) {
  std::string names = "\xef\xbb\xbf";
  for (int64_t i = 0; i < count; ++i) names += StrCat("photos/", i, " x.jpg\r\n");
  return names;
}

// The array's file as numpy.save writes it.
template <typename T>
std::string NpyOf(const DescriptorMatrix& values, const std::string& dtype, bool fortran_order) {
  std::string header = serialize::NpyHeader(dtype, {values.rows(), values.cols()});
  if (fortran_order) header.replace(header.find("False"), 5, "True ");
  std::string data;
  const auto append = [&](float value) {
    const auto stored = static_cast<T>(value);
    std::string bytes(reinterpret_cast<const char*>(&stored), sizeof(T));
    if (dtype[0] == '>') std::reverse(bytes.begin(), bytes.end());
    data += bytes;
  };
  if (fortran_order) {
    for (const float value : values.reshaped<Eigen::ColMajor>()) append(value);
  } else {
    for (const float value : values.reshaped<Eigen::RowMajor>()) append(value);
  }
  return header + data;
}

std::vector<std::string> AllNpys(const DescriptorMatrix& values) {
  std::vector<std::string> files;
  for (const bool fortran_order : {false, true}) {
    for (const char* order : {"<", ">"}) {
      files.push_back(NpyOf<Eigen::half>(values, StrCat(order, "f2"), fortran_order));
      files.push_back(NpyOf<float>(values, StrCat(order, "f4"), fortran_order));
      files.push_back(NpyOf<double>(values, StrCat(order, "f8"), fortran_order));
    }
  }
  return files;
}

TEST(BareNpy, EveryNumberFormatAndOrderReadsTheSame) {
  const TemporaryFolder folder;
  const DescriptorMatrix values = Values();
  WriteFile(folder / "names.txt", Names(values.rows()));
  const DescriptorReading reading{folder / "names.txt"};
  for (const std::string& npy : AllNpys(values)) {
    WriteFile(folder / "d.npy", npy);
    const DescriptorFile read = ReadDescriptors(folder / "d.npy", reading);
    ASSERT_EQ(read.descriptors.values, values) << npy.substr(10, 70);
    EXPECT_EQ(read.descriptors.names[9], "photos/9 x.jpg");
    const DescriptorDatabase database(folder / "d", reading);
    EXPECT_EQ(database.Read(650, 50), values.bottomRows(50));
    EXPECT_EQ(database.ReadRows({3}), values.row(3));
  }
}

TEST(BareNpy, WhatNumpySavesIsRead) {
  const char* python = std::getenv("VANTAGE_PYTHON");  // NOLINT(concurrency-mt-unsafe)
  if (python == nullptr) GTEST_SKIP() << "needs VANTAGE_PYTHON";
  const TemporaryFolder folder;
  WriteFile(folder / "names.txt", Names(3));
  const std::string script =
      "import numpy, sys\n"
      "values = numpy.arange(12).reshape(3, 4)\n"
      "numpy.save(sys.argv[1] + '/big.npy', values.astype('>f8'))\n"
      "numpy.save(sys.argv[1] + '/fortran.npy', numpy.asfortranarray(values.astype('f4')))\n"
      "numpy.save(sys.argv[1] + '/half.npy', values.astype('f2'))\n";
  const auto [code, output] = CaptureCommand({python, "-c", script, folder.path().string()});
  ASSERT_EQ(code, 0) << output;
  DescriptorMatrix expected(3, 4);
  expected << 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11;
  for (const char* name : {"big", "fortran", "half"})
    EXPECT_EQ(ReadDescriptors(folder / name, {folder / "names.txt"}).descriptors.values, expected) << name;
}

TEST(BareNpy, NamesReplaceAJsonOfAnotherKind) {
  const TemporaryFolder folder;
  WriteFile(folder / "d.npy", NpyOf<float>(DescriptorMatrix::Ones(2, 3), "<f4", false));
  WriteFile(folder / "d.json", R"({"epoch": 3})");
  WriteFile(folder / "names.txt", "a\nb\n");
  EXPECT_THAT(ReadDescriptors(folder / "d.npy", {folder / "names.txt"}).descriptors.names,
              ElementsAre("a", "b"));
}

TEST(BareNpy, MissingOrWrongNamesAreErrors) {
  const TemporaryFolder folder;
  WriteFile(folder / "d.npy", NpyOf<float>(DescriptorMatrix::Ones(2, 3), "<f4", false));
  EXPECT_THAT(ErrorOf([&] { ReadDescriptors(folder / "d.npy"); }),
              HasSubstr("d.npy: there is no d.json with the names of its rows; --names"));
  const auto error = [&](const std::string& names) {
    WriteFile(folder / "names.txt", names);
    return ErrorOf([&] { ReadDescriptors(folder / "d.npy", {folder / "names.txt"}); });
  };
  EXPECT_THAT(error("a\n"), HasSubstr("names.txt: 1 names for 2 rows of "));
  EXPECT_THAT(error("a\nb\nc\n"), HasSubstr("names.txt: 3 names for 2 rows of "));
  EXPECT_THAT(error("a\na\n"), HasSubstr("names.txt: the name 'a' appears twice"));
  WriteDescriptors({{{"a.jpg"}, DescriptorMatrix::Ones(1, 2)}, {}, {}}, folder / "d.h5");
  EXPECT_THAT(ErrorOf([&] { ReadDescriptors(folder / "d.h5", {folder / "names.txt"}); }),
              HasSubstr("d.h5 has the names of its descriptors"));
}

TEST(BareNpy, TruncationIsAnErrorAndPlacesAreNamed) {
  const TemporaryFolder folder;
  DescriptorMatrix values = DescriptorMatrix::Constant(2, 3, 0.5F);
  values(1, 2) = std::numeric_limits<float>::infinity();
  WriteFile(folder / "names.txt", "a\nb c\n");
  const auto error = [&](const std::string& npy) {
    WriteFile(folder / "d.npy", npy);
    return ErrorOf([&] { ReadDescriptors(folder / "d.npy", {folder / "names.txt"}); });
  };
  for (const std::string& npy : AllNpys(values)) {
    EXPECT_THAT(error(npy), HasSubstr("d.npy: row 1 holds a value that is not finite ('b c')"));
    for (size_t size = 0; size < npy.size(); size += 3)
      EXPECT_THAT(error(npy.substr(0, size)), HasSubstr("d.npy: ")) << size;
  }
  std::string npy = AllNpys(values)[0];
  npy.replace(npy.find("False"), 5, "Maybe");
  EXPECT_THAT(error(npy), HasSubstr("malformed fortran_order"));
}

TEST(Normalise, DividesEachRowByItsLengthAndKeepsZeros) {
  const TemporaryFolder folder;
  DescriptorMatrix values(4, 2);
  values << 3, 4, 0, 0, 3e30F, 4e30F, 3e-30F, 4e-30F;
  WriteDescriptors({{{"a", "b", "c", "d"}, values}, {}, {}}, folder / "d");
  DescriptorMatrix expected(4, 2);
  expected << 0.6F, 0.8F, 0, 0, 0.6F, 0.8F, 0.6F, 0.8F;
  const DescriptorReading reading{.normalise = true};
  EXPECT_TRUE(ReadDescriptors(folder / "d", reading).descriptors.values.isApprox(expected, 1e-6F));
  EXPECT_TRUE(DescriptorDatabase(folder / "d", reading).Read(0, 4).isApprox(expected, 1e-6F));
  EXPECT_EQ(ReadDescriptors(folder / "d").descriptors.values, values);
}

TEST(UnusualLengths, AreWarnedOfWithTheirNumberAndRange) {
  DescriptorMatrix values(4, 2);
  values << 3, 4, 0, 0, 0.6F, 0.8F, 0, 0.25F;
  UnusualLengths lengths;
  lengths.Add(values.topRows(2));
  lengths.Add(values.bottomRows(2));
  ::testing::internal::CaptureStderr();
  lengths.Warn("d.npy");
  EXPECT_THAT(::testing::internal::GetCapturedStderr(),
              HasSubstr("d.npy: 2 of 4 descriptors are not of unit length but 0.25 to 5, so that"));
}

}  // namespace
}  // namespace vantage::descriptor_files

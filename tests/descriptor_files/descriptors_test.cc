// SPDX-License-Identifier: BSD-3-Clause
#include "vantage/descriptors.h"
#include "descriptor_files/descriptor_output.h"
#include "util/string.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "serialize/npy.h"
#include "testing/files.h"
#include "util/file.h"

namespace vantage::descriptor_files {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using vantage::testing::ErrorOf;
using vantage::testing::TemporaryFolder;

DescriptorFile Sample() {
  DescriptorFile file;
  file.descriptors.names = {"a.jpg", "b/ä.jpg"};
  file.descriptors.values = DescriptorMatrix::Constant(2, 3, 0.5F);
  file.failed = {{"c.jpg", "truncated"}};
  file.provenance.model = "m.pth";
  return file;
}

// NAME.json as other programs write it, without the array's identity.
std::string WithoutIdentity(const std::string& facts) {
  nlohmann::json parsed = nlohmann::json::parse(facts);
  parsed.erase("array");
  return parsed.dump();
}

TEST(Descriptors, ReadBackWhatIsWritten) {
  const TemporaryFolder folder;
  WriteDescriptors(Sample(), folder / "d.npy");
  const DescriptorFile read = ReadDescriptors(folder / "d");
  EXPECT_EQ(read.descriptors.names, Sample().descriptors.names);
  EXPECT_EQ(read.descriptors.values, Sample().descriptors.values);
  EXPECT_EQ(read.failed[0].reason, "truncated");
  EXPECT_EQ(read.provenance, Sample().provenance);
}

TEST(Descriptors, NamesInAnyBytesReadBackInEveryFormat) {
  const TemporaryFolder folder;
  DescriptorFile file = Sample();
  file.descriptors.names = {"caf\xe9.jpg", "caf\xe8.jpg"};
  file.failed = {{"na\xefve.jpg", "truncated"}};
  for (const char* name : {"d.npy", "d.h5"}) {
    WriteDescriptors(file, folder / name);
    const DescriptorFile read = ReadDescriptors(folder / name);
    EXPECT_EQ(read.descriptors.names, file.descriptors.names) << name;
    EXPECT_EQ(read.failed[0].name, file.failed[0].name) << name;
  }
}

TEST(Descriptors, AnArrayBesideTheNamesOfAnotherIsRefused) {
  const TemporaryFolder folder;
  DescriptorFile other = Sample();
  other.descriptors.values(1, 2) = 0.25F;
  WriteDescriptors(Sample(), folder / "a");
  WriteDescriptors(other, folder / "b");
  std::filesystem::rename(folder / "b.npy", folder / "a.npy");
  EXPECT_THAT(ErrorOf([&] { ReadDescriptors(folder / "a"); }), HasSubstr("a.json: belongs to another a.npy"));
  // Files of other programs have no identity and are accepted.
  WriteFile(folder / "a.json", R"({"names":["a","b"],"failed":[],"provenance":{}})");
  EXPECT_EQ(ReadDescriptors(folder / "a").descriptors.values, other.descriptors.values);
}

TEST(Descriptors, OutputsAreCheckedBeforeTheWork) {
  const TemporaryFolder folder;
  WriteFile(folder / "queries.json", R"([{"query": "a.jpg", "ok": []}])");
  EXPECT_THAT(ErrorOf([&] { CheckDescriptorOutput(folder / "queries", {}, {}); }),
              HasSubstr("queries.json: exists and is not the names of descriptors"));
  EXPECT_THAT(ErrorOf([&] { CheckDescriptorOutput(folder / "x.npy", {"h5"}, {}); }),
              HasSubstr("the format is h5, but the name ends in .npy"));
  WriteDescriptors(Sample(), folder / "d");
  CheckDescriptorOutput(folder / "d", {}, {});
  CheckDescriptorOutput(folder / "new.h5", {}, {});
  EXPECT_THAT(vantage::testing::FilesBelow(folder.path()), ElementsAre("d.json", "d.npy", "queries.json"));
}

TEST(Descriptors, DamageIsNamed) {
  const TemporaryFolder folder;
  const auto error = [&] { return ErrorOf([&] { ReadDescriptors(folder / "d"); }); };
  WriteDescriptors(Sample(), folder / "d");
  WriteFile(folder / "d.json", "{");
  EXPECT_THAT(error(), HasSubstr("d.json: not valid JSON"));
  WriteFile(folder / "d.json", R"({"names":["a"],"failed":[],"provenance":{}})");
  EXPECT_THAT(error(), HasSubstr("1 names for 2 rows"));
  WriteFile(folder / "d.json", R"({"names":["a","a"],"failed":[],"provenance":{}})");
  EXPECT_THAT(error(), HasSubstr("the name 'a' appears twice"));
  WriteFile(folder / "d.json", R"({"names":3,"failed":[],"provenance":{}})");
  EXPECT_THAT(error(), HasSubstr("d.json: "));
  const std::string deep = std::string(1'000'000, '[') + std::string(1'000'000, ']');
  WriteFile(folder / "d.json", R"({"names":["a","b"],"failed":[],"provenance":)" + deep + "}");
  EXPECT_THAT(error(), HasSubstr("d.json: JSON that nests more than 64 deep"));

  DescriptorFile file = Sample();
  file.descriptors.values(1, 1) = std::numeric_limits<float>::quiet_NaN();
  WriteDescriptors(file, folder / "d");
  EXPECT_THAT(error(), HasSubstr("d.npy: row 1 holds a value that is not finite"));
  serialize::WriteNpy<int64_t>(folder / "d.npy", std::vector<int64_t>{1, 2}, {2, 1});
  EXPECT_THAT(error(), HasSubstr("N x D array of float16, float32 or float64, not <i8"));
}

TEST(Descriptors, ExtensionOrFormatChoosesTheFiles) {
  const TemporaryFolder folder;
  WriteDescriptors(Sample(), folder / "a");
  WriteDescriptors(Sample(), folder / "b", {"h5"});
  WriteDescriptors(Sample(), folder / "c.hdf5");
  WriteDescriptors(Sample(), folder / "d.v1.5", {"npy"});
  EXPECT_THAT(vantage::testing::FilesBelow(folder.path()),
              ElementsAre("a.json", "a.npy", "b.h5", "c.hdf5", "d.v1.5.json", "d.v1.5.npy"));
  for (const char* name : {"a", "a.npy", "a.json", "b", "b.h5", "c.hdf5", "d.v1.5", "d.v1.5.json"}) {
    EXPECT_EQ(ReadDescriptors(folder / name).descriptors.values, Sample().descriptors.values) << name;
  }
  const auto error = [&](const char* name, const DescriptorFormat& format) {
    return ErrorOf([&] { WriteDescriptors(Sample(), folder / name, format); });
  };
  EXPECT_THAT(error("e.h5", {"npy"}), HasSubstr("e.h5: the format is npy, but the name ends in .h5"));
  EXPECT_THAT(error("e.npy", {"h5"}), HasSubstr("the format is h5, but the name ends in .npy"));
  EXPECT_THAT(error("e", {"csv"}), HasSubstr("one of auto, npy, h5"));
  WriteDescriptors(Sample(), folder / "a.h5");
  EXPECT_THAT(ErrorOf([&] { ReadDescriptors(folder / "a"); }), HasSubstr("there are a.npy and a.h5"));
  EXPECT_TRUE(IsDescriptorPath("x/y.NPY") && IsDescriptorPath("y.h5") && !IsDescriptorPath("y.pth"));
}

// All finite float16 values that are not negative, ascending: 2^-24 steps below 2^-14, then 1024 a power
// of 2.
std::vector<double> PositiveHalves() {
  std::vector<double> values;
  for (int m = 0; m < 1024; ++m) values.push_back(std::ldexp(m, -24));
  for (int exponent = -14; exponent <= 15; ++exponent) {
    for (int m = 0; m < 1024; ++m) values.push_back(std::ldexp(1024 + m, exponent - 10));
  }
  return values;
}

// The nearest of them; of two equally near ones the one with an even last bit, which is at an even place.
double NearestHalf(const std::vector<double>& halves, double value) {
  const double magnitude = std::abs(value);
  auto place =
      static_cast<size_t>(std::lower_bound(halves.begin(), halves.end(), magnitude) - halves.begin());
  if (place == halves.size()) place -= 1;  // the value is below those that round to infinity
  if (place > 0) {
    const double above = halves[place] - magnitude;
    const double below = magnitude - halves[place - 1];
    if (below < above || (below == above && place % 2 == 1)) place -= 1;
  }
  return std::copysign(halves[place], value);
}

TEST(Descriptors, Float16IsTheNearestAndReadsBackExactly) {
  const std::vector<double> halves = PositiveHalves();
  std::vector<float> values;
  for (size_t i = 0; i < halves.size(); ++i) {
    values.push_back(static_cast<float>(halves[i]));
    if (i + 1 < halves.size()) {  // midway, and next to it
      const auto middle = static_cast<float>((halves[i] + halves[i + 1]) / 2);
      for (const float near : {middle, std::nextafter(middle, 0.0F), std::nextafter(middle, 1e9F)}) {
        values.push_back(i % 2 == 0 ? near : -near);
      }
    }
  }
  values.insert(values.end(),
                {65519.99F, -65519.99F, 1e-30F, std::numeric_limits<float>::denorm_min(), -0.0F});
  constexpr Eigen::Index kColumns = 100;
  while (values.size() % kColumns != 0) values.push_back(0);
  DescriptorFile file;
  const auto rows = static_cast<Eigen::Index>(values.size()) / kColumns;
  file.descriptors.values = Eigen::Map<const DescriptorMatrix>(values.data(), rows, kColumns);
  for (Eigen::Index i = 0; i < rows; ++i) file.descriptors.names.push_back(std::to_string(i));
  const TemporaryFolder folder;
  for (const char* container : {"npy", "h5"}) {
    WriteDescriptors(file, folder / container, {container, true});
    const DescriptorMatrix read = ReadDescriptors(folder / container).descriptors.values;
    ASSERT_EQ(read.size(), file.descriptors.values.size());
    for (Eigen::Index i = 0; i < read.size(); ++i) {
      ASSERT_EQ(read.data()[i], NearestHalf(halves, values[static_cast<size_t>(i)]))
          << container << " of " << values[static_cast<size_t>(i)];
    }
  }
  EXPECT_EQ(std::filesystem::file_size(folder / "npy.npy"), 128 + 2 * values.size());

  file.descriptors.values(1, 2) = 65520;
  for (const char* container : {"npy", "h5"}) {
    EXPECT_THAT(ErrorOf([&] {
                  WriteDescriptors(file, folder / "large", {container, true});
                }),
                HasSubstr("row 1 ('1') holds a value beyond the range of float16"));
  }
}

TEST(Descriptors, ReadInSeveralBlocks) {
  const TemporaryFolder folder;
  DescriptorFile file;
  file.descriptors.values.resize(700, 1000);  // more than a block's 2^18 values
  for (int64_t i = 0; i < 700; ++i) {
    file.descriptors.names.push_back(std::to_string(i));
    for (int64_t j = 0; j < 1000; ++j)
      file.descriptors.values(i, j) = static_cast<float>((i * 31 + j) % 2048);
  }
  for (const bool float16 : {false, true}) {
    WriteDescriptors(file, folder / "d", {"npy", float16});
    EXPECT_EQ(ReadDescriptors(folder / "d").descriptors.values, file.descriptors.values);
  }
  // As other programs write it, without the array's identity.
  WriteFile(folder / "d.json", WithoutIdentity(ReadFile(folder / "d.json")));
  const Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor> doubles =
      file.descriptors.values.cast<double>();
  serialize::WriteNpy<double>(folder / "d.npy", {doubles.data(), static_cast<size_t>(doubles.size())},
                              {700, 1000});
  EXPECT_EQ(ReadDescriptors(folder / "d").descriptors.values, file.descriptors.values);
}

TEST(Descriptors, TruncatedOrHugeArraysAreErrors) {
  const TemporaryFolder folder;
  WriteDescriptors(Sample(), folder / "d", {"npy", true});
  const std::string good = ReadFile(folder / "d.npy");
  for (size_t size = 0; size < good.size(); ++size) {
    WriteFile(folder / "d.npy", good.substr(0, size));
    EXPECT_THAT(ErrorOf([&] { ReadDescriptors(folder / "d.npy"); }), HasSubstr("d.npy: "));
  }
  WriteFile(folder / "d.npy", serialize::NpyHeader("<f2", {2, int64_t{1} << 59}));
  EXPECT_THAT(ErrorOf([&] { ReadDescriptors(folder / "d.npy"); }), HasSubstr("before the array does"));
  // An infinite float16.
  WriteFile(folder / "d.json", WithoutIdentity(ReadFile(folder / "d.json")));
  WriteFile(folder / "d.npy", serialize::NpyHeader("<f2", {2, 1}) + std::string("\x00\x3c\x00\x7c", 4));
  EXPECT_THAT(ErrorOf([&] { ReadDescriptors(folder / "d.npy"); }),
              HasSubstr("row 1 holds a value that is not finite ('b/ä.jpg')"));
}

TEST(Descriptors, BytesOfANameThatIsNotThereAreAnError) {
  const TemporaryFolder folder;
  WriteDescriptors(Sample(), folder / "d");
  for (const char* row : {"-1", "2", "9223372036854775807"}) {
    WriteFile(folder / "d.json", StrCat(R"({"names":["a","b"],"failed":[],"provenance":{},"name_bytes":{")",
                                        row, R"(":"61"}})"));
    EXPECT_THAT(ErrorOf([&] { ReadDescriptors(folder / "d"); }),
                HasSubstr("name_bytes of a row that has no name"));
  }
}

TEST(Descriptors, ProvenanceMustBeAnObject) {
  const TemporaryFolder folder;
  WriteDescriptors(Sample(), folder / "d");
  WriteFile(folder / "d.json", R"({"names":["a","b"],"failed":[],"provenance":[]})");
  EXPECT_THAT(ErrorOf([&] { ReadDescriptors(folder / "d"); }),
              HasSubstr("d.json: provenance is not a JSON object"));
}

TEST(ReadDescriptors, SaysInPlainWordsWhatItsJsonLacks) {
  const TemporaryFolder folder;
  WriteDescriptors({{{"a.jpg"}, DescriptorMatrix::Ones(1, 2)}, {}, "{}"}, folder / "d");
  const auto error = [&](const std::string& facts) {
    WriteFile(folder / "d.json", facts);
    return ErrorOf([&] { ReadDescriptors(folder / "d.npy"); });
  };
  for (const char* facts :
       {"[]", "{}", "3", R"({"names": 5})", R"({"names": [5], "failed": [], "provenance": {}})",
        R"({"names": ["a.jpg"], "failed": 3, "provenance": {}})", "{"}) {
    EXPECT_THAT(error(facts), ::testing::StartsWith((folder / "d.json").string() + ": ")) << facts;
    EXPECT_THAT(error(facts), ::testing::Not(::testing::HasSubstr("json.exception"))) << facts;
  }
  // The name is longer than file systems allow.
  EXPECT_THAT(ErrorOf([&] { ReadDescriptors(folder / std::string(300, 'x')); }),
              ::testing::HasSubstr("too long"));
}

}  // namespace
}  // namespace vantage::descriptor_files

// SPDX-License-Identifier: BSD-3-Clause
#include "vantage/search/descriptors.h"

#include <limits>

#include "testing/files.h"
#include "vantage/serialize/npy.h"
#include "vantage/util/file.h"

namespace vantage {
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
  file.provenance = R"({"model":"m.pth"})";
  return file;
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

TEST(Descriptors, DamageIsNamed) {
  const TemporaryFolder folder;
  const auto error = [&] { return ErrorOf([&] { ReadDescriptors(folder / "d"); }); };
  WriteDescriptors(Sample(), folder / "d");
  WriteFile(folder / "d.json", "{");
  EXPECT_THAT(error(), HasSubstr("d.json: not valid JSON"));
  WriteFile(folder / "d.json", R"({"names":["a"],"failed":[],"provenance":{}})");
  EXPECT_THAT(error(), HasSubstr("1 names for 2 rows"));
  WriteFile(folder / "d.json", R"({"names":["a","a"],"failed":[],"provenance":{}})");
  EXPECT_THAT(error(), HasSubstr("the name 'a' stands there twice"));
  WriteFile(folder / "d.json", R"({"names":3,"failed":[],"provenance":{}})");
  EXPECT_THAT(error(), HasSubstr("d.json: "));

  DescriptorFile file = Sample();
  file.descriptors.values(1, 1) = std::numeric_limits<float>::quiet_NaN();
  WriteDescriptors(file, folder / "d");
  EXPECT_THAT(error(), HasSubstr("d.npy: row 1 holds a value that is not finite"));
  WriteNpy<int64_t>(folder / "d.npy", std::vector<int64_t>{1, 2}, {2, 1});
  EXPECT_THAT(error(), HasSubstr("N x D array of float32, not <i8"));
}

TEST(Descriptors, NormalizeRowsAddsItsEpsilon) {
  DescriptorMatrix values(2, 2);
  values << 3, 4, 0, 0;
  NormalizeRows(values);
  EXPECT_NEAR(values(0, 0), 3 / (5 + 1e-6), 1e-7);
  EXPECT_EQ(values(1, 0), 0);
}

TEST(Descriptors, SelectRows) {
  const Descriptors selected = SelectRows(Sample().descriptors, {1, 0, 1});
  EXPECT_THAT(selected.names, ElementsAre("b/ä.jpg", "a.jpg", "b/ä.jpg"));
  EXPECT_EQ(selected.values.rows(), 3);
}

}  // namespace
}  // namespace vantage

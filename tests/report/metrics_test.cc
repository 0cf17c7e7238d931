// SPDX-License-Identifier: BSD-3-Clause
#include "vantage/metrics.h"
#include "report/metrics.h"

#include <cmath>
#include <set>

#include "testing/files.h"
#include "util/file.h"

namespace vantage::report {
namespace {

using ::testing::HasSubstr;
using vantage::testing::ErrorOf;
using vantage::testing::TemporaryFolder;

// Gives each field a different number.
template <typename Metrics>
Metrics Sample() {
  std::vector<double> numbers;
  for (size_t i = 0; i < MetricFields<Metrics>().size(); ++i) {
    const bool is_whole = std::holds_alternative<int64_t Metrics::*>(MetricFields<Metrics>()[i].member);
    numbers.push_back(is_whole ? static_cast<double>(i) + 3 : static_cast<double>(i) / 7);
  }
  return FromNumbers<Metrics>(numbers, "sample");
}

template <typename Metrics>
class MetricsOf : public ::testing::Test {};
using Kinds = ::testing::Types<StepMetrics, EpochMetrics>;
TYPED_TEST_SUITE(MetricsOf, Kinds);

TYPED_TEST(MetricsOf, TableNamesEveryFieldOnce) {
  std::set<std::string> names;
  std::set<std::string> tags;
  size_t drawn = 0;
  for (const MetricField<TypeParam>& field : MetricFields<TypeParam>()) {
    names.insert(field.name);
    if (field.tag != nullptr) tags.insert(field.tag);
    drawn += field.tag != nullptr ? 1 : 0;
  }
  EXPECT_EQ(names.size(), MetricFields<TypeParam>().size());
  EXPECT_EQ(tags.size(), drawn);
  // All fields are numbers of eight bytes, so a field that is not in the table changes the size.
  EXPECT_EQ(sizeof(TypeParam), 8 * names.size());
  const std::vector<double> numbers = ToNumbers(Sample<TypeParam>());
  EXPECT_EQ(std::set<double>(numbers.begin(), numbers.end()).size(), numbers.size());
}

TYPED_TEST(MetricsOf, NumbersAndLinesComeBackTheSame) {
  const TemporaryFolder folder;
  const auto sample = Sample<TypeParam>();
  EXPECT_EQ(ToNumbers(FromNumbers<TypeParam>(ToNumbers(sample), "list")), ToNumbers(sample));
  WriteFile(folder / "m.csv", MetricsHeader<TypeParam>() + MetricsLine(TypeParam{}) + MetricsLine(sample));
  const std::vector<TypeParam> read = ReadMetrics<TypeParam>(folder / "m.csv");
  ASSERT_EQ(read.size(), 2U);
  EXPECT_EQ(ToNumbers(read[1]), ToNumbers(sample));
  for (size_t i = 0; i < MetricFields<TypeParam>().size(); ++i) {
    const double expected = ToNumbers(TypeParam{})[i];
    const double value = ToNumbers(read[0])[i];
    EXPECT_TRUE(value == expected || (std::isnan(value) && std::isnan(expected)));
  }
  EXPECT_THAT(ErrorOf([&] { FromNumbers<TypeParam>(std::vector<double>{1}, "last.pth"); }),
              HasSubstr("last.pth: 1 metrics"));
}

TEST(ReadMetrics, FindsColumnsByNameAndLeavesOutACutLine) {
  const TemporaryFolder folder;
  WriteFile(folder / "m.csv", "epoch,colour,val_loss\n0,3,nan\n4,-1,0.25\n5,2,0.2");
  const std::vector<EpochMetrics> read = ReadMetrics<EpochMetrics>(folder / "m.csv");
  ASSERT_EQ(read.size(), 2U);
  EXPECT_TRUE(std::isnan(read[0].val_loss));
  EXPECT_EQ(read[1].epoch, 4);
  EXPECT_EQ(read[1].val_loss, 0.25);
  EXPECT_TRUE(std::isnan(read[1].train_loss));
  EXPECT_EQ(read[1].best_epoch, -1);
}

TEST(ReadMetrics, ErrorsNameFileAndLine) {
  const TemporaryFolder folder;
  const auto error = [&](const std::string& text) {
    WriteFile(folder / "m.csv", text);
    return ErrorOf([&] { ReadMetrics<StepMetrics>(folder / "m.csv"); });
  };
  const std::string file = (folder / "m.csv").string();
  EXPECT_THAT(error(""), HasSubstr(file + ": is empty"));
  EXPECT_THAT(error("step,epoch"), HasSubstr(file + ": is empty"));
  EXPECT_THAT(error("loss,step\n"), HasSubstr(file + ":1: the first column is not 'step'"));
  EXPECT_THAT(error("step,loss\n1,2\n2\n"), HasSubstr(file + ":3: has 1 values; there are 2 columns"));
  EXPECT_THAT(error("step,loss\n1,x\n"), HasSubstr(file + ":2: loss"));
  EXPECT_THAT(error("step,loss\n1.5,0\n"), HasSubstr(file + ":2: step is 1.5, not a whole number"));
  EXPECT_THAT(error("step,loss\nnan,0\n"), HasSubstr(file + ":2: step is nan"));
  EXPECT_THAT(error("step,loss\n1e300,0\n"), HasSubstr(file + ":2: step is 1e+300"));
  EXPECT_THAT(error("step,loss\n2,0\n2,0\n"), HasSubstr(file + ":3: step 2 comes after 2"));
  EXPECT_THAT(ErrorOf([&] { ReadMetrics<StepMetrics>(folder / "none.csv"); }), HasSubstr("none.csv"));
}

}  // namespace
}  // namespace vantage::report

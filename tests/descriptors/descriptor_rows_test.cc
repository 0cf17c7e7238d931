// SPDX-License-Identifier: BSD-3-Clause
#include "descriptors/descriptor_rows.h"

#include "testing/files.h"

namespace vantage::descriptors {
namespace {

using ::testing::HasSubstr;
using vantage::testing::ErrorOf;
using vantage::testing::FilesBelow;
using vantage::testing::FileSizeLimit;
using vantage::testing::TemporaryFolder;

DescriptorMatrix Values(int64_t rows, int64_t columns, int64_t first) {
  DescriptorMatrix values(rows, columns);
  for (int64_t i = 0; i < values.size(); ++i) values.data()[i] = static_cast<float>(first * columns + i);
  return values;
}

TEST(ScratchDescriptors, ReadBackWhatWasAppendedAndLeaveNothing) {
  const TemporaryFolder folder;
  {
    ScratchDescriptors scratch(folder / "new", 4);
    scratch.Append(Values(3, 4, 0));
    scratch.Append(Values(8, 4, 3).middleRows(0, 5));
    const DescriptorRows rows = scratch.rows();
    EXPECT_EQ(rows.size, 8);
    EXPECT_EQ(rows.read(0, 8), Values(8, 4, 0));
    EXPECT_EQ(rows.read(2, 3), Values(3, 4, 2));
    EXPECT_THAT(ErrorOf([&] { rows.read(6, 3); }), HasSubstr("ends early"));
    EXPECT_TRUE(FilesBelow(folder.path()).empty());
    EXPECT_THAT(ErrorOf([&] { scratch.Append(Values(1, 5, 0)); }), HasSubstr("of 5 dimensions"));
  }
  EXPECT_TRUE(FilesBelow(folder.path()).empty());
}

TEST(ScratchDescriptors, SayWhereTheDiskIsFull) {
  const TemporaryFolder folder;
  ScratchDescriptors scratch(folder.path(), 1000);
  const FileSizeLimit limit(6000);
  EXPECT_THAT(ErrorOf([&] { scratch.Append(Values(2, 1000, 0)); }),
              HasSubstr("descriptors: cannot be written: File too large"));
}

}  // namespace
}  // namespace vantage::descriptors

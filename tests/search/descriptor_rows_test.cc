// SPDX-License-Identifier: BSD-3-Clause
#include "vantage/search/descriptor_rows.h"

#include "testing/files.h"

namespace vantage {
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

std::filesystem::path WriteRows(const std::filesystem::path& path, int64_t rows, int64_t columns,
                                int64_t first, const std::string& provenance = "{}") {
  DescriptorFile file;
  file.descriptors.values = Values(rows, columns, first);
  for (int64_t i = 0; i < rows; ++i) file.descriptors.names.push_back(std::to_string(first + i));
  file.provenance = provenance;
  WriteDescriptors(file, path);
  return path;
}

TEST(DescriptorRows, OfFilesFollowEachOther) {
  const TemporaryFolder folder;
  const DescriptorRows rows =
      RowsOfFiles({WriteRows(folder / "a.npy", 3, 4, 0), WriteRows(folder / "b.h5", 0, 4, 3),
                   WriteRows(folder / "c.h5", 5, 4, 3), WriteRows(folder / "d.npy", 2, 4, 8)});
  EXPECT_EQ(rows.size, 10);
  EXPECT_EQ(rows.dimension, 4);
  for (int64_t first = 0; first < 10; ++first) {
    for (int64_t count = 0; first + count <= 10; ++count) {
      EXPECT_EQ(rows.read(first, count), Values(count, 4, first)) << first << " " << count;
    }
  }
}

TEST(DescriptorRows, OfFilesThatDoNotFitAreRefused) {
  const TemporaryFolder folder;
  const auto a = WriteRows(folder / "a.npy", 3, 4, 0, R"({"model_sha256": "1"})");
  EXPECT_THAT(ErrorOf([&] {
                RowsOfFiles({a, WriteRows(folder / "b.npy", 3, 5, 3)});
              }),
              HasSubstr("b.npy: descriptors of 5 dimensions"));
  EXPECT_THAT(ErrorOf([&] {
                RowsOfFiles({a, WriteRows(folder / "c.npy", 3, 4, 3, R"({"model_sha256": "2"})")});
              }),
              HasSubstr("different models"));
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
  EXPECT_THAT(ErrorOf([&] { scratch.Append(Values(2, 1000, 0)); }), HasSubstr("descriptors.partial"));
}

}  // namespace
}  // namespace vantage

// SPDX-License-Identifier: BSD-3-Clause
#include "evaluation/saved_descriptors.h"

#include "testing/files.h"
#include "util/file.h"

namespace vantage::evaluation {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using vantage::testing::ErrorOf;
using vantage::testing::TemporaryFolder;

// Row i has the single value i + 1.
DescriptorFile FileOf(const std::vector<std::string>& names) {
  DescriptorFile file;
  file.descriptors.names = names;
  file.descriptors.values.resize(static_cast<Eigen::Index>(names.size()), 1);
  for (Eigen::Index i = 0; i < file.descriptors.size(); ++i) {
    file.descriptors.values(i, 0) = static_cast<float>(i + 1);
  }
  return file;
}

std::vector<float> Column(const DescriptorMatrix& values) {
  return {values.data(), values.data() + values.size()};
}

class TakingDescriptors : public ::testing::Test {
 protected:
  void SetUp() override {
    for (const char* name : {"a.jpg", "b.jpg", "q.jpg", "unlisted.jpg"}) WriteFile(folder_ / name, "");
    WriteFile(folder_ / "images.json", R"({"imlist": ["a", "b"]})");
    WriteFile(folder_ / "queries.json", R"([{"query": "q", "ok": ["a"]}])");
    benchmark_ = ReadBoxedQueries(folder_.path());
  }

  SavedDescriptors Take(const DescriptorFile& file, bool take_distractors = false) {
    return TakeDescriptors(benchmark_, file, nullptr, {folder_.path(), "d.npy", "", take_distractors});
  }

  TemporaryFolder folder_;
  Benchmark benchmark_;
};

TEST_F(TakingDescriptors, LeavesOutPhotosThatAreNotInTheDatabase) {
  const SavedDescriptors saved = Take(FileOf({"unlisted.jpg", "q.jpg", "b.jpg", "a.jpg", "street/1.jpg"}));
  EXPECT_THAT(Column(saved.database), ElementsAre(4, 3));
  EXPECT_THAT(Column(saved.queries), ElementsAre(2));
  EXPECT_EQ(saved.left_out, 2);
  EXPECT_THAT(saved.failed, IsEmpty());
  EXPECT_EQ(benchmark_.photos.size(), 2U);
}

TEST_F(TakingDescriptors, DistractorsAreOnlyPhotosFromElsewhere) {
  const SavedDescriptors saved =
      Take(FileOf({"unlisted.jpg", "q.jpg", "b.jpg", "a.jpg", "street/1.jpg", "/far/2.jpg"}), true);
  EXPECT_THAT(Column(saved.database), ElementsAre(4, 3, 5, 6));
  EXPECT_EQ(saved.left_out, 1);
  EXPECT_THAT(benchmark_.photos,
              ElementsAre(folder_ / "a.jpg", folder_ / "b.jpg", "street/1.jpg", "/far/2.jpg"));
}

TEST_F(TakingDescriptors, APhotoWithoutDescriptorIsCountedAndNamed) {
  DescriptorFile file = FileOf({"q.jpg", "a.jpg"});
  EXPECT_THAT(Take(file).failed, ElementsAre("d.npy: no descriptor of b.jpg"));
  file.failed = {{"b.jpg", "b.jpg: truncated JPEG"}};
  const SavedDescriptors saved = Take(file);
  EXPECT_THAT(saved.failed, ElementsAre("b.jpg: truncated JPEG"));
  EXPECT_THAT(Column(saved.database), ElementsAre(2, 0));
}

TEST_F(TakingDescriptors, AFileOfOtherNamesIsRefused) {
  EXPECT_THAT(
      ErrorOf([&] {
        Take(FileOf({"x/a.jpg", "x/b.jpg", "q.jpg"}));
      }),
      AllOf(HasSubstr("d.npy: no descriptor of a.jpg, nor of any other"), HasSubstr("another folder")));
}

TEST_F(TakingDescriptors, AQueryWithoutDescriptorIsNotSaidToHaveABox) {
  EXPECT_THAT(ErrorOf([&] {
                Take(FileOf({"a.jpg", "b.jpg"}));
              }),
              AllOf(HasSubstr("d.npy: no descriptor of the query q.jpg"), HasSubstr("--queries"),
                    ::testing::Not(HasSubstr("box"))));
  benchmark_.queries[0].box = Box{0, 0, 1, 1};
  EXPECT_THAT(ErrorOf([&] {
                Take(FileOf({"a.jpg", "b.jpg", "q.jpg"}));
              }),
              HasSubstr("q.jpg: is a query with a box"));
}

TEST_F(TakingDescriptors, QueriesOfOnePhotoHaveNamesOfTheirOwn) {
  WriteFile(folder_ / "queries.json", R"([{"query": "q", "bbx": [0, 0, 1, 1], "ok": ["a"]},
                                          {"query": "q.jpg", "bbx": [0, 0, 2, 2], "ok": ["b"]}])");
  benchmark_ = ReadBoxedQueries(folder_.path());
  EXPECT_THAT(QueryNames(benchmark_, folder_.path()), ElementsAre("q.jpg", "q.jpg#2"));
  const DescriptorFile queries = FileOf({"q.jpg#2", "q.jpg"});
  const SavedDescriptors saved =
      TakeDescriptors(benchmark_, FileOf({"a.jpg", "b.jpg"}), &queries, {folder_.path(), "d.npy", "q.npy"});
  EXPECT_THAT(Column(saved.queries), ElementsAre(2, 1));
}

}  // namespace
}  // namespace vantage::evaluation

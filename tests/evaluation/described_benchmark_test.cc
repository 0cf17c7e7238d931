// SPDX-License-Identifier: BSD-3-Clause
#include <cmath>

#include "evaluation/judged.h"
#include "testing/files.h"
#include "util/file.h"
#include "util/string.h"
#include "vantage/descriptors.h"

namespace vantage::evaluation {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using vantage::testing::ErrorOf;
using vantage::testing::TemporaryFolder;

class DescribedBenchmarks : public ::testing::Test {
 protected:
  std::string Path(const std::string& name) const { return (folder_ / name).string(); }

  // Descriptors of these names, row i in the direction i of four.
  void Write(const std::string& path, const std::vector<std::string>& names,
             const std::string& model = "aa") const {
    DescriptorFile file;
    file.provenance.model_sha256 = model;
    file.descriptors.names = names;
    file.descriptors.values = DescriptorMatrix::Zero(static_cast<Eigen::Index>(names.size()), 4);
    for (Eigen::Index i = 0; i < file.descriptors.size(); ++i) file.descriptors.values(i, i % 4) = 1;
    WriteDescriptors(file, folder_ / path);
  }

  DescribedBenchmark Read(const std::string& protocol, const BenchmarkFiles& files) const {
    return ReadDescribedBenchmark(ChooseProtocol(Protocols(), protocol, Path("data")),
                                  {.folder = Path("data")}, files);
  }

  TemporaryFolder folder_;
};

TEST_F(DescribedBenchmarks, OfFixedPhotosMissThoseThatTheFileDoesNotName) {
  std::filesystem::create_directory(folder_ / "data");
  WriteFile(folder_ / "data/holidays_images.dat", "100000.jpg\n100001.jpg\n100100.jpg\n100101.jpg\n");
  Write("d", {"100000.jpg", "100001.jpg", "100101.jpg"});
  DescribedBenchmark input = Read("holidays", {Path("d.npy")});
  EXPECT_TRUE(input.benchmark.has_fixed_photos);
  EXPECT_EQ(input.provenance.model_sha256, "aa");
  EXPECT_EQ(input.benchmark.queries.size(), 1U);
  EXPECT_THAT(input.benchmark.missing, ElementsAre("100100.jpg"));
  EXPECT_THAT(ErrorOf([&] { CheckComplete(input.benchmark); }),
              HasSubstr("holidays: 1 photos are missing: 100100.jpg; without them the figure"));
  // A photo without descriptor is missing too, and its query does not count.
  input.described.queries.row(0).setZero();
  input.described.database.row(1).setZero();
  LeaveOutFailed(input);
  EXPECT_TRUE(input.benchmark.queries[0].is_left_out);
  EXPECT_THAT(input.benchmark.missing, ElementsAre("100100.jpg", "100000.jpg", "100001.jpg"));
}

TEST_F(DescribedBenchmarks, OfPhotosAtHandLeaveOutWhatFailed) {
  for (const char* name : {"a/1.jpg", "a/2.jpg", "b/1.jpg", "b/2.jpg"})
    WriteFile(folder_ / "data" / name, "");
  Write("d", {"a/1.jpg", "a/2.jpg", "b/2.jpg", "elsewhere/3.jpg"});
  const DescribedBenchmark input = Read("", {Path("d.npy")});
  EXPECT_FALSE(input.benchmark.has_fixed_photos);
  EXPECT_THAT(input.benchmark.missing, IsEmpty());
  EXPECT_EQ(input.left_out, 1);
  EXPECT_EQ(input.described.failed.size(), 1U);
  CheckComplete(input.benchmark);
  const EvaluationResults results = EvaluateBenchmark(input, Path("data"), "d.npy").results;
  EXPECT_EQ(CountWithoutPositives(results, "").left_out, 1);
  EXPECT_TRUE(std::isnan(MainFigure(results).values[2]));
  const DescribedBenchmark more = Read("", {.photos = Path("d.npy"), .take_distractors = true});
  EXPECT_EQ(more.benchmark.photos.size(), 5U);
  EXPECT_EQ(more.left_out, 0);
}

TEST_F(DescribedBenchmarks, ComeBackFromTheirFiles) {
  for (const char* name : {"a.jpg", "b.jpg", "q.jpg"}) WriteFile(folder_ / "data" / name, "");
  WriteFile(folder_ / "data/queries.json", R"([{"query": "q", "bbx": [0, 0, 1, 1], "ok": ["a"]},
                                               {"query": "q", "bbx": [0, 0, 2, 2], "ok": ["b"]}])");
  DescribedBenchmark input{ReadBenchmark(ChooseProtocol(Protocols(), "", Path("data")), {Path("data")}), {}};
  input.provenance.model_sha256 = "cc";
  input.described.queries = DescriptorMatrix::Identity(2, 3);
  input.described.database = DescriptorMatrix::Identity(3, 3);
  input.described.database.row(1).setZero();
  WriteDescribedBenchmark(input, Path("data"), Path("saved"));
  EXPECT_EQ(QueriesPath(Path("saved")), Path("saved-queries"));
  const DescribedBenchmark back = Read("", {Path("saved.npy"), Path("saved-queries.npy")});
  EXPECT_EQ(back.described.queries, input.described.queries);
  EXPECT_EQ(back.described.database, input.described.database);
  EXPECT_THAT(back.described.failed, ElementsAre("b.jpg: could not be described"));
  EXPECT_EQ(back.provenance.model_sha256, "cc");
  Write("others", {"q.jpg", "q.jpg#2"}, "dd");
  EXPECT_THAT(ErrorOf([&] {
                Read("", {Path("saved.npy"), Path("others.npy")});
              }),
              HasSubstr("their models differ"));
}

TEST_F(DescribedBenchmarks, DistractorsAreFoldersAndFilesAndTheBenchmarksOwn) {
  Write("own", {"a.jpg"});
  Write("others", {"b.jpg"});
  std::filesystem::create_directory(folder_ / "streets");
  const Distractors distractors =
      SortDistractors({Path("streets"), Path("others.npy"), Path("own.json")}, Path("own.npy"));
  EXPECT_THAT(distractors.folders, ElementsAre(Path("streets")));
  EXPECT_THAT(distractors.files, ElementsAre(Path("others.npy")));
  EXPECT_TRUE(distractors.is_own);
  EXPECT_FALSE(SortDistractors({Path("others.npy")}, "model.pth").is_own);
  EXPECT_THAT(ErrorOf([&] { SortDistractors({Path("none")}, ""); }), HasSubstr("none: no such folder"));
  EXPECT_THAT(ErrorOf([&] { SortDistractors({Path("none.npy")}, ""); }), HasSubstr("none.npy"));
}

TEST(EvaluateOptions, RefuseFilesOfDistractorsWithOtherThanPlainSearch) {
  EvaluateOptions options;
  options.distractor_files = {"others.npy"};
  CheckEvaluateOptions(options);
  options.search.stages = {AverageExpansionOptions{}};
  const auto error = [&] { return ErrorOf([&] { CheckEvaluateOptions(options); }); };
  EXPECT_THAT(error(), HasSubstr("a file of descriptors goes with plain search"));
  options.distractor_files.clear();
  CheckEvaluateOptions(options);
  options.search.stages = {AverageExpansionOptions{.neighbors = 0}};
  EXPECT_THAT(error(), HasSubstr("neighbors"));
}

}  // namespace
}  // namespace vantage::evaluation

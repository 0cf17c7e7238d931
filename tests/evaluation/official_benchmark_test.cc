// SPDX-License-Identifier: BSD-3-Clause
#include "vantage/evaluation.h"

#include <algorithm>
#include <set>

#include "serialize/pickle.h"
#include "testing/files.h"
#include "util/file.h"
#include "vantage/photos.h"

namespace vantage::evaluation {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using vantage::testing::ErrorOf;
using vantage::testing::SharedFolder;
using vantage::testing::TemporaryFolder;

// Reads a benchmark of the given photos.
Benchmark ReadOfficial(const std::string& name, const std::filesystem::path& ground_truth,
                       const PhotoFinder& photos) {
  return ReadBenchmark(ChooseProtocol(Protocols(), name, {}),
                       {.ground_truth = ground_truth, .photos = [&] { return photos; }});
}

std::vector<std::filesystem::path> Named(const std::vector<std::string>& names) {
  std::vector<std::filesystem::path> photos;
  for (const std::string& name : names) photos.emplace_back("jpg/" + name + ".jpg");
  return photos;
}

void WriteTexts(serialize::PickleWriter& writer, const char* key, const std::vector<std::string>& texts) {
  writer.String(key);
  writer.EmptyList();
  writer.Mark();
  for (const std::string& text : texts) writer.String(text);
  writer.Appends();
}

// A revisited ground truth of four photos: `easy` 0, `hard` 1, `junk` the last.
std::string RevisitedPickle(int64_t last, double right = 9) {
  serialize::PickleWriter writer;
  writer.EmptyDict();
  writer.Mark();
  WriteTexts(writer, "imlist", {"a", "b", "c", "d"});
  WriteTexts(writer, "qimlist", {"q"});
  writer.String("gnd");
  writer.EmptyList();
  writer.Mark();
  writer.EmptyDict();
  writer.Mark();
  writer.String("bbx");
  writer.EmptyList();
  writer.Mark();
  for (const double side : {1.0, 2.0, right, 8.0}) writer.Float(side);
  writer.Appends();
  for (const auto& [key, row] : std::map<std::string, int64_t>{{"easy", 0}, {"hard", 1}, {"junk", last}}) {
    writer.String(key);
    writer.EmptyList();
    writer.Mark();
    writer.Int(row);
    writer.Appends();
  }
  writer.SetItems();
  writer.Appends();
  writer.SetItems();
  return std::move(writer).Finish();
}

// The text files and the pickle of Oxford5k are two forms of one ground truth.
TEST(ReadTextGroundTruth, IsThePicklesOnOxford) {
  VANTAGE_REQUIRE_SHARED("groundtruth/oxford5k");
  const GroundTruth pickled = ReadPickledGroundTruth(SharedFolder() / "groundtruth/gnd_oxford5k.pkl");
  const PhotoFinder photos(Named(pickled.image_names));
  const GroundTruth texts = ReadTextGroundTruth(SharedFolder() / "groundtruth/oxford5k", photos);
  EXPECT_EQ(texts.image_names, pickled.image_names);
  EXPECT_EQ(texts.query_names, pickled.query_names);
  ASSERT_EQ(texts.queries.size(), 55U);
  for (size_t i = 0; i < 55; ++i) {
    const auto set = [](const std::vector<int64_t>& rows) {
      return std::set<int64_t>(rows.begin(), rows.end());
    };
    EXPECT_EQ(set(texts.queries[i].ok), set(pickled.queries[i].ok)) << i;
    EXPECT_EQ(set(texts.queries[i].junk), set(pickled.queries[i].junk)) << i;
    for (size_t side = 0; side < 4; ++side) {
      EXPECT_NEAR(texts.queries[i].box[side], pickled.queries[i].box[side], 0.051) << i;
    }
  }
}

TEST(OfficialProtocol, NamesWhatIsMissing) {
  VANTAGE_REQUIRE_SHARED("groundtruth/gnd_oxford5k.pkl");
  const auto ground_truth = SharedFolder() / "groundtruth";
  GroundTruth truth = ReadPickledGroundTruth(ground_truth / "gnd_oxford5k.pkl");
  const Benchmark whole = ReadOfficial("oxford5k", ground_truth, PhotoFinder(Named(truth.image_names)));
  EXPECT_THAT(whole.missing, IsEmpty());
  EXPECT_EQ(whole.photos.size(), 5063U);
  EXPECT_EQ(whole.queries.size(), 55U);
  EXPECT_EQ(whole.queries[0].relevance.positives, truth.queries[0].ok);
  EXPECT_EQ(whole.queries[0].box->left, 136.5);

  const std::string query = truth.query_names[0];
  std::vector<std::string> names = truth.image_names;
  names.erase(std::find(names.begin(), names.end(), query));
  const Benchmark part = ReadOfficial("oxford5k", ground_truth, PhotoFinder(Named(names)));
  EXPECT_THAT(part.missing, ElementsAre(query));
  EXPECT_EQ(part.photos.size(), 5062U);
  EXPECT_EQ(part.queries.size(), 54U);

  std::set<int64_t> named;
  for (const GroundTruth::Query& asked : truth.queries) {
    named.insert(asked.ok.begin(), asked.ok.end());
    named.insert(asked.junk.begin(), asked.junk.end());
  }
  int64_t unnamed = 0;
  while (named.count(unnamed) == 1) ++unnamed;
  names.erase(std::find(names.begin(), names.end(), truth.image_names[static_cast<size_t>(unnamed)]));
  const Benchmark texts = ReadOfficial("oxford5k", ground_truth / "oxford5k", PhotoFinder(Named(names)));
  EXPECT_THAT(texts.missing, ::testing::Contains(query));
  EXPECT_THAT(texts.missing.back(), HasSubstr("1 of the 5063 that text files do not name"));
}

TEST(MakeBenchmark, AQueryInTheDatabaseIsNeverItsOwnWrongAnswer) {
  GroundTruth truth{{"a", "b"}, {"b"}, {{{0, 0, 1, 1}, {0}, {}, {}, {}}}};
  const PhotoFinder photos(Named({"a", "b"}));
  EXPECT_THAT(MakeBenchmark("instre", truth, false, photos).queries[0].relevance.junk, ElementsAre(1));
  truth.queries[0].ok = {0, 1};
  EXPECT_THAT(MakeBenchmark("instre", truth, false, photos).queries[0].relevance.junk, IsEmpty());
  truth.queries[0] = {{0, 0, 1, 1}, {}, {0}, {}, {}};
  const Benchmark revisited = MakeBenchmark("roxford5k", truth, true, photos);
  for (const Relevance& task : revisited.queries[0].by_task) {
    EXPECT_THAT(task.junk, ::testing::Contains(1));
  }
}

TEST(OfficialProtocol, RevisitedHasThreeTasksAndTheDatabaseWithoutQueries) {
  const TemporaryFolder folder;
  WriteFile(folder / "gnd_roxford5k.pkl", RevisitedPickle(3));
  const PhotoFinder photos(Named({"a", "b", "c", "d", "q"}));
  const Benchmark benchmark = ReadOfficial("roxford5k", folder.path(), photos);
  EXPECT_THAT(benchmark.missing, IsEmpty());
  EXPECT_THAT(benchmark.tasks, ElementsAre("E", "M", "H"));
  EXPECT_EQ(benchmark.tasks[benchmark.main_task], "M");
  EXPECT_EQ(benchmark.photos.size(), 4U);
  EXPECT_FALSE(benchmark.queries[0].row.has_value());
  EXPECT_THAT(TaskRelevances(benchmark, 0)[0].positives, ElementsAre(0));
  EXPECT_THAT(TaskRelevances(benchmark, 0)[0].junk, ElementsAre(3, 1));
  EXPECT_THAT(TaskRelevances(benchmark, 1)[0].positives, ElementsAre(0, 1));
  EXPECT_THAT(TaskRelevances(benchmark, 2)[0].junk, ElementsAre(3, 0));
  // Rows number the photos that exist.
  const Benchmark part = ReadOfficial("roxford5k", folder.path(), PhotoFinder(Named({"b", "d", "q"})));
  EXPECT_THAT(part.missing, ElementsAre("a", "c"));
  EXPECT_THAT(part.queries[0].relevance.positives, ElementsAre(0));
  EXPECT_THAT(part.queries[0].relevance.junk, ElementsAre(1));
}

// Ground truth of the classic form: each query's box, and the places of its positives.
std::string ClassicPickle(const std::vector<std::string>& images, const std::vector<std::string>& queries,
                          const std::vector<std::vector<int64_t>>& ok) {
  serialize::PickleWriter writer;
  writer.EmptyDict();
  writer.Mark();
  WriteTexts(writer, "imlist", images);
  WriteTexts(writer, "qimlist", queries);
  writer.String("gnd");
  writer.EmptyList();
  writer.Mark();
  for (const std::vector<int64_t>& rows : ok) {
    writer.EmptyDict();
    writer.Mark();
    writer.String("bbx");
    writer.EmptyList();
    writer.Mark();
    for (const int64_t side : {10, 20, 110, 220}) writer.Int(side);
    writer.Appends();
    writer.String("ok");
    writer.EmptyList();
    writer.Mark();
    for (const int64_t row : rows) writer.Int(row);
    writer.Appends();
    writer.SetItems();
  }
  writer.Appends();
  writer.SetItems();
  return std::move(writer).Finish();
}

TEST(OfficialProtocol, PhotosOfInstreAreToldByTheirFolders) {
  const TemporaryFolder folder;
  const std::vector<std::string> images = {"INSTRE-S1/01a/001.jpg", "INSTRE-S1/01b/001.jpg",
                                           "INSTRE-M/01/002.jpg"};
  WriteFile(folder / "gnd_instre.pkl", ClassicPickle(images, {"INSTRE-S1/01a/003.jpg"}, {{0, 2}}));
  for (const std::string& image : images) WriteFile(folder / image, "");
  WriteFile(folder / "INSTRE-S1/01a/003.jpg", "");
  WriteFile(folder / "INSTRE-S1/01b/003.jpg", "");
  const Benchmark benchmark = ReadOfficial("instre", folder.path(), FindPhotosIn(folder.path()));
  EXPECT_THAT(benchmark.missing, IsEmpty());
  EXPECT_THAT(benchmark.tasks, IsEmpty());
  EXPECT_THAT(benchmark.photos, ElementsAre(folder / images[0], folder / images[1], folder / images[2]));
  ASSERT_EQ(benchmark.queries.size(), 1U);
  EXPECT_EQ(benchmark.queries[0].photo, folder / "INSTRE-S1/01a/003.jpg");
  EXPECT_EQ(benchmark.queries[0].box->right, 110);
  EXPECT_THAT(benchmark.queries[0].relevance.positives, ElementsAre(0, 2));
  EXPECT_THAT(benchmark.queries[0].relevance.junk, IsEmpty());
  // Positives are counted from 1, as in MATLAB.
  WriteFile(folder / "gnd_instre.pkl", ClassicPickle(images, {"INSTRE-S1/01a/003.jpg"}, {{1, 3}}));
  const auto error = [&] {
    return ErrorOf([&] { ReadOfficial("instre", folder.path(), FindPhotosIn(folder.path())); });
  };
  EXPECT_THAT(error(), HasSubstr("gnd[0]: 'ok' names image 3 of 3"));
  WriteFile(folder / "gnd_instre.pkl", ClassicPickle({"a.jpg", "b.jpg", "a.jpg"}, {"q.jpg"}, {{0}}));
  EXPECT_THAT(error(), HasSubstr("imlist: the name 'a.jpg' appears twice"));
  std::filesystem::remove(folder / "gnd_instre.pkl");
  EXPECT_THAT(error(), HasSubstr("gnd_instre.pkl: no such file; it holds the ground truth of instre"));
}

TEST(OfficialProtocol, DamageIsNamed) {
  const TemporaryFolder folder;
  const PhotoFinder photos(Named({"a", "b", "c", "d", "q"}));
  const auto pickle_error = [&](const std::string& bytes) {
    WriteFile(folder / "gnd_roxford5k.pkl", bytes);
    return ErrorOf([&] { ReadOfficial("roxford5k", folder.path(), photos); });
  };
  EXPECT_THAT(pickle_error(RevisitedPickle(4)), HasSubstr("gnd[0]: 'junk' names image 4 of 4"));
  EXPECT_THAT(pickle_error(RevisitedPickle(3, 0.5)), HasSubstr("gnd[0]: the query's box is not"));
  const std::string whole = RevisitedPickle(3);
  for (size_t size = 0; size < whole.size(); size += 7) {
    EXPECT_THAT(pickle_error(whole.substr(0, size)), HasSubstr("gnd_roxford5k.pkl")) << size;
  }
  EXPECT_THAT(ErrorOf([&] { ReadOfficial("rparis6k", folder.path(), photos); }),
              HasSubstr("gnd_rparis6k.pkl: no such file"));
  EXPECT_THAT(ErrorOf([&] { ReadOfficial("paris6k", folder.path(), photos); }),
              HasSubstr("no file NAME_query.txt"));
  WriteFile(folder / "x_query.txt", "oxc1_q 1 2 3");
  const auto text_error = [&] { return ErrorOf([&] { ReadOfficial("oxford5k", folder.path(), photos); }); };
  EXPECT_THAT(text_error(), HasSubstr("x_query.txt: not 'NAME left top right bottom'"));
  WriteFile(folder / "x_query.txt", "oxc1_q 1 2 3 4");
  EXPECT_THAT(text_error(), HasSubstr("x_good.txt"));
}

}  // namespace
}  // namespace vantage::evaluation

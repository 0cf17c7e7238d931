// SPDX-License-Identifier: BSD-3-Clause
#include "vantage/pipeline.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "nn/model_file.h"
#include "pipeline/evaluate.h"
#include "pipeline/report.h"
#include "testing/exif.h"
#include "testing/files.h"
#include "testing/models.h"
#include "testing/photos.h"
#include "util/file.h"
#include "util/hash.h"
#include "util/string.h"
#include "vantage/describer.h"
#include "vantage/error.h"

namespace vantage {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using vantage::testing::ErrorOf;
using vantage::testing::FilesBelow;
using vantage::testing::MakeFormulaModel;
using vantage::testing::MakeRandomModel;
using vantage::testing::TemporaryFolder;
using vantage::testing::WritePhotosAndSet;

// Photos, a training set over them and a model.
class Pipeline : public ::testing::Test {
 protected:
  void SetUp() override {
    WritePhotosAndSet(folder_.path(), 3, 4, 1);
    nn::ModelParts model = MakeFormulaModel();
    model.preprocessing = LongestSide(64);
    nn::WriteModel(model, folder_ / "model.pth");
  }

  std::string Path(const std::string& name) const { return (folder_ / name).string(); }

  ExtractTask Extraction(const std::string& output) const {
    ExtractTask task;
    task.model.path = Path("model.pth");
    task.photos = {Path("photos")};
    task.output = Path(output);
    return task;
  }

  TemporaryFolder folder_;
};

// The provenance, which decides whether descriptors can be compared.
TEST_F(Pipeline, ExtractedFilesTellHowTheyWereMade) {
  ExtractTask task = Extraction("descriptors");
  task.descriptor.scales = "1,0.7";
  const DescriptorFile returned = Extract(task);
  const DescriptorFile file = ReadDescriptors(folder_ / "descriptors.npy");
  EXPECT_EQ(file.descriptors.values, returned.descriptors.values);
  EXPECT_EQ(file.provenance, returned.provenance);
  EXPECT_EQ(file.provenance.model_sha256, Sha256OfFile(folder_ / "model.pth"));
  EXPECT_EQ(file.provenance.preprocessing, "longest=64");  // the model's own
  EXPECT_THAT(*file.provenance.scales, ElementsAre(1, 0.7));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "descriptors.partial"));

  task = Extraction("shard");
  task.shard = "2/3";
  EXPECT_EQ(json::parse(Extract(task).provenance.other.at("shard")), json({{"index", 2}, {"count", 3}}));
}

// All tasks that describe photos turn them alike, and describer.Describe(path) does too.
TEST_F(Pipeline, PhotosAreTurnedByExifAsTheModelSays) {
  for (const std::string& photo : FilesBelow(folder_ / "photos"))
    WriteFile(folder_ / "photos" / photo, testing::WithOrientation(ReadFile(folder_ / "photos" / photo), 6));
  nn::ModelParts model = nn::ReadModel(folder_ / "model.pth");
  const auto write = [&](const std::string& name, std::optional<bool> turns) {
    model.applies_exif_orientation = turns;
    nn::WriteModel(model, folder_ / name);
  };
  write("silent.pth", std::nullopt);
  write("turns.pth", true);
  write("ignores.pth", false);
  const auto describe = [&](const std::string& name, const std::string& option = "default") {
    ExtractTask task = Extraction(name + option);
    task.model.path = Path(name);
    task.descriptor.exif_orientation = option;
    return Extract(task).descriptors;
  };
  const Descriptors turned = describe("turns.pth");
  const Descriptors ignored = describe("ignores.pth");
  EXPECT_GT((turned.values - ignored.values).cwiseAbs().maxCoeff(), 1e-3);
  EXPECT_EQ(describe("silent.pth").values, turned.values);
  EXPECT_EQ(describe("turns.pth", "ignore").values, ignored.values);
  EXPECT_EQ(describe("ignores.pth", "apply").values, turned.values);

  const auto first = [&](const std::string& name) {
    const std::vector<float> values =
        Describer::Load(folder_ / name).Describe(folder_ / "photos" / turned.names[0]);
    return Eigen::Map<const Eigen::RowVectorXf>(values.data(), static_cast<Eigen::Index>(values.size()))
        .eval();
  };
  EXPECT_LT((first("turns.pth") - turned.values.row(0)).cwiseAbs().maxCoeff(), 1e-6);
  EXPECT_LT((first("ignores.pth") - ignored.values.row(0)).cwiseAbs().maxCoeff(), 1e-6);
  EXPECT_THAT(ErrorOf([&] { Describer::Load(folder_ / "turns.pth").Describe(folder_ / "none.jpg"); }),
              HasSubstr("none.jpg"));

  const auto whiten = [&](const std::string& name) {
    WhitenTask task;
    task.model.path = Path(name);
    task.tuples = Path("set.db");
    task.output = Path("white-" + name);
    task.options.shrinkage = "0.5";
    Whiten(task);
    return nn::ReadModel(task.output);
  };
  const nn::ModelParts with_turns = whiten("silent.pth");
  const nn::ModelParts without = whiten("ignores.pth");
  EXPECT_EQ(with_turns.applies_exif_orientation, true);
  EXPECT_EQ(without.applies_exif_orientation, false);
  EXPECT_NE(with_turns.whitenings.begin()->second.single_scale->mean,
            without.whitenings.begin()->second.single_scale->mean);
}

TEST_F(Pipeline, ReportsMineWithPhotosTurnedAsTheModelSays) {
  for (const std::string& photo : FilesBelow(folder_ / "photos"))
    WriteFile(folder_ / "photos" / photo, testing::WithOrientation(ReadFile(folder_ / "photos" / photo), 6));
  const nn::ModelParts model = nn::ReadModel(folder_ / "model.pth");
  const auto page = [&](const std::string& folder, std::optional<bool> turns) {
    nn::ModelParts changed = model;
    changed.applies_exif_orientation = turns;
    std::filesystem::create_directory(folder_ / folder);
    nn::WriteModel(changed, folder_ / folder / "model.pth");  // the page shows the name
    pipeline::ReportTask task;
    task.input = Path("set.db");
    task.output = Path(folder + "/page.html");
    task.model.path = Path(folder + "/model.pth");
    pipeline::ReportTrainingSet(task);
    return ReadFile(task.output);
  };
  const std::string turned = page("turned", true);
  EXPECT_TRUE(page("ignored", false) != turned);
  EXPECT_TRUE(page("silent", std::nullopt) == turned);
}

TEST_F(Pipeline, CountsWhatFoldersHeldAndWasLeftOut) {
  WriteFile(folder_ / "photos/.hidden.jpg", "x");
  WriteFile(folder_ / "photos/images/a.jpg", ReadFile(folder_ / "photos/scene0/0.jpg"));
  WriteFile(folder_ / "photos/images_2/a.jpg", ReadFile(folder_ / "photos/scene0/0.jpg"));
  const std::map<std::string, int64_t> expected = {{"hidden", 1}, {"reduced copies", 1}};
  EXPECT_EQ(Extract(Extraction("all")).left_out, expected);
}

TEST_F(Pipeline, MergedShardsAreTheWhole) {
  Extract(Extraction("whole"));
  MergeTask merge;
  for (const char* shard : {"2/2", "1/2"}) {
    ExtractTask task = Extraction(StrCat("shard-", shard[0]));
    task.shard = shard;
    Extract(task);
    merge.shards.push_back(task.output);
  }
  merge.output = Path("merged");
  EXPECT_EQ(Merge(merge).file.descriptors.size(), 12);
  EXPECT_EQ(ReadFile(folder_ / "merged.json"), ReadFile(folder_ / "whole.json"));
  EXPECT_EQ(Sha256OfFile(folder_ / "merged.npy"), Sha256OfFile(folder_ / "whole.npy"));
}

TEST_F(Pipeline, AWhitenedModelTellsWhatItCameFrom) {
  WhitenTask task;
  task.model.path = Path("model.pth");
  task.tuples = Path("set.db");
  task.output = Path("white.pth");
  task.options.shrinkage = "0.5";
  const WhitenedModel result = Whiten(task);
  EXPECT_EQ(result.name, "learned");
  EXPECT_EQ(result.shrinkage, "0.5");
  const Model model = Model::Read(folder_ / "white.pth");
  EXPECT_EQ(model.default_whitening(), "learned");
  const json origin = json::parse(model.origin())["whitening"];
  EXPECT_EQ(origin["model_sha256"], Sha256OfFile(folder_ / "model.pth"));
  EXPECT_EQ(origin["training_set_sha256"], Sha256OfFile(folder_ / "set.db"));
  EXPECT_EQ(origin["photos"], 12);
  EXPECT_EQ(origin["preprocessing"], "longest=64");
}

// Two scenes of one model each, as `vantage reconstruct` writes them. One photo has no descriptor.
TEST_F(Pipeline, PairsAreMeasuredByTheModelsOfTheirPhotos) {
  DescriptorFile file;
  for (const char* scene : {"a", "b"}) {
    const Reconstruction model = MakeRandomModel(4, 200, 1);
    WriteColmapModel(model, folder_ / "models" / scene / "sparse/0", ModelFormat::kBinary);
    WriteFile(folder_ / "models" / scene / "images/0.jpg", "");
    for (const auto& [id, image] : model.images)
      file.descriptors.names.push_back(StrCat(scene, "/", image.name));
  }
  file.descriptors.names.pop_back();
  file.descriptors.values = DescriptorMatrix::Identity(7, 7);
  WriteDescriptors(file, folder_ / "photos.npy");

  PairsTask task;
  task.database = Path("photos.npy");
  task.covisible = Path("models");
  task.options.k = 6;
  const ProposedPairs proposed = ProposePairs(task);
  EXPECT_EQ(proposed.pairs, 21);
  EXPECT_EQ(proposed.model_photos, 8);
  EXPECT_THAT(proposed.without_descriptor, ElementsAre("b/3.jpg"));
  ASSERT_FALSE(proposed.measured.empty());
  EXPECT_EQ(proposed.measured.back().name, "k = 6");
  EXPECT_EQ(proposed.measured.back().recall.Recall(), 1);
  EXPECT_EQ(proposed.measured.back().recall.covisible, 9);  // six pairs of a, three of b

  WriteFile(folder_ / "none.txt", "x.jpg y.jpg\n");
  task.against = {Path("none.txt")};
  EXPECT_THAT(ErrorOf([&] { ProposePairs(task); }), HasSubstr("no pair of photos that have a descriptor"));
}

TEST_F(Pipeline, AModelIsEvaluatedAsItsDescriptorsAre) {
  Extract(Extraction("all"));
  pipeline::EvaluateTask task;
  task.data = Path("photos");
  task.source.path = Path("model.pth");
  const pipeline::EvaluationOutcome by_model = Evaluate(task);
  EXPECT_EQ(by_model.described.database.rows(), 12);
  task.source.path = Path("all.npy");
  task.save_results = Path("results.json");
  const pipeline::EvaluationOutcome by_file = Evaluate(task);
  EXPECT_EQ(MainFigure(by_file.results).values, MainFigure(by_model.results).values);
  task.compare = std::exchange(task.save_results, "");
  const pipeline::EvaluationOutcome compared = Evaluate(task);
  ASSERT_FALSE(compared.comparisons.empty());
  EXPECT_EQ(compared.comparisons[0].comparison.mean_difference, 0);
}

// The library checks options like the command line, before it reads or writes anything.
TEST_F(Pipeline, WrongOptionsAreFoundBeforeAnyWork) {
  const std::vector<std::string> before = FilesBelow(folder_.path());
  const auto refuses = [](const std::function<void()>& call) { EXPECT_THROW(call(), UsageError); };
  refuses([&] {
    TrainingSetTask task{.scenes = {"none"}, .output = Path("out.db")};
    task.options.query_fraction = 2;
    BuildTrainingSet(task);
  });
  refuses([&] {
    WhitenTask task{.model = {.path = "none"}, .tuples = "none", .output = Path("out.pth")};
    task.options.min_overlap = -1;
    Whiten(task);
  });
  refuses([&] {
    ExtractTask task = Extraction("out");
    task.model.path = "none";
    task.descriptor.dimension = -1;
    Extract(task);
  });
  refuses([&] {
    SearchTask task{.database = "none", .output = Path("out.csv")};
    task.options.stages = {AverageExpansionOptions{.neighbors = 0}};
    Search(task);
  });
  refuses([&] {
    PairsTask task{.database = "none", .output = Path("out.txt")};
    task.options.k = -1;
    ProposePairs(task);
  });
  refuses([&] {
    ReconstructTask task{.photos = "none", .output = Path("out")};
    task.options.matching = "all";
    Reconstruct(task);
  });
  refuses([&] {
    pipeline::EvaluateTask task{.source = {.path = "none"}, .data = "none"};
    task.statistics.confidence = 2;
    Evaluate(task);
  });
  refuses([&] { Convert({.input = {.path = "none"}, .output = Path("out.pth"), .format = "tiff"}); });
  EXPECT_EQ(FilesBelow(folder_.path()), before);
}

TEST_F(Pipeline, OutputsReplaceNoInputAndNoFileOfAnotherKind) {
  ExtractTask task = Extraction("model.npy");
  WriteFile(folder_ / "model.npy", "text");
  EXPECT_THAT(ErrorOf([&] { Extract(task); }), HasSubstr("model.npy"));
  task.overwrite = true;
  EXPECT_EQ(Extract(task).descriptors.size(), 12);
  EXPECT_THROW(Convert({.input = {.path = Path("model.pth")}, .output = Path("model.pth")}), UsageError);
}

}  // namespace
}  // namespace vantage

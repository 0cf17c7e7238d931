// SPDX-License-Identifier: BSD-3-Clause
// The recipes of papers contain the published numbers.
#include "testing/files.h"
#include "util/file.h"
#include "util/string.h"
#include "vantage/training.h"

namespace vantage::train {
namespace {

TrainOptions ReadRecipe(const std::string& name) {
  TrainOptions options;
  OptionsDescription description;
  Declare(description, options);
  const std::string path = StrCat(VANTAGE_CONFIGS, "/", name, ".toml");
  ReadToml(description, ReadFile(path), path);
  return options;
}

// The keys in which two recipes differ.
std::string DifferencesOf(TrainOptions a, TrainOptions b) {
  OptionsDescription of_a;
  Declare(of_a, a);
  OptionsDescription of_b;
  Declare(of_b, b);
  std::string differences;
  for (const OptionField& field : of_a.fields()) {
    const std::string other = of_b.Find(field.key)->ValueText();
    if (field.ValueText() != other)
      differences += StrCat(field.key, " ", field.ValueText(), " ", other, "\n");
  }
  return differences;
}

constexpr const char* kNetworks[] = {"resnet101", "resnet50", "vgg16", "alexnet"};

TEST(Recipes, Tpami2019sTrainAsManyTuplesAsWerePublished) {
  for (const char* network : kNetworks) {
    const TrainOptions code = ReadRecipe(StrCat("tpami2019-", network));
    const TrainOptions paper = ReadRecipe(StrCat("tpami2019-", network, "-paper"));
    EXPECT_EQ(code.epochs * code.mining.miner.As<NegativeMiningOptions>().queries, 200'000) << network;
    EXPECT_EQ(paper.epochs * paper.mining.miner.As<NegativeMiningOptions>().queries, 180'000) << network;
    EXPECT_EQ(paper.mining.miner.As<NegativeMiningOptions>().queries / paper.mining.rounds, 2000) << network;
    for (const TrainOptions& options : {code, paper}) {
      EXPECT_EQ(options.model.net.architecture, network);
      EXPECT_EQ(options.tuples_per_step, 5) << network;
      EXPECT_EQ(options.mining.miner.As<NegativeMiningOptions>().negatives, 5) << network;
      EXPECT_EQ(options.data.image_size, 362) << network;
      EXPECT_EQ(options.data.test_size, 1024) << network;
    }
  }
  EXPECT_EQ(ReadRecipe("tpami2019-resnet101").loss.As<ContrastiveLossOptions>().margin, 0.85);
  EXPECT_EQ(ReadRecipe("tpami2019-vgg16").loss.As<ContrastiveLossOptions>().margin, 0.75);
  EXPECT_EQ(ReadRecipe("tpami2019-alexnet").loss.As<ContrastiveLossOptions>().margin, 0.7);
}

TEST(Recipes, TheCodesAndThePapersDifferInWhatWasPublishedOtherwise) {
  for (const char* network : kNetworks) {
    const std::string rate =
        std::string(network) == "resnet101" ? "optimizer.learning_rate 5e-07 1e-06\n" : "";
    EXPECT_EQ(DifferencesOf(ReadRecipe(StrCat("tpami2019-", network)),
                            ReadRecipe(StrCat("tpami2019-", network, "-paper"))),
              StrCat("epochs 100 30\nmining.negatives.queries 2000 6000\nmining.rounds 1 3\n", rate,
                     "optimizer.weight_decay 1e-06 5e-04\noptimizer.channel_exponent_rate_factor 100.0 10.0\n"
                     "schedule.exponential.decay 0.01 0.1\nschedule.exponential.offset 1 0\n"))
        << network;
  }
}

TEST(Recipes, TransformersTrainTheLastFourBlocksOfSquaresAtTheRatesOfTheirHeaders) {
  const TrainOptions salad = ReadRecipe("dinov2-salad");
  const TrainOptions megaloc = ReadRecipe("megaloc-finetune");
  const TrainOptions token = ReadRecipe("dinov2-cls");
  for (const TrainOptions& options : {salad, megaloc, token}) {
    EXPECT_EQ(options.model.net.architecture, "dinov2_vitb14");
    EXPECT_EQ(options.model.freeze_blocks, 8);
    EXPECT_EQ(options.data.preprocessing, "square=224,bilinear");
    EXPECT_EQ(options.data.test_preprocessing, "square=322,bilinear");
    CheckOptions(options);
  }
  for (const TrainOptions& options : {salad, megaloc}) {
    EXPECT_EQ(options.model.net.head.kind(), "salad");
    EXPECT_EQ(options.model.dropout, 0.3);
    EXPECT_EQ(options.optimizer.weight_decay, 9.5e-9);
    EXPECT_EQ(options.loss.As<MultiSimilarityLossOptions>().lambda, 0);
  }
  EXPECT_EQ(salad.optimizer.learning_rate, 6e-5);
  EXPECT_EQ(megaloc.optimizer.learning_rate, 6e-6);
  EXPECT_EQ(megaloc.model.net.head.As<SaladHeadOptions>().output_dimension, 8448);
  EXPECT_EQ(token.model.net.head.kind(), "class-token");
  EXPECT_EQ(token.model.drop_path, 0.1);
  EXPECT_EQ(token.optimizer.layer_decay, 0.75);
}

// More would take too long on a CPU.
TEST(Recipes, ThoseForACpuTestAtTheSizeThatTheyTrainAt) {
  for (const char* name : {"quickstart", "landmarks-cpu", "real-photos", "real-photos-efficientnet"}) {
    const TrainOptions options = ReadRecipe(name);
    EXPECT_EQ(options.data.test_size, options.data.image_size) << name;
  }
}

}  // namespace
}  // namespace vantage::train

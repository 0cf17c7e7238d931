// SPDX-License-Identifier: BSD-3-Clause
#include "config/options_json.h"
#include "vantage/options.h"

#include <nlohmann/json.hpp>

#include "testing/files.h"

namespace vantage::config {
namespace {

using ::testing::HasSubstr;
using vantage::testing::ErrorOf;

struct InnerOptions {
  double learning_rate = 1e-6;
  int epochs = 30;
};

void Declare(OptionsDescription& description, InnerOptions& options) {
  description.Add("learning_rate", options.learning_rate, "Step size").Above(0);
  description.Add("epochs", options.epochs, "Passes over the queries").AtLeast(0);
}

struct OuterOptions {
  std::string pooling = "gem";
  std::vector<double> scales = {1.0};
  bool frozen = true;
  int64_t seed = 0;
  std::vector<std::string> names;
  InnerOptions train;
};

void Declare(OptionsDescription& description, OuterOptions& options) {
  description.Add("pooling", options.pooling, "Pooling").OneOf({"gem", "mac", "spoc"});
  description.Add("scales", options.scales, "Scales").Range(0.1, 4);
  description.Add("frozen", options.frozen, "Frozen");
  description.Add("seed", options.seed, "Seed").AtLeast(0);
  description.Add("names", options.names, "Names");
  description.Nest("train", options.train, "Training");
}

struct Declared {
  OuterOptions options;
  OptionsDescription description;
  Declared() { Declare(description, options); }
};

TEST(Options, TomlSetsWhatItNamesAndLeavesTheRest) {
  Declared d;
  ReadToml(d.description, "pooling = 'mac'\nscales = [1, 0.5]\n[train]\nepochs = 3\n", "c.toml");
  EXPECT_EQ(d.options.pooling, "mac");
  EXPECT_THAT(d.options.scales, ::testing::ElementsAre(1.0, 0.5));
  EXPECT_EQ(d.options.train.epochs, 3);
  EXPECT_EQ(d.options.train.learning_rate, 1e-6);
}

TEST(Options, ControlCharactersAreWrittenAsTomlAllowsThem) {
  Declared a;
  for (int c = 1; c < 128; ++c) a.options.names.emplace_back(1, static_cast<char>(c));
  Declared b;
  ReadToml(b.description, ToToml(a.description, /*with_comments=*/false), "c.toml");
  EXPECT_EQ(b.options.names, a.options.names);
}

TEST(Options, WrittenTomlReadsBackTheSame) {
  Declared a;
  a.options.names = {"a \"b\"", "c\\d"};
  a.options.train.learning_rate = 0.1 + 0.2;
  a.options.seed = int64_t{1} << 60;
  a.options.frozen = false;
  for (const bool comments : {false, true}) {
    Declared b;
    ReadToml(b.description, ToToml(a.description, comments), "c.toml");
    EXPECT_EQ(b.options.names, a.options.names);
    EXPECT_EQ(b.options.train.learning_rate, a.options.train.learning_rate);
    EXPECT_EQ(b.options.seed, a.options.seed);
    EXPECT_EQ(b.options.frozen, false);
  }
  EXPECT_THAT(ToToml(a.description, true), HasSubstr("# Passes over the queries (at least 0)\nepochs = 30"));
}

struct BadToml {
  const char* toml;
  const char* message;
};

class BadTomls : public ::testing::TestWithParam<BadToml> {};

TEST_P(BadTomls, AreUsageErrorsThatSayWhere) {
  Declared d;
  EXPECT_THROW(ReadToml(d.description, GetParam().toml, "c.toml"), UsageError);
  EXPECT_THAT(ErrorOf([&] { ReadToml(d.description, GetParam().toml, "c.toml"); }),
              HasSubstr(GetParam().message));
}

INSTANTIATE_TEST_SUITE_P(
    All, BadTomls,
    ::testing::Values(
        BadToml{"\n\n  poling = 'gem'", "c.toml:3:3: unknown key 'poling'; did you mean 'pooling'?"},
        BadToml{"[train]\nlerning_rate = 1.0",
                "c.toml:2:1: unknown key 'train.lerning_rate'; did you mean "
                "'train.learning_rate'?"},
        BadToml{"[trian]\nepochs = 1", "unknown key 'trian'"},
        BadToml{"[train]\nepochs = 1.5", "c.toml:2:10: 'train.epochs' wants a whole number"},
        BadToml{"[train]\nepochs = 99999999999", "c.toml:2:10: 'train.epochs' wants a whole number"},
        BadToml{"[train]\nepochs = -1", "c.toml:2:10: 'train.epochs' = -1 must be at least 0"},
        BadToml{"[train]\nlearning_rate = 0", "must be above 0"},
        BadToml{"[train]\nlearning_rate = nan", "must be above 0"},
        BadToml{"scales = [1, 9]", "'scales' = 9 must be in [0.1, 4]"},
        BadToml{"scales = 1", "'scales' wants a list, each a number"},
        BadToml{"scales = ['a']", "'scales' wants a list"},
        BadToml{"pooling = 'gme'", "'pooling' = 'gme' must be one of gem, mac, spoc"},
        BadToml{"frozen = 1", "'frozen' wants a true or false"}, BadToml{"pooling = 'gem", "c.toml:1:"},
        BadToml{"train = 3", "unknown key 'train'"}));

TEST(Options, CommandLineTextIsCheckedTheSameWay) {
  Declared d;
  SetOption(d.description, "train.learning_rate", "1e-5", "--set");
  EXPECT_EQ(d.options.train.learning_rate, 1e-5);
  SetOption(d.description, "scales", "1, 0.7071,0.5", "--scales");
  EXPECT_THAT(d.options.scales, ::testing::ElementsAre(1, 0.7071, 0.5));
  SetOption(d.description, "frozen", "false", "--set");
  EXPECT_FALSE(d.options.frozen);
  EXPECT_THAT(ErrorOf([&] { SetOption(d.description, "train.epochs", "many", "--set"); }),
              HasSubstr("--set: 'train.epochs' wants a whole number, not 'many'"));
  EXPECT_THAT(ErrorOf([&] { SetOption(d.description, "epochs", "1", "--set"); }),
              HasSubstr("unknown key 'epochs'"));
}

TEST(Options, ValuesSetByAProgramAreChecked) {
  Declared d;
  d.options.train.epochs = -5;
  EXPECT_THAT(ErrorOf([&] { CheckOptions(d.description); }), HasSubstr("'train.epochs' = -5"));
}

TEST(Options, AChoiceMayBeFollowedBySettings) {
  std::string trunk = "small";
  OptionsDescription description;
  description.Add("trunk", trunk, "Trunk").OneOf({"small", "large[:...]"});
  ReadToml(description, "trunk = 'large:blocks=1'", "c.toml");
  EXPECT_EQ(trunk, "large:blocks=1");
  SetOption(description, "trunk", "large", "--trunk");
  for (const char* other : {"small:blocks=2", "large2:blocks=1", "large[:...]"}) {
    EXPECT_THAT(ErrorOf([&] { SetOption(description, "trunk", other, "--trunk"); }),
                HasSubstr("must be one of small, large[:...]"));
  }
}

TEST(Options, Json) {
  Declared d;
  const nlohmann::json json = ToJson(d.description);
  EXPECT_EQ(json["train"]["epochs"], 30);
  EXPECT_EQ(json["pooling"], "gem");
}

TEST(Options, NotANumberBreaksAnyRule) {
  OptionsDescription description;
  double value = std::nan("");
  description.Add("value", value, "");
  EXPECT_THAT(ErrorOf([&] { CheckOptions(description); }), HasSubstr("'value' = nan must be a number"));
}

}  // namespace
}  // namespace vantage::config

// SPDX-License-Identifier: BSD-3-Clause
#include "vantage/choice.h"

#include <nlohmann/json.hpp>

#include "config/options_json.h"
#include "testing/files.h"

namespace vantage::config {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using vantage::testing::ErrorOf;

struct RoundOptions {
  static constexpr const char* kKind = "round";
  double radius = 1;
  std::vector<double> scales = {1, 2};
};

void Declare(OptionsDescription& description, RoundOptions& options) {
  description.Add("radius", options.radius, "Radius").Above(0);
  description.Add("scales", options.scales, "Scales");
}

struct SquareOptions {
  static constexpr const char* kKind = "square";
  double side = 2;
  std::string corner = "sharp";
};

void Declare(OptionsDescription& description, SquareOptions& options) {
  description.Add("side", options.side, "Side").Above(0);
  description.Add("corner", options.corner, "Corner").OneOf({"sharp", "soft"});
}

struct PointOptions {
  static constexpr const char* kKind = "point";
};

struct ShapeRow {
  Kind kind;
  int corners = 0;
};

Catalogue<ShapeRow>& Shapes() {
  static Catalogue<ShapeRow> shapes("shape", {{MakeKind<PointOptions>("No extent"), 0},
                                              {MakeKind<RoundOptions>("A circle"), 0},
                                              {MakeKind<SquareOptions>("Four sides"), 4}});
  return shapes;
}

struct ShapeFamily {
  static constexpr const char* kDefault = "round";
  static const Kinds& Table() { return Shapes(); }
};
using Shape = Choice<ShapeFamily>;

struct DrawingOptions {
  Shape shape;
  int64_t seed = 0;
};

void Declare(OptionsDescription& description, DrawingOptions& options) {
  description.Nest("shape", options.shape, "What is drawn");
  description.Add("seed", options.seed, "Seed");
}

struct Drawing {
  DrawingOptions options;
  OptionsDescription description;
  Drawing() { Declare(description, options); }

  std::vector<std::string> Keys() const {
    std::vector<std::string> keys;
    for (const OptionField& field : description.fields()) keys.push_back(field.key);
    return keys;
  }
};

TEST(Choice, HoldsTheOptionsOfItsKindAlone) {
  Shape shape;
  EXPECT_EQ(shape.kind(), "round");
  EXPECT_EQ(shape.As<RoundOptions>().radius, 1);
  EXPECT_EQ(shape.If<SquareOptions>(), nullptr);
  shape = SquareOptions{.side = 5};
  EXPECT_EQ(shape.kind(), "square");
  EXPECT_EQ(shape.As<SquareOptions>().side, 5);
  EXPECT_EQ(ErrorOf([&] { shape.As<RoundOptions>(); }), "shape is 'square', not 'round'");
  EXPECT_EQ(Shape("point").kind(), "point");
}

TEST(Choice, IsCopiedWithItsOptions) {
  Shape shape = SquareOptions{.side = 5};
  const Shape copy = shape;
  shape.As<SquareOptions>().side = 7;
  EXPECT_EQ(copy.As<SquareOptions>().side, 5);
}

TEST(Choice, UnknownKindsAreErrorsThatNameTheNearest) {
  EXPECT_EQ(ErrorOf([] { Shape("sqare"); }),
            "unknown shape 'sqare'; known are point, round, square; did you mean 'square'?");
}

TEST(Choice, TomlChoosesAKindWhereverItStandsInTheTable) {
  for (const char* toml : {"[shape]\nkind = 'square'\n[shape.square]\nside = 3\n",
                           "[shape.square]\nside = 3\n[shape]\nkind = 'square'\n"}) {
    Drawing drawing;
    ReadToml(drawing.description, toml, "c.toml");
    EXPECT_EQ(drawing.options.shape.As<SquareOptions>().side, 3);
    EXPECT_EQ(drawing.options.shape.As<SquareOptions>().corner, "sharp");
  }
}

TEST(Choice, OptionsOfAnotherKindAreErrorsThatSayWhere) {
  Drawing drawing;
  EXPECT_EQ(ErrorOf([&] { ReadToml(drawing.description, "[shape.square]\nside = 3", "c.toml"); }),
            "c.toml:1:8: 'shape.square' is of the kind 'square', but shape.kind is 'round'");
  EXPECT_THAT(ErrorOf([&] { ReadToml(drawing.description, "[shape]\nkind = 'circle'", "c.toml"); }),
              HasSubstr("c.toml:2:8: 'shape.kind' = 'circle' must be one of point, round, square"));
  EXPECT_THAT(ErrorOf([&] { ReadToml(drawing.description, "[shape]\nkind = 3", "c.toml"); }),
              HasSubstr("c.toml:2:8: 'shape.kind' wants a string"));
  EXPECT_THAT(ErrorOf([&] { ReadToml(drawing.description, "[shape]\nradius = 3", "c.toml"); }),
              HasSubstr("c.toml:2:1: unknown key 'shape.radius'; did you mean 'shape.round.radius'?"));
  EXPECT_THAT(ErrorOf([&] { ReadToml(drawing.description, "[shape.round]\nradius = 0", "c.toml"); }),
              HasSubstr("c.toml:2:10: 'shape.round.radius' = 0 must be above 0"));
}

TEST(Choice, OnlyTheChosenKindIsListedComparedAndWritten) {
  Drawing drawing;
  EXPECT_THAT(drawing.Keys(), ElementsAre("shape.kind", "shape.round.radius", "shape.round.scales", "seed"));
  SetOption(drawing.description, "shape.kind", "square", "--set");
  EXPECT_THAT(drawing.Keys(), ElementsAre("shape.kind", "shape.square.side", "shape.square.corner", "seed"));
  EXPECT_THAT(ToToml(drawing.description, false), Not(HasSubstr("radius")));
  EXPECT_EQ(ToJson(drawing.description).dump(),
            R"({"seed":0,"shape":{"kind":"square","square":{"corner":"sharp","side":2.0}}})");
  SetOption(drawing.description, "shape.kind", "point", "--set");
  EXPECT_THAT(drawing.Keys(), ElementsAre("shape.kind", "seed"));
}

TEST(Choice, WrittenTomlReadsBackTheSame) {
  for (const char* kind : {"point", "round", "square"}) {
    for (const bool comments : {false, true}) {
      Drawing a;
      a.options.seed = 3;
      SetOption(a.description, "shape.kind", kind, "--set");
      if (a.options.shape.kind() == "square") a.options.shape.As<SquareOptions>().side = 0.25;
      Drawing b;
      ReadToml(b.description, ToToml(a.description, comments), "c.toml");
      EXPECT_EQ(ToToml(b.description, comments), ToToml(a.description, comments));
    }
  }
}

TEST(Choice, CommentsShowTheOtherKinds) {
  Drawing drawing;
  const std::string toml = ToToml(drawing.description, true);
  EXPECT_THAT(toml, HasSubstr("# What is drawn (one of point, round, square)\nkind = \"round\""));
  EXPECT_THAT(toml,
              HasSubstr("# kind = \"square\": Four sides\n# [shape.square]\n# side = 2.0  # Side (above 0)"));
  EXPECT_THAT(toml, HasSubstr("# kind = \"point\": No extent\n"));
}

TEST(Choice, ACommandLineNamesAKindWithItsOptions) {
  Drawing drawing;
  SetOption(drawing.description, "shape.kind", "round:radius=3,scales=1,0.5", "--shape");
  EXPECT_EQ(drawing.options.shape.As<RoundOptions>().radius, 3);
  EXPECT_THAT(drawing.options.shape.As<RoundOptions>().scales, ElementsAre(1, 0.5));
  EXPECT_EQ(drawing.options.shape.Text(), "round:radius=3.0,scales=1.0,0.5");
  SetOption(drawing.description, "shape.kind", "round:radius=4", "--shape");
  EXPECT_THAT(drawing.options.shape.As<RoundOptions>().scales, ElementsAre(1, 0.5));
  EXPECT_THAT(ErrorOf([&] { SetOption(drawing.description, "shape.kind", "square:sied=1", "--shape"); }),
              HasSubstr("--shape: unknown key 'shape.square.sied'; did you mean 'shape.square.side'?"));
  EXPECT_THAT(ErrorOf([&] { SetOption(drawing.description, "shape.kind", "square:soft", "--shape"); }),
              HasSubstr("'soft' of 'square:soft' must be OPTION=VALUE"));
  EXPECT_THAT(ErrorOf([&] { SetOption(drawing.description, "shape.kind", "sqare", "--shape"); }),
              HasSubstr("did you mean 'square'?"));
}

TEST(Choice, RulesOfTheChosenKindHoldForPrograms) {
  EXPECT_THAT(ErrorOf([] { CheckOptions(DrawingOptions{.shape = SquareOptions{.corner = "round"}}); }),
              HasSubstr("'shape.square.corner' = 'round' must be one of sharp, soft"));
}

TEST(Choice, IsEqualIfTheKindAndAllOptionsAre) {
  EXPECT_EQ(Shape(SquareOptions{.side = 3}), Shape(SquareOptions{.side = 3}));
  EXPECT_NE(Shape(SquareOptions{.side = 3}), Shape(SquareOptions{}));
  EXPECT_NE(Shape(SquareOptions{}), Shape(RoundOptions{}));
  const Shape round = RoundOptions{.radius = 2, .scales = {3, 4}};
  const std::vector<AnyChoice::Setting> unlike = round.Unlike(Shape(RoundOptions{.radius = 2}));
  ASSERT_EQ(unlike.size(), 1U);
  EXPECT_EQ(unlike[0].Text(), "scales=3.0,4.0");
}

TEST(Choice, WrittenJsonReadsBackTheSame) {
  for (const Shape& shape : {Shape(PointOptions{}), Shape(RoundOptions{.radius = 3, .scales = {}}),
                             Shape(SquareOptions{.side = 0.25, .corner = "soft"})}) {
    Drawing written;
    SetOption(written.description, "shape.kind", shape.Text(), "test");
    SetOption(written.description, "seed", "3", "test");
    Drawing b;
    ReadJson(b.description, ToJson(written.description), "c.json");
    EXPECT_EQ(b.options.shape, shape);
    EXPECT_EQ(b.options.seed, 3);
  }
}

TEST(Choice, WrongJsonIsAnErrorThatNamesSourceAndKey) {
  const auto error = [](const char* text) {
    return ErrorOf([&] {
      Drawing drawing;
      ReadJson(drawing.description, nlohmann::json::parse(text), "c.json");
    });
  };
  EXPECT_EQ(error("[1]"), "c.json is a array, not a dictionary");
  EXPECT_THAT(error(R"({"shape": {"kind": "sqare"}})"), HasSubstr("did you mean 'square'?"));
  EXPECT_EQ(error(R"({"shape": {"kind": 3}})"), "c.json: 'shape.kind' is a number, not a string");
  EXPECT_THAT(error(R"({"shape": {"square": {"side": 3}}})"),
              HasSubstr("c.json: 'shape.square' is of the kind 'square', but shape.kind is 'round'"));
  EXPECT_THAT(error(R"({"shape": {"round": {"side": 3}}})"),
              HasSubstr("c.json: unknown key 'shape.round.side'"));
  EXPECT_EQ(error(R"({"seed": 0.5})"), "c.json: 'seed' is a number, not a whole number");
  EXPECT_EQ(error(R"({"seed": {"a": {"b": 1}}})"), "c.json: 'seed' is a object, not a whole number");
  EXPECT_THAT(error(R"({"shape": {"round": {"radius": 0}}})"), HasSubstr("must be above 0"));
  EXPECT_THAT(error(R"({"shape": {"round": {"scales": [1, "x"]}}})"),
              HasSubstr("'shape.round.scales' is a array, not a list, each a number"));
}

TEST(Choice, ATextOfOneIsCheckedWhereItIsSet) {
  std::string shape;
  OptionsDescription description;
  description.Add("shape", shape, "What is drawn, as far as it is stated").KindOf(Shapes());
  SetOption(description, "shape", "square:side=3", "--shape");
  EXPECT_EQ(shape, "square:side=3");
  SetOption(description, "shape", "", "--shape");
  EXPECT_THAT(ErrorOf([&] { SetOption(description, "shape", "sqare", "--shape"); }),
              HasSubstr("did you mean 'square'?"));
  EXPECT_THAT(ErrorOf([&] { SetOption(description, "shape", "square:radius=3", "--shape"); }),
              HasSubstr("--shape: unknown key 'square.radius'"));
}

struct PerhapsFamily {
  static constexpr const char* kDefault = "";
  static const Kinds& Table() { return Shapes(); }
};

struct PerhapsOptions {
  Choice<PerhapsFamily> shape;
};

void Declare(OptionsDescription& description, PerhapsOptions& options) {
  description.Nest("shape", options.shape, "What is drawn, if anything");
}

TEST(Choice, MayBeNone) {
  PerhapsOptions options;
  OptionsDescription description;
  Declare(description, options);
  EXPECT_FALSE(options.shape);
  EXPECT_EQ(description.fields().size(), 1U);
  EXPECT_EQ(description.fields()[0].flag, "shape");
  EXPECT_EQ(options.shape.Text(), "");
  CheckOptions(options);
  SetOption(description, "shape.kind", "round:radius=2", "--shape");
  EXPECT_TRUE(options.shape);
  EXPECT_EQ(options.shape.As<RoundOptions>().radius, 2);
}

struct ListOptions {
  ChoiceList<ShapeFamily> shapes;
};

void Declare(OptionsDescription& description, ListOptions& options) {
  description.Add("shapes", options.shapes, "Drawn one after another").OneOf(ShapeFamily::Table().Names());
}

TEST(ChoiceList, KeepsItsOrderInFilesAndOnCommandLines) {
  ListOptions options;
  OptionsDescription description;
  Declare(description, options);
  SetOption(description, "shapes", "square:side=3", "--shape");
  SetOption(description, "shapes", "point", "--shape");
  ASSERT_EQ(options.shapes.size(), 2U);
  EXPECT_EQ(options.shapes[0].As<SquareOptions>().side, 3);
  EXPECT_EQ(options.shapes[1].kind(), "point");
  ListOptions read;
  OptionsDescription read_description;
  Declare(read_description, read);
  read.shapes = {RoundOptions{}};
  ReadToml(read_description, ToToml(description, true), "c.toml");
  EXPECT_EQ(read.shapes.Texts(), options.shapes.Texts());
  EXPECT_EQ(ToJson(description).dump(), R"({"shapes":["square:side=3.0","point"]})");
}

TEST(ChoiceList, WrongOnesAreErrorsThatSayWhere) {
  ListOptions options;
  OptionsDescription description;
  Declare(description, options);
  EXPECT_THAT(ErrorOf([&] { ReadToml(description, "shapes = ['sqare']", "c.toml"); }),
              HasSubstr("c.toml:1:10: 'kind' = 'sqare' must be one of point, round, square"));
  EXPECT_THAT(ErrorOf([&] { ReadToml(description, "shapes = 'square'", "c.toml"); }),
              HasSubstr("'shapes' wants a list, each a string"));
  EXPECT_THAT(ErrorOf([] { CheckOptions(ListOptions{{SquareOptions{.side = 0}}}); }),
              HasSubstr("square: 'side' = 0 must be above 0"));
}

struct StarOptions {
  static constexpr const char* kKind = "star";
  int64_t points = 5;
};

void Declare(OptionsDescription& description, StarOptions& options) {
  description.Add("points", options.points, "Points").AtLeast(3);
}

TEST(Choice, ProgramsAddKinds) {
  Drawing before;
  Shapes().Add({MakeKind<StarOptions>("Many points"), 5});
  Drawing drawing;
  ReadToml(drawing.description, "[shape]\nkind = 'star'\n[shape.star]\npoints = 7", "c.toml");
  EXPECT_EQ(drawing.options.shape.As<StarOptions>().points, 7);
  EXPECT_EQ(Shapes().At("star").corners, 5);
  EXPECT_EQ(ErrorOf([] {
              Shapes().Add({MakeKind<StarOptions>("Again"), 5});
            }),
            "there is a shape 'star' already");
}

}  // namespace
}  // namespace vantage::config

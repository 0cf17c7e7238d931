// SPDX-License-Identifier: BSD-3-Clause
// Networks of place recognition as their authors publish them: MegaLoc, SALAD, BoQ.
#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/linspace.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/sin.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/tensor.h>

#include <functional>

#include "nn/head.h"
#include "nn/heads/salad.h"
#include "nn/layouts/vision_transformer_names.h"
#include "nn/model_file.h"
#include "nn/model_info_json.h"
#include "nn/model_source.h"
#include "nn/published_networks.h"
#include "util/string.h"

namespace vantage::nn {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using vantage::testing::ErrorOf;
using vantage::testing::RelativeError;
using vantage::testing::SharedFolder;
using vantage::testing::TemporaryFolder;

constexpr double kReferenceTolerance = 1e-4;  // sums run in another order

at::Tensor WithMirrorImage(const at::Tensor& images) { return at::cat({images, images.flip({3})}); }

struct PlaceNetwork {
  const char* tag;   // of the reference
  const char* file;  // as published
  const char* kind;
  const char* architecture;
  const char* head;
  const char* preprocessing;
  const char* licence;
};

void PrintTo(const PlaceNetwork& network, std::ostream* out) { *out << network.tag; }

class PlaceNetworks : public ::testing::TestWithParam<PlaceNetwork> {
 protected:
  void SetUp() override { VANTAGE_REQUIRE_SHARED(kVitFolder + Tag() + ".json"); }
  static std::string Tag() { return GetParam().tag; }
  static HeadChoice Head() {
    HeadChoice head;
    SetChoice(head, GetParam().head, "test");
    return head;
  }

  // The inputs of the reference's outputs, by what the outputs are called.
  static std::map<std::string, at::Tensor> Inputs() {
    if (Tag() == "boq_resnet50") return {{"descriptor", CropOfBerlin()}};
    const at::Tensor first = VitReference("input-126x154");
    if (Tag() == "boq_dinov2") return {{"descriptor", first}};
    if (Tag() != "megaloc") return {{"descriptor", first}, {"batch_of_two", WithMirrorImage(first)}};
    return {{"descriptor", WithMirrorImage(first)},
            {"resized", WithMirrorImage(first.narrow(2, 0, 120).narrow(3, 0, 150))}};
  }

  TemporaryFolder folder_;
};

TEST_P(PlaceNetworks, AreRecognisedAndGiveTheReferencesDescriptors) {
  const at::NoGradGuard no_grad;
  WritePublished(Published(Tag()), folder_ / GetParam().file);
  const json info = ToJson(ReadModelInfo(folder_ / GetParam().file), false);
  EXPECT_EQ(info["kind"], GetParam().kind);
  EXPECT_EQ(info["architecture"], GetParam().architecture);
  EXPECT_EQ(info["head"]["kind"], Head().kind());
  EXPECT_EQ(info["preprocessing"], GetParam().preprocessing);
  EXPECT_EQ(info["published_licence"], GetParam().licence);
  const Model model = Model::Read(folder_ / GetParam().file);
  EXPECT_EQ(model.net_options(), (DescriptorNetOptions{GetParam().architecture, Head()}));
  EXPECT_EQ(model.dimension(), info["dimension"]);
  EXPECT_EQ(ToText(model.preprocessing().value_or(Preprocessing{})), GetParam().preprocessing);
  EXPECT_EQ(model.applies_exif_orientation(), false);
  EXPECT_EQ(model.licence(), GetParam().licence);
  for (const auto& [what, images] : Inputs()) {
    const double error = RelativeError(model.parts().net.Forward(images), VitReference(Tag() + "-" + what));
    EXPECT_LT(error, kReferenceTolerance) << what;
    RecordProperty(what, std::to_string(error));
  }
}

INSTANTIATE_TEST_SUITE_P(
    All, PlaceNetworks,
    ::testing::Values(PlaceNetwork{"megaloc", "model.safetensors", "MegaLoc weights", "dinov2_vitb14",
                                   "salad:cluster_dimension=256,output_dimension=8448",
                                   "longest=1024 + multiple=14,bilinear,antialias,tensor", "MIT"},
                      PlaceNetwork{"salad_vitb14", "dino_salad.ckpt", "SALAD weights", "dinov2_vitb14",
                                   "salad", "square=322,bilinear,antialias", "GPL-3.0"},
                      PlaceNetwork{"salad_vits14", "dino_salad.ckpt", "SALAD weights", "dinov2_vits14",
                                   "salad", "square=322,bilinear,antialias", "GPL-3.0"},
                      PlaceNetwork{"boq_dinov2", "dinov2_12288.pth", "BoQ weights", "dinov2_vitb14", "boq",
                                   "square=322,bicubic,antialias,tensor", "MIT"},
                      PlaceNetwork{"boq_resnet50", "resnet50_16384.pth", "BoQ weights", "resnet50_conv4",
                                   "boq:projection=512", "square=384,bicubic,antialias,tensor", "MIT"}),
    [](const auto& test) { return std::string(test.param.tag); });

// Names, shapes and elements of the tensors that the authors' own code has.
TEST_P(PlaceNetworks, AreWrittenAsTheirAuthorsCodeHasThem) {
  const PublishedTensors published = Published(Tag());
  WritePublished(published, folder_ / GetParam().file);
  const std::string tag = Tag();
  const std::string format = tag.substr(0, tag.find('_'));
  Model::Read(folder_ / GetParam().file).Write(folder_ / "written.pth", format);
  const ModelSource written = OpenModelSource(folder_ / "written.pth");
  EXPECT_EQ(written.place.prefix, "");
  EXPECT_EQ(written.tensors.size(), published.size());
  for (const SourceTensor& tensor : written.tensors) {
    ASSERT_TRUE(published.contains(tensor.name)) << tensor.name;
    const at::Tensor& expected = published.at(tensor.name);
    EXPECT_EQ(tensor.shape, expected.sizes().vec()) << tensor.name;
    std::string elements(BytesOf(tensor), '?');
    tensor.read(elements);
    EXPECT_TRUE(elements ==
                std::string_view(static_cast<const char*>(expected.const_data_ptr()), expected.nbytes()))
        << tensor.name;
  }
}

TEST(PlaceNetworkFormats, RefuseOtherNetworks) {
  const TemporaryFolder folder;
  const std::map<std::string, std::vector<DescriptorNetOptions>> refused = {
      {"megaloc",
       {{"dinov2_vits14:blocks=1", ClassTokenHeadOptions{}},
        {"dinov2_vits14:blocks=1", SaladHeadOptions{}},
        {"dinov2_vits14_reg:blocks=1", SaladHeadOptions{.output_dimension = 4}}}},
      {"salad",
       {{"dinov2_vits14:blocks=1", SaladHeadOptions{.output_dimension = 4}},
        {"dinov3_vits16:blocks=1", SaladHeadOptions{}}}},
      {"boq",
       {{"dinov2_vits14:blocks=1", BoqHeadOptions{.output_dimension = 4}},
        {"dinov2_vits14_reg:blocks=1", BoqHeadOptions{}},
        {"squeezenet1_1", BoqHeadOptions{}}}}};
  for (const auto& [format, networks] : refused) {
    for (const DescriptorNetOptions& options : networks) {
      const ModelParts model{DescriptorNet(options)};
      EXPECT_THAT(ErrorOf([&, &name = format] { WriteModelAs(model, name, folder / "m.pth"); }),
                  HasSubstr("cannot be written in the format of"))
          << format << " " << NameOf(options);
    }
  }
  EXPECT_FALSE(std::filesystem::exists(folder / "m.pth"));
}

// A small network and its tensors under published names.
struct SmallNetwork {
  const char* kind;
  DescriptorNetOptions options;
  NameParts published;  // parts of own names, and what they are as published
};

void PrintTo(const SmallNetwork& network, std::ostream* out) { *out << network.kind; }

class SmallPlaceNetworks : public ::testing::TestWithParam<SmallNetwork> {
 protected:
  static PublishedTensors Tensors() {
    PublishedTensors tensors;
    DescriptorNet(GetParam().options)
        .Visit([&](const std::string& name, const at::Tensor& tensor, TensorRole) {
          vantage::testing::FillByFormula(name, tensor);
          tensors[Renamed(name, GetParam().published)] = tensor;
        });
    return tensors;
  }
  TemporaryFolder folder_;
};

TEST_P(SmallPlaceNetworks, AreKeptInOwnFiles) {
  const at::NoGradGuard no_grad;
  WritePublished(Tensors(), folder_ / "published.pth");
  EXPECT_EQ(ReadModelInfo(folder_ / "published.pth").kind, GetParam().kind);
  const Model model = Model::Read(folder_ / "published.pth");
  EXPECT_EQ(model.net_options(), GetParam().options);
  const at::Tensor images = at::linspace(0, 60, 3 * 56 * 42).sin().view({1, 3, 56, 42});
  for (const char* name : {"own.pth", "own.safetensors"}) {
    model.Write(folder_ / name);
    const Model read = Model::Read(folder_ / name);
    EXPECT_EQ(read.net_options(), model.net_options()) << name;
    EXPECT_EQ(read.preprocessing(), model.preprocessing()) << name;
    EXPECT_EQ(read.licence(), model.licence()) << name;
    EXPECT_EQ(WeightsSha256(read.parts().net), WeightsSha256(model.parts().net)) << name;
    EXPECT_EQ(ReadModelInfo(folder_ / name).kind, "vantage checkpoint");
    EXPECT_TRUE(read.parts().net.Forward(images).equal(model.parts().net.Forward(images)));
  }
}

// Each of the head's tensors missing or of another shape, in turn.
TEST_P(SmallPlaceNetworks, WithMissingOrMisshapenTensorsAreErrors) {
  const PublishedTensors tensors = Tensors();
  for (const auto& [name, tensor] : tensors) {
    if (!name.starts_with("aggregator.")) continue;
    PublishedTensors damaged = tensors;
    const auto error = [&] {
      WritePublished(damaged, folder_ / "m.safetensors");
      EXPECT_NO_THROW(ReadModelInfo(folder_ / "m.safetensors")) << name;
      return ErrorOf([&] { ReadModel(folder_ / "m.safetensors"); });
    };
    damaged.erase(name);
    EXPECT_THAT(error(), HasSubstr("m.safetensors: ")) << name;
    damaged[name] = at::ones({3});
    EXPECT_THAT(error(), HasSubstr("m.safetensors: ")) << name;
    damaged[name] = at::ones({2, 3, 1});
    EXPECT_THAT(error(), HasSubstr("m.safetensors: ")) << name;
  }
}

INSTANTIATE_TEST_SUITE_P(
    All, SmallPlaceNetworks,
    ::testing::Values(SmallNetwork{"MegaLoc weights",
                                   {"dinov2_vits14:blocks=1", SaladHeadOptions{.clusters = 4,
                                                                               .cluster_dimension = 6,
                                                                               .token_dimension = 5,
                                                                               .hidden = 8,
                                                                               .output_dimension = 7}},
                                   {{"backbone.model.", "backbone."},
                                    {"aggregator.", "aggregator.agg."},
                                    {"aggregator.agg.linear.", "aggregator.linear."}}},
                      SmallNetwork{
                          "SALAD weights",
                          {"dinov2_vits14:blocks=1",
                           SaladHeadOptions{
                               .clusters = 4, .cluster_dimension = 6, .token_dimension = 5, .hidden = 8}},
                          {}},
                      SmallNetwork{"BoQ weights",
                                   {"dinov2_vits14:blocks=1",
                                    BoqHeadOptions{.projection = 64, .queries = 3, .blocks = 1, .rows = 2}},
                                   {{"backbone.", "backbone.dino."}}}),
    [](const auto& test) {
      const std::string kind = test.param.kind;
      return kind.substr(0, kind.find(' '));
    });

// As VPR-methods-evaluation and BoQ's later code number the groups of a ResNet: the trained ones begin at 0.
TEST(BoqLayout, ReadsFrozenAndTrainedGroups) {
  VANTAGE_REQUIRE_SHARED("reference/vit/boq_resnet50.json");
  const TemporaryFolder folder;
  const PublishedTensors published = Published("boq_resnet50");
  WritePublished(published, folder / "m.pth");
  const std::string expected = WeightsSha256(ReadModel(folder / "m.pth").net);
  for (const int64_t frozen : {0, 1, 3, 4}) {
    PublishedTensors renamed;
    for (const auto& [name, tensor] : published) {
      const std::string prefix = "backbone.net.";
      if (!name.starts_with(prefix)) {
        renamed[name] = tensor;
        continue;
      }
      const std::string rest = name.substr(prefix.size());
      const int64_t layer = std::stoi(rest);
      const int64_t group = layer < 4 ? 0 : layer - 3;
      const std::string in_group = layer < 4 ? rest : rest.substr(rest.find('.') + 1);
      renamed[group < frozen ? StrCat("backbone.frozen_layers.", group, ".", in_group)
                             : StrCat("backbone.unfrozen_layers.", group - frozen, ".", in_group)] = tensor;
    }
    WritePublished(renamed, folder / "cut.pth");
    EXPECT_EQ(WeightsSha256(ReadModel(folder / "cut.pth").net), expected) << frozen << " frozen groups";
  }
}

// The authors' code does not use the final norm, which a file may then lack.
TEST(BoqLayout, NeedsNoFinalNorm) {
  VANTAGE_REQUIRE_SHARED("reference/vit/boq_dinov2.json");
  const at::NoGradGuard no_grad;
  const TemporaryFolder folder;
  PublishedTensors published = Published("boq_dinov2");
  for (const char* name :
       {"backbone.dino.norm.weight", "backbone.dino.norm.bias", "backbone.dino.mask_token"})
    ASSERT_EQ(published.erase(name), 1U) << name;
  WritePublished(published, folder / "m.pth");
  EXPECT_LT(RelativeError(ReadModel(folder / "m.pth").net.Forward(VitReference("input-126x154")),
                          VitReference("boq_dinov2-descriptor")),
            kReferenceTolerance);
}

TEST(TransportPlan, SharesOutPatchesAndFillsClusters) {
  const at::Tensor scores =
      at::tensor({1.0, -2.0, 0.5, 3.0, 0.0, 1.0, 2.0, 4.0, -1.0, 0.5}, at::kDouble).view({1, 2, 5});
  const at::Tensor dust_bin = at::tensor(0.3, at::kDouble).squeeze();
  const at::Tensor plan = TransportPlan(scores, dust_bin, 200);
  EXPECT_LT((plan.sum({2}) - 1).abs().max().item<double>(), 1e-6);  // each cluster takes 1
  EXPECT_LT(plan.sum({1}).max().item<double>(), 1);                 // the dust bin takes the rest
  // Ratios between a plan's rows are those of exp(scores), up to one factor for each row.
  const at::Tensor ratio = (plan.log() - scores).select(1, 0) - (plan.log() - scores).select(1, 1);
  EXPECT_LT((ratio - ratio.mean()).abs().max().item<double>(), 1e-9);
  // Three iterations leave the clusters' sums open, as in the authors' code.
  EXPECT_GT((TransportPlan(scores, dust_bin, 3).sum({2}) - 1).abs().max().item<double>(), 1e-6);
}

// In the published code the descriptor would not be finite.
TEST(SaladHead, RefusesPhotosOfTooFewPatches) {
  DescriptorNet net({"dinov2_vits14:blocks=1", SaladHeadOptions{.clusters = 16}});
  net.Visit([](const std::string& name, const at::Tensor& tensor, TensorRole) {
    vantage::testing::FillByFormula(name, tensor);
  });
  const at::NoGradGuard no_grad;
  const auto message = [&](int64_t height, int64_t width) {
    return ErrorOf([&] { net.Forward(at::ones({1, 3, height, width})); });
  };
  EXPECT_EQ(message(56, 56),
            "too small for the head 'salad': 4 x 4 patches, and 16 clusters need 17 or more");
  EXPECT_NO_THROW(net.Forward(at::ones({1, 3, 14, 17 * 14})));
  EXPECT_THAT(message(14, 14), HasSubstr("1 x 1 patches"));
}

class RandomHeads : public ::testing::TestWithParam<std::string> {};

TEST_P(RandomHeads, BeginFromTheirSeedAlone) {
  HeadChoice choice;
  SetChoice(choice, GetParam(), "test");
  class NoPhotos : public TrainingFeatures {
   public:
    int64_t size() const override { return 0; }
    void ForEach(const std::string&, const Compute&, const std::function<void(const at::Tensor&)>&) override {
    }
  } photos;
  const auto descriptor = [&](uint64_t seed) {
    const std::unique_ptr<Head> head = Heads().At(choice.kind()).make(choice, 6);
    const Features features{at::ones({1, 6, 3, 3}), at::ones({1, 6}), {}};
    EXPECT_FALSE(head->IsInitialized());
    EXPECT_THAT(ErrorOf([&] { head->Forward(features, {}); }), HasSubstr("without weights"));
    head->Initialize(photos, {.seed = seed}, {});
    EXPECT_TRUE(head->IsInitialized());
    return head->Forward(features, {});
  };
  const at::NoGradGuard no_grad;
  EXPECT_TRUE(descriptor(1).equal(descriptor(1)));
  EXPECT_FALSE(descriptor(1).equal(descriptor(2)));
}

INSTANTIATE_TEST_SUITE_P(All, RandomHeads,
                         ::testing::Values("salad:clusters=4", "boq:projection=64,queries=3"),
                         [](const auto& test) { return test.param.substr(0, test.param.find(':')); });

// Photos of two kinds of tokens: the vocabulary has both, and the descriptor is that of the definition.
TEST(VladHead, SumsUpResidualsToAVocabularyOfThePhotos) {
  const at::NoGradGuard no_grad;
  const at::Tensor tokens = at::tensor({3.0F, 0.3F, 2.0F, -0.2F, 0.1F, 5.0F, -0.1F, 1.0F}).view({1, 4, 2});
  class OnePhoto : public TrainingFeatures {
   public:
    explicit OnePhoto(at::Tensor tokens) : tokens_(std::move(tokens)) {}
    int64_t size() const override { return 1; }
    void ForEach(const std::string&, const Compute& compute,
                 const std::function<void(const at::Tensor&)>& use) override {
      RandomStream random(1, "test");
      use(compute({{}, {}, tokens_}, random));
    }

   private:
    at::Tensor tokens_;
  } photos(tokens);
  const HeadChoice choice = VladHeadOptions{.clusters = 2};
  const std::unique_ptr<Head> head = Heads().At("vlad").make(choice, 2);
  EXPECT_THAT(ErrorOf([&] { head->Forward({{}, {}, tokens}, {}); }), HasSubstr("without a vocabulary"));
  const InitializedHead made = head->Initialize(photos, {.locals_per_cluster = 10, .iterations = 20}, {});
  EXPECT_EQ(made.locals, 4);
  std::map<std::string, at::Tensor> tensors;
  head->Visit([&](const std::string& name, const at::Tensor& tensor, TensorRole) { tensors[name] = tensor; });
  const at::Tensor centers = tensors.at("vlad.centroids");
  const at::Tensor unit = tokens[0] / tokens[0].norm(2, {1}, true);
  const bool first_is_right = centers[0][0].item<float>() > centers[0][1].item<float>();
  const at::Tensor right = unit.narrow(0, 0, 2);
  const at::Tensor up = unit.narrow(0, 2, 2);
  EXPECT_LT(RelativeError(centers, at::stack({(first_is_right ? right : up).mean(0),
                                              (first_is_right ? up : right).mean(0)})),
            1e-6);
  // One token more of the first kind, so that its residual remains.
  const at::Tensor more = at::cat({tokens, at::tensor({1.0F, 0.0F}).view({1, 1, 2})}, 1);
  const int64_t of_right = first_is_right ? 0 : 1;
  const at::Tensor residual = at::tensor({1.0F, 0.0F}) - centers[of_right];
  const at::Tensor descriptor = head->Forward({{}, {}, more}, {}).view({2, 2});
  EXPECT_LT((descriptor[of_right] - residual / residual.norm()).abs().max().item<float>(), 1e-3F);
}

TEST(VladHead, TakesTheBlockThatIsAskedFor) {
  const TrunkRow& trunk = TrunkNamed("dinov2_vits14");
  EXPECT_EQ(RequestOf(VladHeadOptions{.block = 9}, trunk).tokens, (TokenRequest{9, false}));
  EXPECT_FALSE(RequestOf(VladHeadOptions{}, trunk).map);
  const HeadChoice ninth = VladHeadOptions{.block = 9, .clusters = 2};
  DescriptorNet net({"dinov2_vits14:blocks=2", ninth});
  net.Visit([](const std::string& name, const at::Tensor& tensor, TensorRole) {
    vantage::testing::FillByFormula(name, tensor);
  });
  EXPECT_THAT(ErrorOf([&] { net.Forward(at::ones({1, 3, 28, 28})); }), HasSubstr("has no block 9"));
}

// NetVLAD's and GeM's local features are a transformer's patches as well as a convolutional map.
TEST(LocalHeads, TakeTheMapOfATransformer) {
  const at::NoGradGuard no_grad;
  for (const char* text : {"netvlad:clusters=4", "local-gem:windows=2"}) {
    HeadChoice head;
    SetChoice(head, text, "test");
    DescriptorNet net({"dinov2_vits14:blocks=1", head});
    net.Visit([](const std::string& name, const at::Tensor& tensor, TensorRole role) {
      if (role != TensorRole::kExponent) vantage::testing::FillByFormula(name, tensor);
    });
    const at::Tensor images = at::linspace(0, 60, 3 * 56 * 42).sin().view({1, 3, 56, 42});
    EXPECT_LT((net.Forward(images).norm() - 1).abs().item<float>(), 1e-5F) << text;
    EXPECT_EQ(net.FeaturesOf(images).map_BCHW.sizes(), at::IntArrayRef({1, 384, 4, 3}));
  }
}

}  // namespace
}  // namespace vantage::nn
